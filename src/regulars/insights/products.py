"""What products do: who looks at them, puts them into the cart, buys, buys again and sends back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pyarrow as pa
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.compute import pc
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, days_before
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import DEFAULT_DAYS, Params, check_order, understood
from regulars.insights.product_counts import product_counts
from regulars.insights.product_rows import SCHEMA, product_row
from regulars.insights.units import ByUnit, labels, unit_column, with_title

if TYPE_CHECKING:
    from regulars.insights.sources import Sources

PLOT = Plot(
    title="Who looks, who takes, who buys",
    series=[
        Series(x="title", y="viewers", name="Looked at it", kind="hbar"),
        Series(x="title", y="carters", name="Put it into the cart", kind="hbar"),
        Series(x="title", y="buyers", name="Bought it", kind="hbar"),
    ],
    x_title="Customers",
)
COLUMNS = {
    "viewers": Column("Customers who looked"),
    "carters": Column("Customers who put it into the cart"),
    "buyers_before": Column("Buyers in the span before"),
    "change": Column("Change of buyers", "share"),
    "change_low": Column("Change, interval from", "share"),
    "change_high": Column("Change, interval to", "share"),
    "cart_rate": Column("Carted, of those who looked", "share"),
    "cart_rate_low": Column("Carted, interval from", "share"),
    "cart_rate_high": Column("Carted, interval to", "share"),
    "buy_rate": Column("Bought, of those who looked", "share"),
    "buy_rate_low": Column("Bought, interval from", "share"),
    "buy_rate_high": Column("Bought, interval to", "share"),
    "cart_buy_rate": Column("Bought, of those who carted", "share"),
    "cart_buy_rate_low": Column("Bought after the cart, interval from", "share"),
    "cart_buy_rate_high": Column("Bought after the cart, interval to", "share"),
    "quantity": Column("Quantity"),
    "refunded": Column("Money given back", "money"),
    "refund_rate": Column("Buyers with a refund", "share"),
    "refund_rate_low": Column("Refund, interval from", "share"),
    "refund_rate_high": Column("Refund, interval to", "share"),
    "followed": Column("Buyers followed long enough"),
    "repeat_rate": Column("Bought again", "share"),
    "repeat_rate_low": Column("Again, interval from", "share"),
    "repeat_rate_high": Column("Again, interval to", "share"),
    "ratings": Column("Ratings"),
    "rating": Column("Average rating"),
    "reviews": Column("Reviews"),
}


class ProductsParams(Params, frozen=True, kw_only=True):
    """Parameters of `products`."""

    from_: Annotated[date | None, Meta(description="First day that counts. By default the last 90 days count.")] = None
    by: ByUnit = "item"
    sort: Annotated[
        Literal["revenue", "buyers", "viewers", "quantity", "buy_rate"],
        Meta(description="What comes first; buy_rate by the low end of its interval, so that few viewers do not lead."),
    ] = "revenue"
    again_days: Annotated[
        int, Meta(description="Days after the first purchase within which buying counts as again.", ge=1, le=365)
    ] = 30
    min_customers: Annotated[int, Meta(description="Customers that a shown product needs.", ge=1)] = 1
    limit: Annotated[int, Meta(description="How many are shown.", ge=1, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def products(sources: Sources, params: ProductsParams) -> Table:
    """Return what happened to each product, category or brand in the days from `from` to `to`.

    All customers are distinct. Viewers looked at it or clicked on it; the rates are those of viewers (of carters)
    who also carted or bought in these days, in whatever order, with Wilson's 95% interval, and null where nobody
    looked (carted): what is only known from purchases has no rates. `refunded` and `refund_rate` are from refunds
    that name the product, not from cancelled orders, and can follow purchases of earlier days.

    `repeat_rate`: of the buyers whose first purchase in these days is at least `again_days` old (`followed`), the
    share who bought it on a later day within `again_days`. `change` compares the buyers with those of as many
    days before, null without all of them or without buyers there; its interval takes both as Poisson counts, on
    the logarithm. `rating` is the mean of the property `rating` of ratings and reviews.

    Sorted as asked; ties, and rows without a value, by revenue, buyers and then by name. Events without a product
    and products without that category or brand are left out.
    """
    whole = sources.span(params.to)
    columns = COLUMNS | {"item": unit_column(params.by)}
    if whole is None:
        empty = SCHEMA.empty_table()
        head = _headline(None)
        return Table("products", empty, PLOT, understood(params, None), headline=head, columns=columns)
    span = _span(whole, params.from_)
    before = Span(days_before(span.first, span.days), days_before(span.first, 1))
    counts = product_counts(sources, params.by, span, before, params.again_days)
    found = sources.run(with_title(sources, counts, params.by))
    found = found.filter(pc.greater_equal(found["customers"], params.min_customers))
    comparable = before.first >= whole.first
    rows = [product_row(row, comparable=comparable) for row in _first(found, params)]
    for row, title in zip(rows, labels([r["item"] for r in rows], [r["title"] for r in rows]), strict=True):
        row["title"] = title
    return Table(
        "products",
        pa.Table.from_pylist(rows, schema=SCHEMA),
        PLOT,
        understood(params, span, span.first),
        headline=_headline(found),
        columns=columns,
    )


def _span(whole: Span, first: date | None) -> Span:
    first = first or whole.last - timedelta(days=DEFAULT_DAYS - 1)
    return Span(max(first, whole.first), whole.last)


def _first(found: pa.Table, params: ProductsParams) -> list[dict[str, Any]]:
    """Return the rows to show, in order."""
    by = params.sort
    if by == "buy_rate":
        pairs = zip(found["view_buyers"].to_pylist(), found["viewers"].to_pylist(), strict=True)
        found = found.append_column(by, pa.array([wilson(yes, of)[0] for yes, of in pairs], pa.float64()))
    keys = [by, *(name for name in ("revenue", "buyers") if name != by)]
    order = [(name, "descending") for name in keys]
    return found.sort_by([*order, ("unit", "ascending")]).slice(0, params.limit).to_pylist()


def _headline(found: pa.Table | None) -> dict[str, Any]:
    """Return sums over all products; a customer counts once with each product."""
    totals: dict[str, Any] = {}
    for name in ("revenue", "viewers", "buyers", "view_buyers"):
        totals[name] = (pc.sum(found[name]).as_py() or 0) if found is not None else 0
    sold = int(pc.sum(pc.greater(found["buyers"], 0)).as_py() or 0) if found is not None else 0
    viewers, bought = int(totals["viewers"]), int(totals["view_buyers"])
    low, high = wilson(bought, viewers)
    rate = bought / viewers if viewers else None
    unit = "pairs"
    return {
        "revenue": reading(totals["revenue"], n=sold, unit="products", label="Revenue", format="money"),
        "sold": reading(sold, n=sold, unit="products", label="Products sold"),
        "buy_rate": reading(
            rate, low=low, high=high, n=viewers, unit=unit, label="Bought, of those who looked", format="share"
        ),
    }
