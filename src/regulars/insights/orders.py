"""What customers buy: orders, buyers, revenue, average order value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
from ibis import _

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span
from regulars.insights.intervals import mean_interval, reading
from regulars.insights.params import ByPeriod, FromDay, Params, check_order, shown_from, understood
from regulars.insights.periods import Period, first_day, last_day, number_of, period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

PLOT = Plot(
    title="What customers spend",
    series=[Series(x="period", y="revenue", name="Revenue", kind="bar")],
    x_title="Period from",
    y_title="Revenue",
)
SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "orders": pa.int64(),
        "buyers": pa.int64(),
        "revenue": pa.float64(),
        "average_order_value": pa.float64(),
        "complete": pa.bool_(),
    }
)


class OrdersParams(Params, frozen=True, kw_only=True):
    """Parameters of `orders`."""

    from_: FromDay = None
    period: ByPeriod = "week"

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def order_totals(events: ir.Table) -> ir.Table:
    """Return one row an order: subject, day, spend, and the smallest and largest currency in it.

    An order is what one customer bought in one session; purchases without a session are one order a
    customer and day. A session that runs over midnight is one order, on its first day. A line without a
    value adds 0. Cancelled and refunded orders stay: the events say that they were placed.
    """
    bought = events.filter(_.kind == "purchase")
    bought = bought.mutate(loose_day=_.session.isnull().ifelse(_.day, ibis.null("date")))
    totals = bought.group_by(["subject", "session", "loose_day"]).aggregate(
        first_day=_.day.min(),
        spend=_.value.sum().fill_null(0.0),
        currency_low=_.currency.min(),
        currency_high=_.currency.max(),
    )
    return totals.select("subject", "spend", "currency_low", "currency_high", day="first_day")


def orders(sources: Sources, params: OrdersParams) -> Table:
    """Count orders (see `order_totals`), distinct buyers, revenue and revenue ÷ orders in each period.

    A period without orders has zeros and no average. `complete` is false for a period that reaches beyond
    either end of the data. Values are added as they are: with more than one currency the headline's
    `currency` is null and the sums mean nothing.
    """
    span = sources.span(params.to)
    if span is None:
        empty = SCHEMA.empty_table()
        return Table("orders", empty, PLOT, understood(params, None), headline=_headline([]))
    first = shown_from(params.from_, span, params.period)
    totals = order_totals(sources.events.filter(_.day <= span.last))
    counts = sources.run(orders_by_period(totals, params.period, number_of(first, params.period))).to_pylist()
    rows = _dense({row["number"]: row for row in counts}, span, number_of(first, params.period), params.period)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Table("orders", table, PLOT, understood(params, span, first), headline=_headline(counts))


def orders_by_period(totals: ir.Table, period: Period, first: int) -> ir.Table:
    """Add up orders by numbered period, from period `first` on."""
    numbered = totals.mutate(number=period_number(_.day, period))
    numbered = numbered.filter(_.number >= first)
    return numbered.group_by("number").aggregate(
        orders=_.count(),
        buyers=_.subject.nunique(),
        revenue=_.spend.sum(),
        squares=(_.spend * _.spend).sum(),
        currency_low=_.currency_low.min(),
        currency_high=_.currency_high.max(),
    )


def _dense(counts: dict[int, dict[str, Any]], span: Span, first: int, period: Period) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(first, number_of(span.last, period) + 1):
        here = counts.get(number, {"orders": 0, "buyers": 0, "revenue": 0.0})
        start, end = first_day(number, period), last_day(number, period)
        rows.append(
            {
                "period": start,
                **{name: here[name] for name in ("orders", "buyers", "revenue")},
                "average_order_value": here["revenue"] / here["orders"] if here["orders"] else None,
                "complete": span.covers(start, end),
            }
        )
    return rows


def _headline(counts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return totals of the shown periods; the interval of the average takes orders as independent."""
    number = sum(int(row["orders"]) for row in counts)
    revenue, squares = (sum(float(row[name]) for row in counts) for name in ("revenue", "squares"))
    low, high = mean_interval(number, revenue, squares)
    average = revenue / number if number else None
    codes = {row[name] for row in counts for name in ("currency_low", "currency_high")} - {None}
    return {
        "orders": reading(number, n=number, unit="orders"),
        "revenue": reading(revenue, n=number, unit="orders"),
        "average_order_value": reading(average, low=low, high=high, n=number, unit="orders"),
        "currency": reading(None) | {"value": codes.pop() if len(codes) == 1 else None},
    }
