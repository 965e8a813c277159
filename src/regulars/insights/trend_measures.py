"""What can be counted of events in a period."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import ibis
from ibis import _

from regulars.core.errors import UsageError
from regulars.insights.selection import Selection, read_selection

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

Measure = Literal[
    "events",
    "customers",
    "sessions",
    "orders",
    "items",
    "quantity",
    "value",
    "average_value",
    "events_per_customer",
    "value_per_customer",
]
MEASURES: tuple[str, ...] = get_args(Measure)
ADDITIVE = frozenset({"events", "orders", "quantity", "value"})
"""Those of two periods can be added up: nothing is counted in both."""
RATIOS = frozenset({"average_value", "events_per_customer", "value_per_customer"})
"""Without events these are not known; all others are 0."""
MONEY = frozenset({"value", "average_value", "value_per_customer"})
_SERIES = re.compile(r"(.*?)(?::\s*([a-z_]+))?\s*", re.DOTALL)
_AGGREGATES: dict[str, Deferred] = {
    "events": _.count(),
    "customers": _.subject.nunique(),
    "sessions": _.visit.nunique(),
    "orders": _.count(),
    "items": _.item.nunique(),
    "quantity": _.quantity.fill_null(1.0).sum(),
    "value": _.value.fill_null(0.0).sum(),
    "average_value": _.value.mean(),
    "events_per_customer": _.count() / _.subject.nunique(),
    "value_per_customer": _.value.fill_null(0.0).sum() / _.subject.nunique(),
}


class Trend(NamedTuple):
    """One series: which events, and what is counted of them."""

    text: str
    selection: Selection
    measure: str


def read_trend(text: str, measure: str) -> Trend:
    """Read a series such as `view`, `purchase:value` or `view[device=phone]:customers`.

    Parameters
    ----------
    text
        A selection of events, and after a colon what to count.
    measure
        What to count when it does not say.

    Raises
    ------
    UsageError
        It cannot be read.
    """
    found = _SERIES.fullmatch(text)
    head, own = (found[1], found[2]) if found else (text, None)
    if own and own not in MEASURES:
        raise UsageError(f"'{own[:40]}' cannot be counted", where="series", fix=f"One of {', '.join(MEASURES)}.")
    return Trend(text.strip(), read_selection(head, "series"), own or measure)


def aggregate(measure: str) -> Deferred:
    """Return the aggregate of a measure, over rows as `countable` returns them."""
    return _AGGREGATES[measure]


def countable(rows: ir.Table, measure: str) -> ir.Table:
    """Return rows to count: for `orders` one an order and group, in the period of its first line; else the events.

    A visit is what one customer did in one session, without a session id on one day.
    """
    session, day = rows.session, rows.day.cast("string")
    visit = ibis.coalesce(_joined("s", session), _joined("d", day))
    rows = rows.mutate(visit=_joined(rows.subject, "\n", visit))
    if measure != "orders":
        return rows
    bought = rows.filter(_.kind == "purchase")
    keys = [name for name in ("visit", "group") if name in bought.columns]
    return bought.group_by(keys).aggregate(number=_.number.min())


def _joined(*parts: Any) -> Any:
    """Return texts after each other, null where one is."""
    whole = parts[0] if not isinstance(parts[0], str) else ibis.literal(parts[0])
    for part in parts[1:]:
        whole = whole + part
    return whole
