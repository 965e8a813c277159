"""Which events count: conditions on dimensions, written as `country=CN|JP`, `device!=bot`, `value>=10`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ibis import _

from regulars.core.errors import UsageError
from regulars.insights.dimensions import customer_groups, is_of_customers, with_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

    from regulars.insights.sources import Sources

# No two parts can take the same letter: what does not fit is refused in one pass, however long it is.
_CONDITION = re.compile(r"([\w:.$ -]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
NUMBERS = ("value", "quantity")


class Condition(NamedTuple):
    """One condition: a dimension or a number, an operator, and what it is compared with."""

    name: str
    operator: str
    values: tuple[str, ...]


def read_condition(text: str) -> Condition:
    """Read one condition.

    `NAME=A|B` holds for the values A and B, `NAME!=A|B` for all others, `NAME=` for what is not known.
    `value` and `quantity` are compared as numbers with =, !=, <, <=, > and >=; an event without one never fits.

    Raises
    ------
    UsageError
        It cannot be read; `where` is the parameter's name.
    """
    found = _CONDITION.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"'{text[:80]}' is not a condition", where="where", fix="Write it as country=CN|JP or value>=10."
        )
    name, operator, rest = found[1].strip(), found[2], found[3].strip()
    values = tuple(part.strip() for part in rest.split("|"))
    if name in NUMBERS:
        for value in values:
            _ = _number(name, value)
    elif operator not in ("=", "!="):
        raise UsageError(f"'{name}' has no order: only = and !=", where="where")
    else:
        _ = is_of_customers(name)
    return Condition(name, operator, values)


def restricted(sources: Sources, conditions: Sequence[str], as_of: date) -> Sources:
    """Return the sources with only the events for which every condition holds."""
    events = sources.events
    for text in conditions:
        events = _kept(sources, events, read_condition(text), as_of)
    return sources.only(events) if conditions else sources


def _kept(sources: Sources, events: ir.Table, condition: Condition, as_of: date) -> ir.Table:
    name, operator, values = condition
    if name in NUMBERS:
        return events.filter(_compared(_[name], operator, [_number(name, value) for value in values]))
    if is_of_customers(name):
        groups = customer_groups(sources, name, as_of)
        chosen = groups.filter(_chosen(operator, values))
        return events.semi_join(chosen, "subject")
    return with_group(sources, events, name, as_of).filter(_chosen(operator, values)).drop("group")


def _chosen(operator: str, values: tuple[str, ...]) -> Deferred:
    inside = _.group.isin(list(values))
    return inside if operator == "=" else ~inside


def _compared(column: Deferred, operator: str, values: list[float]) -> Deferred:
    if operator in ("=", "!="):
        inside = column.isin(values)
        return inside if operator == "=" else ~inside
    bound = values[0]
    return {">": column > bound, ">=": column >= bound, "<": column < bound, "<=": column <= bound}[operator]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"'{text[:80]}' is not a number", where="where", fix=f"Write it as {name}>=10.") from None
