"""What each product sold in each week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.insights.activity import Span
from regulars.insights.periods import period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred


def product_weeks(bought: ir.Table, min_weeks: int, **more: Deferred) -> ir.Table:
    """Add up purchases by product and week, for products sold in at least that many weeks.

    Parameters
    ----------
    bought
        Purchases with `item` and `group`, one group an item; `quantity` and `value` are never null.
    min_weeks
        Weeks with sales that a product needs.
    more
        More columns: name → what is aggregated of the lines of a week.

    Returns
    -------
    weeks
        item, group, week (numbered from Monday), quantity, value, lines, `more`, and `sold` in every row: how
        many products there are with any sale. No rows when no product reaches so many weeks.
    """
    numbered = bought.mutate(week=period_number(_.day, "week"))
    weekly = numbered.group_by(["item", "group", "week"]).aggregate(
        quantity=_.quantity.sum(),
        value=_.value.sum(),
        lines=_.count(),
        **more,
    )
    counted = weekly.mutate(weeks=_.count().over(ibis.window(group_by="item")))
    sold = bought.aggregate(bought.item.nunique().name("sold"))
    return sold.cross_join(counted.filter(_.weeks >= min_weeks).drop("weeks"))


def whole_weeks(span: Span, first: date | None) -> Span | None:
    """Return the days of the whole weeks from Monday that lie in a span, from `first` on; None without such a week."""
    first = max(first, span.first) if first else span.first
    monday = first + timedelta(days=-first.weekday() % 7)
    sunday = span.last - timedelta(days=(span.last.weekday() + 1) % 7)
    return Span(monday, sunday) if monday < sunday else None
