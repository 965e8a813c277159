"""What is bought together: pairs in one order, against what chance would bring together."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.affinity_measures import measured, ranked
from regulars.insights.intervals import reading
from regulars.insights.params import Params, check_order, understood
from regulars.insights.units import ByUnit, SinceDay, labels, unit_column, with_title, with_unit

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

PLOT = Plot(
    title="What is bought together",
    series=[Series(x="pair", y="lift", name="Lift", kind="hbar", low="low", high="high")],
    x_title="Times as often as by chance",
)
SCHEMA = pa.schema(
    {
        "pair": pa.string(),
        "item": pa.string(),
        "with_item": pa.string(),
        "orders": pa.int64(),
        "customers": pa.int64(),
        "item_orders": pa.int64(),
        "with_orders": pa.int64(),
        "support": pa.float64(),
        "confidence": pa.float64(),
        "confidence_back": pa.float64(),
        "lift": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "p_value": pa.float64(),
        "stands": pa.bool_(),
    }
)
COLUMNS = {
    "pair": Column("Bought together", "text"),
    "orders": Column("Orders with both"),
    "customers": Column("Customers with both"),
    "item_orders": Column("Orders with the first"),
    "with_orders": Column("Orders with the second"),
    "support": Column("Share of orders with both", "share"),
    "confidence": Column("Share of the first's orders", "share"),
    "confidence_back": Column("Share of the second's orders", "share"),
    "lift": Column("Times as often as by chance"),
    "low": Column("Interval from"),
    "high": Column("Interval to"),
    "p_value": Column("p-value", digits=4),
    "stands": Column("Stands among all pairs", "flag"),
}


class AffinityParams(Params, frozen=True, kw_only=True):
    """Parameters of `affinity`."""

    from_: SinceDay = None
    by: ByUnit = "item"
    item: Annotated[
        str, Meta(description="Only pairs with this product (or category or brand, as `by` says). By default all.")
    ] = ""
    sort: Annotated[
        Literal["lift", "confidence", "support"],
        Meta(
            description="What comes first: lift (by the low end of its interval, so that a few lucky orders do not "
            "lead), confidence or support."
        ),
    ] = "lift"
    min_orders: Annotated[int, Meta(description="Orders with both that a pair needs.", ge=2)] = 20
    min_customers: Annotated[
        int, Meta(description="Different customers with both that a pair needs: fewer are a habit of theirs.", ge=1)
    ] = 5
    max_basket: Annotated[
        int,
        Meta(description="Orders with more different products than this are left out, and counted.", ge=2, le=1000),
    ] = 100
    limit: Annotated[int, Meta(description="How many pairs are shown.", ge=1, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def affinity(sources: Sources, params: AffinityParams) -> Table:
    """Return the pairs that are bought in one order more often than by chance.

    An order is one customer's session; purchases without a session are one order a customer and day (as in
    `orders`). Of n orders a hold the first, b the second and k both: support k/n, confidence k/a and back k/b,
    lift (k/n) ÷ (a/n · b/n) with a 95% interval. `p_value` is Fisher's exact test, one-sided, and `stands` says
    whether it stands at a false discovery rate of 5% (Benjamini and Hochberg 1995) among all pairs that could
    have been, those with too few orders or customers counted as having none.

    `pair` names both, with the titles of the catalogue. Purchases of what is not known there have no category or
    brand and are left out where these are paired. Without `item` the first of a pair is the rarer one, whose buyers
    take the other more surely. Ties go by orders with both, then by the names. Orders count as independent of each
    other, though a customer's are alike; hence `min_customers`.
    """
    span = sources.span(params.to)
    columns = COLUMNS | {"item": unit_column(params.by), "with_item": unit_column(params.by)}
    if span is None:
        head = _headline(None, 0)
        return Table("affinity", SCHEMA.empty_table(), PLOT, understood(params, None), headline=head, columns=columns)
    bought = sources.events.filter(_.kind == "purchase", _.day <= span.last)
    if params.from_ is not None:
        bought = bought.filter(_.day >= params.from_)
    found = sources.run(_pairs(sources, bought, params, span.last))
    pairs = measured(found, anchored=bool(params.item))
    rows = ranked(pairs, params.sort, params.limit).to_pylist()
    names = labels(
        [name for row in rows for name in (row["item"], row["with_item"])],
        [title for row in rows for title in (row["title"], row["with_title"])],
    )
    for row, first, second in zip(rows, names[::2], names[1::2], strict=True):
        row["pair"] = f"{first} + {second}"
    table = pa.Table.from_pylist([{name: row[name] for name in SCHEMA.names} for row in rows], schema=SCHEMA)
    stand = int(pairs["stands"].to_numpy(zero_copy_only=False).sum())
    counts = found.slice(0, 1).to_pylist()
    head = _headline(counts[0] if counts else None, stand)
    return Table("affinity", table, PLOT, understood(params, span, params.from_), headline=head, columns=columns)


def _pairs(sources: Sources, bought: ir.Table, params: AffinityParams, as_of: date) -> ir.Table:
    """Return `one_pairs` of the chosen units with their titles."""
    lines = with_unit(sources, bought, params.by, as_of)
    pairs = co_bought(lines, params)
    pairs = with_title(sources, pairs, params.by, "one", "one_title")
    return with_title(sources, pairs, params.by, "two", "two_title")


def co_bought(lines: ir.Table, params: AffinityParams) -> ir.Table:
    """Count the orders with both of each pair, one < two, and with each alone.

    What is in too few orders cannot be in a pair often enough and goes before orders are joined with themselves.
    Without a pair there is one row with null names, which still says how many orders there are.

    Parameters
    ----------
    lines
        Purchases with `unit`.
    params
        How many orders and customers a pair needs, which orders are too large, the unit all pairs are with.

    Returns
    -------
    pairs
        one, two, orders, customers, one_orders, two_orders, and in every row: all_orders (those not too large),
        left_out (those that are), units (in at least `min_orders` orders).
    """
    # A text, because a join on nulls finds nothing; the letters keep a session apart from a day.
    of_day = _.subject.concat("|d|", _.day.cast("string"))
    of_session = _.subject.concat("|s|", _.session)
    held = lines.select("unit", "subject", basket=_.session.isnull().ifelse(of_day, of_session)).distinct()
    sized = held.mutate(size=_.count().over(ibis.window(group_by="basket")))
    kept = sized.filter(_.size <= params.max_basket)
    units = kept.group_by("unit").aggregate(unit_orders=_.count()).filter(_.unit_orders >= params.min_orders)
    # Numbers are joined and grouped faster than names, in half the memory.
    units = units.mutate(number=ibis.row_number().over(ibis.window(order_by="unit")))
    many = kept.filter(_.size > 1).inner_join(units, "unit")
    joined = _joined(many.select("basket", "subject", "number", "unit"), params.item)
    each = joined.group_by(["one", "two", "subject"]).aggregate(orders=_.count())
    pairs = each.group_by(["one", "two"]).aggregate(orders=_.orders.sum(), customers=_.count())
    pairs = pairs.filter(_.orders >= params.min_orders, _.customers >= params.min_customers)
    named = pairs.inner_join(units.select(one="number", one_unit="unit", one_orders="unit_orders"), "one")
    named = named.inner_join(units.select(two="number", two_unit="unit", two_orders="unit_orders"), "two")
    named = named.drop("one", "two").rename(one="one_unit", two="two_unit")
    orders = sized.select("basket", "size").distinct()
    small, large = _.count(where=_.size <= params.max_basket), _.count(where=_.size > params.max_basket)
    totals = orders.aggregate([small.name("all_orders"), large.name("left_out")])
    totals = totals.cross_join(units.aggregate(units.count().name("units")))
    # A left join on what always holds keeps the totals where there is no pair.
    always = ibis.literal(1)
    return totals.mutate(always=always).left_join(named.mutate(always=always), "always").drop("always", "always_right")


def _joined(many: ir.Table, anchor: str) -> ir.Table:
    """Return the pairs of each basket: subject, one, two (numbers of units)."""
    one = many.select("basket", "subject", one="number", one_unit="unit")
    two = many.select("basket", two="number", two_unit="unit")
    if anchor:
        two = two.filter(_.two_unit != anchor)
        return one.filter(_.one_unit == anchor).inner_join(two, "basket").select("subject", "one", "two")
    return one.inner_join(two, [one.basket == two.basket, one.one < two.two]).select("subject", "one", "two")


def _headline(first: dict[str, Any] | None, stand: int) -> dict[str, Any]:
    orders = int(first["all_orders"] or 0) if first else 0
    left_out = int(first["left_out"] or 0) if first else 0
    return {
        "pairs": reading(stand, n=orders, unit="orders", label="Pairs that are more than chance"),
        "orders": reading(orders, n=orders, unit="orders", label="Orders looked at"),
        "left_out": reading(left_out, n=orders + left_out, unit="orders", label="Orders too large to look at"),
    }


__all__ = ["AffinityParams", "affinity", "co_bought"]
