"""Buyers by recency, frequency and money: who is worth what, and who is about to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import days_before
from regulars.insights.intervals import reading, wilson
from regulars.insights.orders import order_totals
from regulars.insights.params import Params, understood
from regulars.insights.periods import number_of

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

FIFTHS = (1, 2, 3, 4)
SCORES = (1, 2, 3, 4, 5)
SEGMENTS: dict[str, tuple[tuple[int, int], ...]] = {
    "Champions": ((5, 4), (5, 5)),
    "Loyal": ((3, 4), (3, 5), (4, 4), (4, 5)),
    "Potential loyalists": ((4, 2), (4, 3), (5, 2), (5, 3)),
    "New": ((5, 1),),
    "Promising": ((4, 1),),
    "Need attention": ((3, 3),),
    "About to sleep": ((3, 1), (3, 2)),
    "At risk": ((1, 3), (1, 4), (2, 3), (2, 4)),
    "Can't lose them": ((1, 5), (2, 5)),
    "Hibernating": ((1, 2), (2, 1), (2, 2)),
    "Lost": ((1, 1),),
}
"""Segment → its cells (recency score, frequency score): the usual 5 × 5 map, 'Lost' apart from 'Hibernating'."""
_OF_CELL = {cell: name for name, cells in SEGMENTS.items() for cell in cells}
_SHARED = {
    "customers": pa.int64(),
    "share": pa.float64(),
    "days_since": pa.float64(),
    "orders": pa.float64(),
    "spend": pa.float64(),
    "revenue": pa.float64(),
    "revenue_share": pa.float64(),
}
BY_SCORE = pa.schema({"recency": pa.int64(), "frequency": pa.int64(), "segment": pa.string(), **_SHARED})
BY_SEGMENT = pa.schema({"segment": pa.string(), **_SHARED, "low": pa.float64(), "high": pa.float64()})
COLUMNS = {
    "recency": Column("Recency score"),
    "frequency": Column("Frequency score"),
    "segment": Column("Segment", "text"),
    "days_since": Column("Mean days since the last order"),
    "orders": Column("Mean orders"),
    "spend": Column("Mean spend", "money"),
    "revenue_share": Column("Share of revenue", "share"),
}


class RfmParams(Params, frozen=True, kw_only=True):
    """Parameters of `rfm`."""

    days: Annotated[int, Meta(description="Only orders of this many last days count; 0: all.", ge=0, le=3650)] = 0
    show: Annotated[
        Literal["scores", "segments"],
        Meta(description="scores: every pair of recency and frequency score; segments: their named groups."),
    ] = "scores"


def rfm_scores(sources: Sources, as_of: date, days: int = 0) -> ir.Table:
    """Return one row a buyer, as known on the evening of `as_of`.

    Columns: subject, days_since (as_of − day of the last order), orders, spend (to the cent), and the scores
    recency, frequency and money, whole numbers from 1 to 5, and group (their segment, see `SEGMENTS`). Orders
    are those of `order_totals`; who bought nothing has no row. With `days`, only orders of so many last days
    count.

    Scores are fifths of the n buyers, and equal values always have one score:

    - recency: 5 less the whole fifths of buyers whose last order is strictly later. So the latest have 5,
      however many they are.
    - frequency: 1 and the whole fifths of buyers with strictly fewer orders. So whoever ordered least has 1,
      however many they are.
    - money: 1 and the whole fifths of buyers who spent strictly less.

    'Whole fifths': the largest k from 0 to 4 with 5 × buyers ≥ k × n. A score that many share may leave others
    empty.
    """
    whole = sources.events if sources.everything is None else sources.everything
    return _scored(order_totals(whole.filter(_.day <= as_of)), as_of, days)


def rfm(sources: Sources, params: RfmParams) -> Table:
    """Count buyers by recency and frequency score (see `rfm_scores`): how many, how they buy, what share they bring.

    One row a pair of scores, all 25, or one a segment: customers, their share of all buyers, means of
    days_since, orders and spend (null where nobody is), revenue and its share. In a narrowed question (`where`)
    the orders that fit are all there are. A segment's share has its 95% Wilson interval.
    """
    span = sources.span(params.to)
    cells: dict[tuple[int, int], dict[str, Any]] = {}
    if span is not None:
        totals = order_totals(sources.events.filter(_.day <= span.last))
        for row in sources.run(_cells(_scored(totals, span.last, params.days))).to_pylist():
            # To the cent, as the scores are: engines add floats up in different orders.
            cells[row["recency"], row["frequency"]] = row | {"revenue": round(row["revenue"], 2)}
    customers = sum(cell["customers"] for cell in cells.values())
    revenue = round(sum(cell["revenue"] for cell in cells.values()), 2)
    by_segment = [{"segment": name, **_pooled(cells, of, customers, revenue)} for name, of in SEGMENTS.items()]
    rows = by_segment
    if params.show == "scores":
        rows = [
            {"recency": r, "frequency": f, "segment": _OF_CELL[r, f], **_pooled(cells, ((r, f),), customers, revenue)}
            for r in SCORES
            for f in SCORES
        ]
    schema = BY_SCORE if params.show == "scores" else BY_SEGMENT
    first = days_before(span.last, params.days - 1) if span and params.days else None
    return Table(
        "rfm",
        pa.Table.from_pylist(rows if customers else [], schema=schema),
        _plot(params),
        understood(params, span) | ({"from": first.isoformat()} if first else {}),
        headline=_headline(by_segment, customers),
        columns=COLUMNS,
    )


def _scored(totals: ir.Table, as_of: date, days: int) -> ir.Table:
    if days:
        totals = totals.filter(_.day >= days_before(as_of, days - 1))
    buyers = totals.group_by("subject").aggregate(last=_.day.max(), orders=_.count(), spend=_.spend.sum())
    # Sums of floats differ in their last digits from engine to engine; equal spends must not.
    buyers = buyers.mutate(days_since=number_of(as_of, "day") - _.last.epoch_days(), spend=_.spend.round(2))
    everyone = ibis.window()
    buyers = buyers.mutate(
        n=_.count().over(everyone),
        later=ibis.rank().over(ibis.window(order_by=_.days_since)),
        fewer=ibis.rank().over(ibis.window(order_by=_.orders)),
        poorer=ibis.rank().over(ibis.window(order_by=_.spend)),
    )
    buyers = buyers.mutate(recency=5 - _fifths(_.later), frequency=1 + _fifths(_.fewer), money=1 + _fifths(_.poorer))
    cell = _.recency * 10 + _.frequency
    branches = [(cell == r * 10 + f, name) for (r, f), name in sorted(_OF_CELL.items())]
    return buyers.select(
        "subject", "days_since", "orders", "spend", "recency", "frequency", "money",
        group=ibis.cases(*branches, else_=""),
    )  # fmt: skip


def _fifths(place: Any) -> Any:
    """Return the whole fifths of all buyers that this many are, by whole numbers alone."""
    parts = [(place * 5 >= _.n * k).ifelse(1, 0) for k in FIFTHS]
    return parts[0] + parts[1] + parts[2] + parts[3]


def _cells(scored: ir.Table) -> ir.Table:
    return scored.group_by(["recency", "frequency"]).aggregate(
        customers=_.count(), days_since=_.days_since.sum(), orders=_.orders.sum(), revenue=_.spend.sum()
    )


def _pooled(
    cells: dict[tuple[int, int], dict[str, Any]], of: tuple[tuple[int, int], ...], customers: int, revenue: float
) -> dict[str, Any]:
    """Return the figures of some cells together."""
    found = [cells[cell] for cell in of if cell in cells]
    n = sum(cell["customers"] for cell in found)
    spent = round(sum(cell["revenue"] for cell in found), 2)
    low, high = wilson(n, customers)
    return {
        "customers": n,
        "share": n / customers if customers else None,
        "days_since": sum(cell["days_since"] for cell in found) / n if n else None,
        "orders": sum(cell["orders"] for cell in found) / n if n else None,
        "spend": spent / n if n else None,
        "revenue": float(spent),
        "revenue_share": spent / revenue if revenue else None,
        "low": low,
        "high": high,
    }


def _headline(by_segment: list[dict[str, Any]], customers: int) -> dict[str, Any]:
    """Return the number of buyers, the share in each segment, and what the best bring."""
    found = {"customers": reading(customers, n=customers, unit="customers", label="Buyers")}
    for row in by_segment:
        key = row["segment"].lower().replace("'", "").replace(" ", "_")
        found[key] = reading(
            row["share"], n=customers, unit="customers", low=row["low"], high=row["high"], label=row["segment"],
            format="share",
        )  # fmt: skip
    best = by_segment[0]
    found["champions_revenue"] = reading(
        best["revenue_share"], n=customers, unit="customers", label="Revenue from champions", format="share"
    )
    return found


def _plot(params: RfmParams) -> Plot:
    if params.show == "segments":
        bars = Series(x="segment", y="share", name="Customers", kind="hbar", format=".0%", low="low", high="high")
        shares = Series(x="segment", y="revenue_share", name="Revenue", kind="hbar", format=".0%")
        return Plot(title="Who buys, by recency and frequency", series=[bars, shares], x_title="Share")
    heat = Series(x="recency", y="frequency", z="customers", name="Customers", kind="heatmap", format=",d")
    return Plot(
        title="Who buys, by recency and frequency",
        series=[heat],
        x_title="Recency score (5: most recent)",
        y_title="Frequency score (5: most orders)",
    )


__all__ = ["SEGMENTS", "RfmParams", "rfm", "rfm_scores"]
