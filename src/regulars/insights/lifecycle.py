"""Whether the shop fills faster than it empties: new, returning, resurrected and dormant customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.intervals import reading
from regulars.insights.params import ByPeriod, FromDay, KindParams, check_order, shown_from, understood
from regulars.insights.periods import Period, first_day, last_day, number_of, period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

PLOT = Plot(
    title="Customers who come, stay, return and leave",
    series=[
        Series(x="period", y="new", name="New", kind="bar"),
        Series(x="period", y="returning", name="Returning", kind="bar"),
        Series(x="period", y="resurrected", name="Resurrected", kind="bar"),
        Series(x="period", y="dormant", name="Dormant", kind="bar"),
    ],
    x_title="Period from",
    y_title="Customers",
    stacked=True,
)
SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "new": pa.int64(),
        "returning": pa.int64(),
        "resurrected": pa.int64(),
        "dormant": pa.int64(),
        "complete": pa.bool_(),
    }
)


class LifecycleParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `lifecycle`."""

    from_: FromDay = None
    period: ByPeriod = "week"

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        super().__post_init__()
        check_order(self.from_, self.to)


def lifecycle(sources: Sources, params: LifecycleParams) -> Table:
    """Count customers by what they did in a period and the one before.

    New: first activity ever. Returning: active now and in the period before. Resurrected: active now, not in
    the period before, but earlier. Dormant: active in the period before, not now, as a negative number;
    null while the period has not ended, since they may still come. So new + returning + resurrected are the
    active customers, and the active of the period before + new + resurrected + dormant as well. `complete`
    is false for a period that reaches beyond either end of the data. In the first periods of the data,
    'new' includes customers who were there before it began.
    """
    span = sources.span(params.to)
    if span is None:
        empty = SCHEMA.empty_table()
        return Table("lifecycle", empty, PLOT, understood(params, None), headline=_headline([]))
    first = shown_from(params.from_, span, params.period)
    chosen = shopper_events(sources.events, params.kinds, last=span.last)
    counts = {row["number"]: row for row in sources.run(moves(chosen, params.period)).to_pylist()}
    rows = _dense(counts, span, number_of(first, params.period), params.period)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Table("lifecycle", table, PLOT, understood(params, span, first), headline=_headline(rows))


def moves(chosen: ir.Table, period: Period) -> ir.Table:
    """Count, by numbered period, who is new, returning, resurrected, and who is absent from the next."""
    pairs = chosen.select("subject", number=period_number(_.day, period)).distinct()
    order = ibis.window(group_by="subject", order_by="number")
    pairs = pairs.mutate(before=_.number.lag().over(order), after=_.number.lead().over(order))
    leaves = _.after.isnull() | (_.after - _.number > 1)
    return pairs.group_by("number").aggregate(
        new=_.before.isnull().ifelse(1, 0).sum(),
        returning=(_.number - _.before == 1).ifelse(1, 0).sum(),
        resurrected=(_.number - _.before > 1).ifelse(1, 0).sum(),
        leaving=leaves.ifelse(1, 0).sum(),
    )


def _dense(counts: dict[int, dict[str, int]], span: Span, first: int, period: Period) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(first, number_of(span.last, period) + 1):
        here, before = counts.get(number, {}), counts.get(number - 1, {})
        start, end = first_day(number, period), last_day(number, period)
        row: dict[str, Any] = {name: here.get(name, 0) for name in ("new", "returning", "resurrected")}
        row["dormant"] = -before.get("leaving", 0) if end <= span.last else None
        rows.append({"period": start, **row, "complete": span.covers(start, end)})
    return rows


def _headline(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the quick ratio (new + resurrected) ÷ dormant of the last complete period, and its parts.

    Above 1 the number of active customers grows. `n` counts the customers who moved.
    """
    last = next((row for row in reversed(rows) if row["complete"]), None)
    if last is None:
        return {name: reading(None) for name in ("quick_ratio", "active")}
    gained, lost = last["new"] + last["resurrected"], -last["dormant"]
    active = gained + last["returning"]
    ratio = gained / lost if lost else None
    return {
        "quick_ratio": reading(ratio, n=gained + lost, unit="customers"),
        "active": reading(active, n=active, unit="customers"),
    }
