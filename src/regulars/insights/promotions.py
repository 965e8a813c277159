"""What promotions do: how much is bought on them, how much more, and whether those buyers come back."""

from __future__ import annotations

from math import expm1
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.compute import pc
from regulars.core.table import Plot, Series, Table
from regulars.insights.intervals import reading, wilson
from regulars.insights.panel import overall, panel_of, sure
from regulars.insights.params import Params, check_order, understood
from regulars.insights.promotion_counts import MARKS, promotion_counts
from regulars.insights.promotion_rows import SCHEMA, FirstPurchases, first_purchases, pooled_difference, promotion_rows
from regulars.insights.units import SinceDay, with_title
from regulars.insights.weeks import whole_weeks

if TYPE_CHECKING:
    from regulars.insights.fixed_effects import Slope
    from regulars.insights.panel import Panel
    from regulars.insights.sources import Sources

PLOT = Plot(
    title="How much more is bought in weeks on promotion",
    series=[
        Series(x="title", y="uplift", name="Uplift", kind="hbar", low="uplift_low", high="uplift_high", format=".0%")
    ],
    x_title="Quantity against weeks that are not",
)
COLUMNS = {
    "title": Column("Title", "text"),
    "lines": Column("Purchases"),
    "share": Column("Purchases on promotion", "share"),
    "quantity_share": Column("Quantity on promotion", "share"),
    "uplift": Column("Uplift in weeks on promotion", "share"),
    "uplift_low": Column("Uplift, interval from", "share"),
    "uplift_high": Column("Uplift, interval to", "share"),
    "products": Column("Products now on promotion, now not"),
    "first_on": Column("First bought on promotion"),
    "returned_on": Column("Bought again, of those", "share"),
    "first_off": Column("First bought without"),
    "returned_off": Column("Bought again, of these", "share"),
    "return_difference": Column("Difference", "share"),
    "difference_low": Column("Difference, interval from", "share"),
    "difference_high": Column("Difference, interval to", "share"),
}


class PromotionResponseParams(Params, frozen=True, kw_only=True):
    """Parameters of `promotion-response`."""

    from_: SinceDay = None
    by: Annotated[
        Literal["category", "subcategory", "brand", "item"],
        Meta(description="One row for each category, subcategory, brand or item."),
    ] = "category"
    marks: Annotated[
        tuple[str, ...],
        Meta(
            description="Properties of a purchase that say it was on promotion, joined with commas: a number other "
            "than 0, true, or a text other than 0."
        ),
    ] = MARKS
    campaign: Annotated[bool, Meta(description="Whether a purchase with a campaign was on promotion too.")] = False
    threshold: Annotated[
        float,
        Meta(description="A product's week is on promotion when at least this share of its quantity was.", gt=0, le=1),
    ] = 0.5
    min_weeks: Annotated[
        int, Meta(description="Weeks with sales that a product needs to say something.", ge=4, le=520)
    ] = 12
    again_days: Annotated[
        int, Meta(description="Days after the first purchase within which buying counts as again.", ge=1, le=365)
    ] = 28
    settling_days: Annotated[
        int,
        Meta(
            description="First purchases within this many days of the first event do not count as first: mostly they "
            "are of customers who were there before the data began.",
            ge=0,
        ),
    ] = 56
    limit: Annotated[int, Meta(description="How many are shown, those of most revenue.", ge=1, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def promotion_response(sources: Sources, params: PromotionResponseParams) -> Table:
    """Return how much is bought on promotion, how much more in such weeks, and who buys again.

    A purchase is on promotion when one of the properties `marks` is a number other than 0, true or a text other
    than '' and '0'; what an order says (such as its coupon) is said of each of its lines. Lines without a quantity
    count as 1; with 0 or less, or without a product, they are left out. Products without a category are ''.

    `share` is of the purchases (with Wilson's 95% interval), `quantity_share` of what was bought. `uplift`: whole
    weeks from Monday of products with both kinds of week; the logarithm of the quantity on whether at least
    `threshold` of it was on promotion, with effects of the product and of each week in its group (see
    `fixed_effects`), shown as exp(effect) − 1, for groups with at
    least five such products. For by=item the group is the category, and a product's effect is
    pulled towards its category's mean the more the less sure it is. Weeks without a sale are missing, promotions are
    put where demand is expected, and what is bought for later is missing later: an association, not an effect.

    `returned_on` and `returned_off`: of the customers whose first purchase in the group was (in part, was not) on
    promotion, the share who bought in it again on a later day within `again_days`, with Wilson's intervals and
    Newcombe's for their difference. The headline's difference is pooled over groups (Mantel and Haenszel).
    Largest revenue first, ties by name.
    """
    span = sources.span(params.to)
    if span is None:
        shown, head = understood(params, None), _headline(None, None)
        return Table("promotion-response", SCHEMA.empty_table(), PLOT, shown, headline=head, columns=COLUMNS)
    counts = promotion_counts(sources, params.by, span, whole_weeks(span, params.from_), params)
    if params.by == "item":
        counts = with_title(sources, counts, "item", "item")
    found = sources.run(counts)
    weekly = found.filter(pc.equal(found["part"], "week"))
    lines = found.filter(pc.equal(found["part"], "lines"))
    firsts = first_purchases(found.filter(pc.equal(found["part"], "first")))
    on = weekly["promoted"].to_numpy() >= params.threshold * weekly["quantity"].to_numpy()
    panel = panel_of(weekly, on.astype(np.float64), 0.5)
    rows = promotion_rows(lines, panel, firsts, params.limit, by_item=params.by == "item")
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    head = _headline(lines, panel, firsts)
    shown = understood(params, span, params.from_)
    return Table("promotion-response", table, PLOT, shown, headline=head, columns=COLUMNS)


def _headline(
    lines: pa.Table | None, panel: Panel | None, firsts: dict[str, FirstPurchases] | None = None
) -> dict[str, Any]:
    totals = dict.fromkeys(("lines", "promoted_lines"), 0.0)
    if lines is not None:
        totals = {name: float(pc.sum(lines[name]).as_py() or 0) for name in totals}
    number = int(totals["lines"])
    share = totals["promoted_lines"] / number if number else None
    low, high = wilson(int(totals["promoted_lines"]), number)
    difference = pooled_difference(firsts or {})
    return {
        "share": reading(
            share, low=low, high=high, n=number, unit="purchases", label="Purchases on promotion", format="share"
        ),
        "uplift": _uplift(overall(panel) if panel else None),
        "return_difference": reading(
            difference[0],
            low=difference[1],
            high=difference[2],
            n=sum(first.on + first.off for first in (firsts or {}).values() if first.on and first.off),
            unit="first purchases",
            label="Bought again after a promotion, against without",
            format="share",
        ),
        "unmoved": reading(
            panel.unmoved if panel else None,
            n=panel.sold if panel else None,
            unit="products",
            label="Products always or never on promotion",
        ),
    }


def _uplift(found: Slope | None) -> dict[str, Any]:
    label = "Uplift in weeks on promotion: an association, not an effect"
    if found is None:
        return reading(None, label=label, format="share")
    value, low, high = (None if end is None else expm1(end) for end in sure(found))
    return reading(value, low=low, high=high, n=found.units, unit="products", label=label, format="share")
