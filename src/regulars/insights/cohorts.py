"""Who belongs to a saved group of customers: its rules as one expression."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from regulars.insights.activity import days_before, shopper_events
from regulars.insights.cohort_rules import ANY_KIND, Did, FirstSeen, Is, Rule, Spent, Window
from regulars.insights.orders import order_totals
from regulars.insights.where import restricted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.cohort_rules import Operator
    from regulars.insights.sources import Sources

_COMPARE: dict[Operator, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


def cohort_members(
    sources: Sources, rules: Sequence[Rule], as_of: date, listed: Sequence[str] | None = None
) -> ir.Table:
    """Return the column `subject`: customers with activity up to `as_of` for whom every rule holds.

    Counting is over everything customers did up to `as_of`, whatever part of the events a question looks at.
    Nothing done counts as 0: `purchase <= 2` holds for who never bought.

    Parameters
    ----------
    sources
        The tables; their saved cohorts may be named by rules.
    rules
        What all members have in common; none: everyone.
    as_of
        The day at whose evening customers are looked at.
    listed
        Pseudonyms of a fixed list that members stand on; None: there is no list.
    """
    whole = sources.events if sources.everything is None else sources.everything
    known = shopper_events(whole, last=as_of)
    people = known.select("subject").distinct()
    if listed is not None:
        people = people.semi_join(_as_table(listed), "subject")
    for rule in rules:
        people = _kept(sources, known, people, rule, as_of)
    return people


def _as_table(subjects: Sequence[str]) -> ir.Table:
    """Return the column `subject`; as one text, since ten thousand literals take an engine half a second to read."""
    text: Any = ibis.literal(",".join(subjects))
    return text.split(",").unnest().name("subject").as_table()


def _kept(sources: Sources, known: ir.Table, people: ir.Table, rule: Rule, as_of: date) -> ir.Table:
    match rule:
        case Did():
            return _counted(people, _times(known, rule, as_of), rule.operator, rule.times)
        case Spent():
            totals = _within(order_totals(known), rule.window, as_of)
            # To the cent: sums of floats differ in their last digits from engine to engine.
            spent = totals.group_by("subject").aggregate(amount=_.spend.sum().round(2))
            return _counted(people, spent, rule.operator, rule.amount)
        case FirstSeen():
            first = known.group_by("subject").aggregate(day=_.day.min())
            return people.semi_join(_within(first, rule.window, as_of), "subject")
        case Is():
            text = f"{rule.name}{rule.operator}{'|'.join(rule.values)}"
            fitting = restricted(sources.only(known), (text,), as_of).events.select("subject")
            return people.anti_join(fitting, "subject") if rule.negated else people.semi_join(fitting, "subject")


def _times(known: ir.Table, rule: Did, as_of: date) -> ir.Table:
    """Return subject and amount: how often; an order counts once, on its first day."""
    if rule.kind == "purchase":
        rows = order_totals(known)
    else:
        rows = known if rule.kind == ANY_KIND else known.filter(_.kind == rule.kind)
    return _within(rows, rule.window, as_of).group_by("subject").aggregate(amount=_.count())


def _counted(people: ir.Table, amounts: ir.Table, comparison: Operator, bound: float) -> ir.Table:
    """Keep whose amount compares; who is missing in `amounts` has 0."""
    compare = _COMPARE[comparison]
    holds = compare(amounts.amount, bound)
    if compare(0, bound):
        return people.anti_join(amounts.filter(~holds), "subject")
    return people.semi_join(amounts.filter(holds), "subject")


def _within(rows: ir.Table, window: Window, as_of: date) -> ir.Table:
    first = days_before(as_of, window.days - 1) if window.days is not None else window.first
    if first is not None:
        rows = rows.filter(_.day >= first)
    return rows.filter(_.day <= window.last) if window.last is not None else rows
