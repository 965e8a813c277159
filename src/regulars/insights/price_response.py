"""How bought quantities move with prices: elasticities of categories, brands and products."""

from __future__ import annotations

from math import log1p
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.dimensions import with_group
from regulars.insights.intervals import reading
from regulars.insights.panel import overall, panel_of, sure
from regulars.insights.params import Params, check_order, understood
from regulars.insights.price_rows import group_rows, item_rows
from regulars.insights.units import SinceDay, with_title
from regulars.insights.weeks import product_weeks, whole_weeks

if TYPE_CHECKING:
    from regulars.insights.panel import Panel
    from regulars.insights.sources import Sources

PLOT = Plot(
    title="How quantities move with prices",
    series=[Series(x="title", y="elasticity", name="Elasticity", kind="hbar", low="low", high="high")],
    x_title="Change of the quantity in % when the price is 1% higher",
)
NOTE = "Price elasticity: an association, not an effect"
GROUPS = pa.schema(
    {
        "title": pa.string(),
        "elasticity": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "products": pa.int64(),
        "weeks": pa.int64(),
        "revenue": pa.float64(),
    }
)
ITEMS = pa.schema(
    {
        "item": pa.string(),
        "title": pa.string(),
        "group": pa.string(),
        "elasticity": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "own": pa.float64(),
        "own_low": pa.float64(),
        "own_high": pa.float64(),
        "weeks": pa.int64(),
        "price_low": pa.float64(),
        "price_high": pa.float64(),
        "revenue": pa.float64(),
    }
)
COLUMNS = {
    "title": Column("Title", "text"),
    "group": Column("Category", "text"),
    "elasticity": Column("Elasticity"),
    "low": Column("Interval from"),
    "high": Column("Interval to"),
    "own": Column("From this product alone"),
    "own_low": Column("Alone, interval from"),
    "own_high": Column("Alone, interval to"),
    "products": Column("Products whose price moved"),
    "weeks": Column("Product-weeks"),
    "price_low": Column("Lowest price", "money"),
    "price_high": Column("Highest price", "money"),
}


class PriceResponseParams(Params, frozen=True, kw_only=True):
    """Parameters of `price-response`."""

    from_: SinceDay = None
    by: Annotated[
        Literal["category", "subcategory", "brand", "item"],
        Meta(description="One elasticity for each category, subcategory, brand or item."),
    ] = "category"
    min_weeks: Annotated[
        int, Meta(description="Weeks with sales that a product needs to say something.", ge=4, le=520)
    ] = 12
    min_move: Annotated[
        float,
        Meta(
            description="By how much a product's weekly prices must differ, as a share of the lowest; others are left "
            "out, and counted.",
            ge=0,
        ),
    ] = 0.01
    limit: Annotated[int, Meta(description="How many are shown, those of most revenue.", ge=1, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def price_response(sources: Sources, params: PriceResponseParams) -> Table:
    """Return by how many per cent the quantity is higher when the price is one per cent higher.

    From whole weeks (from Monday) of purchases with a quantity and a value above 0: the logarithm of a product's
    quantity on that of its price, the mean over the lines of value ÷ quantity, with effects of the product and of
    each week in its category (`by` subcategory or brand: in that; see `fixed_effects`). A category's elasticity is
    common to its products; a product's own is pulled towards its category's mean the more the less sure it is
    (`own` is not pulled). Products without a category form one, called ''. Largest revenue first, ties by name.

    An association: prices are set by people who expect demand, weeks without a sale have no price and are missing,
    and where larger quantities get a lower price that shows as elasticity too. Products whose price did not move
    or that sold in too few weeks are left out, and counted in the headline; a category needs five others.
    """
    span = sources.span(params.to)
    schema = ITEMS if params.by == "item" else GROUPS
    span = whole_weeks(span, params.from_) if span else None
    if span is None:
        shown = understood(params, sources.span(params.to), params.from_)
        return Table("price-response", schema.empty_table(), PLOT, shown, headline=_headline(None), columns=COLUMNS)
    group_by = "category" if params.by == "item" else params.by
    bought = sources.events.filter(_.kind == "purchase", _.day >= span.first, _.day <= span.last, _.item.notnull())
    bought = bought.filter(_.quantity > 0, _.value > 0)
    grouped = with_group(sources, bought, group_by, span.last)
    weekly = product_weeks(grouped, params.min_weeks, price=(_.value / _.quantity).mean())
    if params.by == "item":
        weekly = with_title(sources, weekly, "item", "item")
    found = sources.run(weekly)
    panel = panel_of(found, np.log(found["price"].to_numpy()), log1p(params.min_move))
    rows = item_rows(panel, params.limit) if params.by == "item" else group_rows(panel, params.limit)
    table = pa.Table.from_pylist(rows, schema=schema)
    return Table(
        "price-response",
        table,
        PLOT,
        understood(params, span, params.from_),
        headline=_headline(panel),
        columns=COLUMNS,
    )


def _headline(panel: Panel | None) -> dict[str, Any]:
    if panel is None:
        empty = {name: reading(None, label=label) for name, label in COUNTS.items()}
        return {"elasticity": reading(None, label=NOTE), **empty}
    found = overall(panel)
    value, low, high = sure(found)
    counts = {"products": found.units, "unmoved": panel.unmoved, "too_few": panel.too_few}
    return {
        "elasticity": reading(value, low=low, high=high, n=found.units, unit="products", label=NOTE),
        **{name: reading(count, n=panel.sold, unit="products", label=COUNTS[name]) for name, count in counts.items()},
    }


COUNTS = {
    "products": "Products whose price moved",
    "unmoved": "Products whose price did not move",
    "too_few": "Products sold in too few weeks",
}
