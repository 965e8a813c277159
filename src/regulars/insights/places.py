"""Where customers are: how many, what they buy and how often they come, by country, region, city or distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, days_before, shopper_events
from regulars.insights.dimensions import OTHERS, with_group
from regulars.insights.distance import BANDS
from regulars.insights.intervals import mean_interval, reading, wilson
from regulars.insights.orders import order_totals
from regulars.insights.params import FromDay, Params, check_order, understood

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

MONTH = 28
Level = Literal["country", "region", "city", "province", "city_division", "distance"]
SUMS = ("customers", "buyers", "orders", "revenue", "squares", "monthly", "days", "day_squares")
SCHEMA = pa.schema(
    {
        "group": pa.string(),
        "customers": pa.int64(),
        "buyers": pa.int64(),
        "conversion": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "orders": pa.int64(),
        "revenue": pa.float64(),
        "per_customer": pa.float64(),
        "per_customer_low": pa.float64(),
        "per_customer_high": pa.float64(),
        "stickiness": pa.float64(),
        "stickiness_low": pa.float64(),
        "stickiness_high": pa.float64(),
    }
)
COLUMNS = {
    "group": Column("Place", "text"),
    "conversion": Column("Share that bought", "share"),
    "per_customer": Column("Revenue a customer", "money"),
    "per_customer_low": Column("Interval from", "money"),
    "per_customer_high": Column("Interval to", "money"),
    "stickiness_low": Column("Interval from", "share"),
    "stickiness_high": Column("Interval to", "share"),
}
PLOT = Plot(
    title="Where customers are",
    series=[Series(x="group", y="customers", name="Customers", kind="hbar")],
    x_title="Customers",
    y_title="Place",
)


class PlacesParams(Params, frozen=True, kw_only=True):
    """Parameters of `places`."""

    from_: FromDay = None
    level: Annotated[
        Level,
        Meta(
            description="What a place is: country, region or city as events name them; province or city_division, "
            "where China's have one name each; or distance from the nearest store."
        ),
    ] = "country"
    top: Annotated[
        int, Meta(description="How many places are shown; the others are counted together.", ge=1, le=200)
    ] = 20
    min_customers: Annotated[
        int, Meta(description="Places with fewer customers are counted with the others.", ge=1, le=1000)
    ] = 10

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def places(sources: Sources, params: PlacesParams) -> Table:
    """Count customers, buyers, orders and revenue of each place, with conversion and stickiness.

    A customer belongs to one place: the known one with most of their active days in the period; of equal ones the one
    they were at last, then the first by name. So places add up to the whole. '' are customers whose place is not known.
    `conversion` is buyers ÷ customers with Wilson's 95% interval; `stickiness` the mean share of the last 28 days on
    which the customers active in them came (null where the data are shorter), `per_customer` revenue ÷ customers, both
    with normal 95% intervals. Places beyond `top` or with fewer than `min_customers` customers are one group, '…'; when
    that would hide fewer than `min_customers`, the next place joins it, so that nobody is found by subtraction.

    Raises
    ------
    UsageError
        Distances are asked for and the shop has no stores in its settings.
    """
    if params.level == "distance" and not sources.stores:
        raise UsageError("there is no store to measure from", where="level", fix="Set places.stores in regulars.toml.")
    span = sources.span(params.to)
    if span is None:
        return Table(
            "places",
            SCHEMA.empty_table(),
            PLOT,
            understood(params, None),
            headline=_headline([], params.min_customers),
            columns=COLUMNS,
        )
    first = max(params.from_, span.first) if params.from_ else span.first
    period = Span(first, span.last)
    found = sources.run(place_totals(sources, params.level, period)).to_pylist()
    shown = folded(found, params.top, params.min_customers)
    if params.level == "distance":
        order = {band: at for at, band in enumerate(BANDS)}
        shown.sort(key=lambda row: order.get(row["group"], len(order)))
    rows = [_row(row, whole_month=span.days >= MONTH) for row in shown]
    return Table(
        "places",
        pa.Table.from_pylist(rows, schema=SCHEMA),
        PLOT,
        understood(params, span, first),
        headline=_headline(found, params.min_customers),
        columns=COLUMNS,
    )


def place_totals(sources: Sources, level: Level, period: Span) -> ir.Table:
    """Add up customers by the place they belong to (see `places`), one row a place with the columns `SUMS`."""
    rows = shopper_events(sources.events, first=period.first, last=period.last)
    placed = with_group(sources, rows, level, period.last)
    visits = placed.group_by(["subject", "group"]).aggregate(days=_.day.nunique(), last=_.day.max())
    order = ibis.window(
        group_by="subject",
        order_by=[(_.group == "").asc(), _.days.desc(), _.last.desc(), _.group.asc()],
    )
    homes = visits.mutate(place=ibis.row_number().over(order)).filter(_.place == 0).select("subject", "group")
    recent = (_.day >= days_before(period.last, MONTH - 1)).ifelse(_.day, ibis.null("date"))
    people = rows.mutate(recent=recent).group_by("subject").aggregate(month_days=_.recent.nunique())
    bought = order_totals(rows).group_by("subject").aggregate(orders=_.count(), spend=_.spend.sum())
    joined = homes.left_join(people, "subject").drop("subject_right").left_join(bought, "subject")
    joined = joined.mutate(orders=_.orders.fill_null(0), spend=_.spend.fill_null(0.0))
    return joined.group_by("group").aggregate(
        customers=_.count(),
        buyers=(_.orders > 0).ifelse(1, 0).sum(),
        orders=_.orders.sum(),
        revenue=_.spend.sum(),
        squares=(_.spend * _.spend).sum(),
        monthly=(_.month_days > 0).ifelse(1, 0).sum(),
        days=_.month_days.sum(),
        day_squares=(_.month_days * _.month_days).sum(),
    )


def folded(found: list[dict[str, Any]], top: int, least: int) -> list[dict[str, Any]]:
    """Return the rows by size, with places that are too small or too many added up into one row, `OTHERS`.

    Equal sizes are in the order of the names. What is unknown keeps its own row if it is large enough.
    """
    order = sorted(found, key=lambda row: (-row["customers"], row["group"]))
    shown = [row for row in order if row["customers"] >= least]
    kept = [row for row in shown if row["group"]][:top]
    shown = [row for row in shown if row in kept or not row["group"]]
    rest = [row for row in order if row not in shown]
    while rest and shown and sum(row["customers"] for row in rest) < least:
        rest.append(shown.pop())
    if not rest:
        return shown
    return [*shown, {"group": OTHERS} | {name: sum(row[name] for row in rest) for name in SUMS}]


def _row(sums: dict[str, Any], *, whole_month: bool) -> dict[str, Any]:
    customers, monthly = int(sums["customers"]), int(sums["monthly"])
    low, high = wilson(int(sums["buyers"]), customers)
    least, most = mean_interval(customers, sums["revenue"], sums["squares"])
    sticky: dict[str, Any] = dict.fromkeys(("stickiness", "stickiness_low", "stickiness_high"))
    if whole_month and monthly:
        ends = mean_interval(monthly, sums["days"], sums["day_squares"])
        shares = [sums["days"] / monthly / MONTH, *(end if end is None else end / MONTH for end in ends)]
        sticky = dict(zip(sticky, shares, strict=True))
    return {
        **{name: sums[name] for name in ("group", "customers", "buyers", "orders", "revenue")},
        "conversion": sums["buyers"] / customers,
        "low": low,
        "high": high,
        "per_customer": sums["revenue"] / customers,
        "per_customer_low": least,
        "per_customer_high": most,
        **sticky,
    }


def _headline(found: list[dict[str, Any]], least: int) -> dict[str, Any]:
    """Return how many customers there are, of how many the place is known, and how many live in the largest one.

    The last is not said of a place with fewer than `least` customers.
    """
    customers = sum(int(row["customers"]) for row in found)
    known = [int(row["customers"]) for row in found if row["group"]]
    low, high = wilson(sum(known), customers)
    largest = max(known, default=0)
    said = largest >= least
    ends = wilson(largest, sum(known)) if said else (None, None)
    share = sum(known) / customers if customers else None
    return {
        "customers": reading(customers, n=customers, unit="customers", label="Customers"),
        "known": reading(
            share, low=low, high=high, n=customers, unit="customers", label="Share whose place is known", format="share"
        ),
        "largest": reading(
            largest / sum(known) if said and known else None, low=ends[0], high=ends[1], n=sum(known), unit="customers",
            label="Share at the largest place", format="share",
        ),
    }  # fmt: skip
