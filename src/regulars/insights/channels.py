"""What brings customers: orders and customers won by the channel, source, campaign or device they came by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.dimensions import OTHERS, top_groups, with_group
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import FromDay, Params, check_order, understood
from regulars.insights.periods import number_of

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

RETURN_DAYS = 28
Way = Literal["channel", "source", "campaign", "device"]
Across = Literal["nothing", "channel", "source", "campaign", "device"]
Touch = Literal["first", "last"]
SUMS = ("customers", "orders", "revenue", "followed", "returned")
SCHEMA = pa.schema(
    {
        "group": pa.string(),
        "across": pa.string(),
        "customers": pa.int64(),
        "orders": pa.int64(),
        "revenue": pa.float64(),
        "average_order_value": pa.float64(),
        "followed": pa.int64(),
        "returned": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
COLUMNS = {
    "group": Column("Came by", "text"),
    "across": Column("And by", "text"),
    "customers": Column("Customers won"),
    "followed": Column("Won at least 28 days ago"),
    "share": Column("Share back within 28 days", "share"),
}


class ChannelsParams(Params, frozen=True, kw_only=True):
    """Parameters of `channels`."""

    from_: FromDay = None
    by: Annotated[Way, Meta(description="What customers came by.")] = "channel"
    touch: Annotated[
        Touch,
        Meta(description="Which visit an order is owed to: the customer's first one, or the last up to the order."),
    ] = "last"
    lookback: Annotated[
        int,
        Meta(description="A last visit longer ago than this many days is not what brought the order.", ge=0, le=365),
    ] = 30
    across: Annotated[Across, Meta(description="Split once more, by this: a table of both.")] = "nothing"
    top: Annotated[int, Meta(description="How many are shown, the largest; the others are one.", ge=1, le=200)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def channels(sources: Sources, params: ChannelsParams) -> Table:
    """Count customers won, orders and revenue by what brought them, and how many of those won came back.

    A visit is a session, or a day of events without one; it came by the value of its first event that has one (by
    time, then id), and visits without any, such as direct ones, are passed over. An order is owed to the customer's
    `first` such visit, or to the `last` one up to the order, the order's own included, at most `lookback` days before.
    '' is what no visit explains. Orders are those of the `orders` question, at the time of their last line.

    A customer is won with their first order in the data, and counts where that order does, if it is in the period.
    `returned` are those of the `followed` (won at least 28 days before the last day) who were active again on one of
    the 28 days after; `share` has Wilson's 95% interval. Values beyond `top` by orders are one, '…'.
    """
    span = sources.span(params.to)
    if span is None:
        return _table([], params, None, None)
    first = max(params.from_, span.first) if params.from_ else span.first
    cells = sources.run(channel_cells(sources, params, Span(first, span.last))).to_pylist()
    return _table(_rows(cells, params.top), params, span, first)


def channel_cells(sources: Sources, params: ChannelsParams, period: Span) -> ir.Table:
    """Add up the orders of a period by what they are owed to: group, across and `SUMS`."""
    rows = shopper_events(sources.events, last=period.last)
    rows = rows.mutate(loose_day=_.session.isnull().ifelse(_.day, ibis.null("date")))
    orders = _orders(rows)
    owed = _owed(sources, rows, orders, params.by, params, period.last)
    if params.across == "nothing":
        owed = owed.mutate(across=ibis.literal(""))
    else:
        second = _owed(sources, rows, orders, params.across, params, period.last)
        owed = owed.left_join(second.select("id", across="group"), "id").drop("id_right")
    won = owed.filter(_.place == 0).select("subject", won=_.day.epoch_days())
    days = rows.select("subject", number=_.day.epoch_days()).distinct()
    back = days.inner_join(won, "subject").filter(_.number > _.won, _.number <= _.won + RETURN_DAYS)
    back = back.select("subject").distinct().mutate(back=ibis.literal(1))
    owed = owed.filter(_.day >= period.first).left_join(back, "subject").drop("subject_right")
    new = (_.place == 0).ifelse(1, 0)
    followed = ((_.place == 0) & (_.day.epoch_days() + RETURN_DAYS <= number_of(period.last, "day"))).ifelse(1, 0)
    counted = owed.mutate(new=new, followed=followed, back=_.back.fill_null(0))
    return counted.group_by(["group", "across"]).aggregate(
        customers=_.new.sum(),
        orders=_.count(),
        revenue=_.spend.sum(),
        followed=_.followed.sum(),
        returned=(_.followed * _.back).sum(),
    )


def _orders(rows: ir.Table) -> ir.Table:
    """Return one row an order: subject, id (its first line's), at, day, spend, and its place among the customer's."""
    bought = rows.filter(_.kind == "purchase")
    orders = bought.group_by(["subject", "session", "loose_day"]).aggregate(
        id=_.id.min(), at=_.time.max(), day=_.day.min(), spend=_.value.sum().fill_null(0.0)
    )
    place = ibis.row_number().over(ibis.window(group_by="subject", order_by=["at", "id"]))
    return orders.select("subject", "id", "at", "day", "spend").mutate(place=place)


def _touches(sources: Sources, rows: ir.Table, way: str, last: date) -> ir.Table:
    """Return one row a visit with a known value: subject, id, at, day, group, and its number among the customer's."""
    known = with_group(sources, rows, way, last).filter(_.group != "")
    inside = ibis.window(group_by=["subject", "session", "loose_day"], order_by=["time", "id"])
    first = known.mutate(at_visit=ibis.row_number().over(inside)).filter(_.at_visit == 0)
    number = ibis.row_number().over(ibis.window(group_by="subject", order_by=["time", "id"]))
    return first.mutate(visit=number + 1).select("subject", "id", "visit", "group", at="time", touched="day")


def _owed(sources: Sources, rows: ir.Table, orders: ir.Table, way: str, params: ChannelsParams, last: date) -> ir.Table:
    """Return the orders with `group`: what the visit that they are owed to came by.

    Visits and orders are laid in one line a customer and the number of the latest visit is carried forward: no join of
    every order with every visit.
    """
    touches = _touches(sources, rows, way, last)
    visits = touches.select("subject", "id", "at", "visit", is_order=ibis.literal(0))
    line = visits.union(
        orders.select("subject", "id", "at", visit=ibis.null("int64"), is_order=ibis.literal(1)).cast(visits.schema())
    )
    so_far = ibis.cumulative_window(group_by="subject", order_by=["at", "is_order", "id"])
    carried = line.mutate(latest=_.visit.max().over(so_far)).filter(_.is_order == 1)
    chosen = _.latest.isnull().ifelse(ibis.null("int64"), 1) if params.touch == "first" else _.latest
    placed = orders.left_join(carried.select("id", chosen=chosen), "id").drop("id_right")
    known = touches.select("visit", "group", "touched", person="subject")
    joined = placed.left_join(known, [("subject", "person"), ("chosen", "visit")])
    group = _.group
    if params.touch == "last":
        recent = _.day.epoch_days() - _.touched.epoch_days() <= params.lookback
        group = recent.fill_null(False).ifelse(_.group, "")
    return joined.mutate(group=group.fill_null("")).select("subject", "id", "day", "spend", "place", "group")


def _rows(cells: list[dict[str, Any]], top: int) -> list[dict[str, Any]]:
    sizes: dict[str, float] = {}
    for cell in cells:
        sizes[cell["group"]] = sizes.get(cell["group"], 0) + cell["orders"]
    shown_as = top_groups({name: size for name, size in sizes.items() if name}, top) | {"": ""}
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for cell in cells:
        row = sums.setdefault((shown_as[cell["group"]], cell["across"]), dict.fromkeys(SUMS, 0))
        for name in SUMS:
            row[name] += cell[name]
    order = {name: at for at, name in enumerate(sorted(sizes, key=lambda name: (-sizes[name], name)))}
    keys = sorted(sums, key=lambda key: (key[0] == OTHERS, order.get(key[0], 0), key[1]))
    return [_row(key, sums[key]) for key in keys]


def _row(key: tuple[str, str], sums: dict[str, Any]) -> dict[str, Any]:
    returned, followed, orders = int(sums["returned"]), int(sums["followed"]), int(sums["orders"])
    low, high = wilson(returned, followed)
    return {
        "group": key[0],
        "across": key[1],
        **sums,
        "average_order_value": sums["revenue"] / orders if orders else None,
        "share": returned / followed if followed else None,
        "low": low,
        "high": high,
    }


def _table(rows: list[dict[str, Any]], params: ChannelsParams, span: Span | None, first: date | None) -> Table:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    alone = params.across == "nothing"
    mark = Series(x="group", y="customers", name="Customers won", kind="hbar")
    heat = Series(x="across", y="group", z="customers", name="Customers won", kind="heatmap")
    return Table(
        "channels",
        table.drop_columns("across") if alone else table,
        Plot(
            title="What brings customers",
            series=[mark if alone else heat],
            x_title="Customers won" if alone else params.across.capitalize(),
            y_title=params.by.capitalize(),
        ),
        understood(params, span, first),
        headline=_headline(rows),
        columns=COLUMNS,
    )


def _headline(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return customers won, the share of orders that something explains, and how many of those won came back."""
    totals = {name: sum(row[name] for row in rows) for name in SUMS}
    orders, explained = int(totals["orders"]), sum(int(row["orders"]) for row in rows if row["group"])
    followed, returned = int(totals["followed"]), int(totals["returned"])
    ends, back = wilson(explained, orders), wilson(returned, followed)
    return {
        "customers": reading(totals["customers"], n=orders, unit="orders", label="Customers won"),
        "explained": reading(
            explained / orders if orders else None, low=ends[0], high=ends[1], n=orders, unit="orders",
            label="Share of orders that is explained", format="share",
        ),
        "returned": reading(
            returned / followed if followed else None, low=back[0], high=back[1], n=followed, unit="customers",
            label="Share back within 28 days", format="share",
        ),
    }  # fmt: skip
