"""Who comes back: customers by the period of their first activity, followed through later periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.activity import Span
from regulars.insights.breakdown import ByCustomers, Groups, check_of_customers
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import ByPeriod, FromDay, KindParams, check_order, shown_from, understood
from regulars.insights.periods import Period, first_day, last_day, number_of
from regulars.insights.retention_cells import SIZE, Cells, Variant, count_cells

if TYPE_CHECKING:
    from regulars.insights.sources import Sources

HEADLINE_PERIODS: dict[Period, tuple[int, ...]] = {"day": (1, 7, 28), "week": (1, 4, 8), "month": (1, 3, 6)}
X_TITLES: dict[Period, str] = {
    "day": "Days since the first",
    "week": "Weeks since the first",
    "month": "Months since the first",
}
LATER_TITLES: dict[Period, str] = {"day": "Days later", "week": "Weeks later", "month": "Months later"}
_FIGURES = {
    "period": pa.int64(),
    "customers": pa.int64(),
    "returned": pa.int64(),
    "share": pa.float64(),
    "low": pa.float64(),
    "high": pa.float64(),
}
SCHEMA = pa.schema({"cohort": pa.date32(), **_FIGURES})
GROUPED = pa.schema({"group": pa.string(), **_FIGURES})


class RetentionParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `retention`."""

    from_: FromDay = None
    period: ByPeriod = "week"
    periods: Annotated[int, Meta(description="How many periods to follow a cohort.", ge=1, le=104)] = 12
    settling_days: Annotated[
        int,
        Meta(
            description="Cohorts that begin within this many days of the first event stay out of the headline: "
            "mostly they are customers who were there before the data began.",
            ge=0,
        ),
    ] = 56
    variant: Annotated[
        Variant,
        Meta(
            description="first-time: customers by their first activity, back in just that period; unbounded: back in "
            "that period or a later one of those followed; recurring: everyone active in a period, new or not."
        ),
    ] = "first-time"
    cohort_kinds: Annotated[
        tuple[str, ...], Meta(description="Only these kinds put a customer into a cohort. By default those of 'kinds'.")
    ] = ()
    return_kinds: Annotated[
        tuple[str, ...], Meta(description="Only these kinds count as coming back. By default those of 'kinds'.")
    ] = ()
    breakdown: ByCustomers = ""
    groups: Groups = 8

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins, kinds that are no activity, and a dimension of events."""
        super().__post_init__()
        check_order(self.from_, self.to)
        for where, kinds in (("cohort_kinds", self.cohort_kinds), ("return_kinds", self.return_kinds)):
            if by_shop := sorted(BY_SHOP.intersection(kinds)):
                raise UsageError(f"'{by_shop[0]}' is done by the shop, so it is not activity of customers", where=where)
        check_of_customers(self.breakdown)


def retention(sources: Sources, params: RetentionParams) -> Table:
    """Return, for each cohort and period, the share of its customers who were active again.

    A cohort is everyone whose first activity lies in one period; period 0 is that period, so its share is 1.
    One row a cell: cohort (its first day), period, customers (in the cohort), returned, share and its 95%
    Wilson interval. Cells whose period has not ended by the last day are left out. Cohorts without customers
    have no rows. The first cohorts of the data hold customers who were there before it began: they are shown, and
    left out of the headline (unless there are no others).

    Variants:

    - recurring: a cohort is everyone active in one period, whether new or not; a customer is in as many cohorts
      as periods with activity. Within a cohort each counts once; pooled numbers count a customer several times,
      so they have no interval.
    - unbounded: returned counts who came in that period or a later one, up to period `periods`. A cohort is shown
      only when all its `periods` have ended: before, its numbers could still grow.

    With `cohort_kinds` or `return_kinds` one kind of activity makes the cohort and another is the return; then
    period 0 says who did the second in the very period of the first, whichever came first.

    With a breakdown there is one row a group and period: the pooled cohorts that reached the period (those of the
    headline), '' where the dimension is not known, small groups as one.
    """
    span = sources.span(params.to)
    cells: Cells = {}
    first, settled = None, date.min
    if span is not None:
        first = shown_from(params.from_, span, params.period)
        if params.variant != "recurring":
            settled = span.first + timedelta(days=params.settling_days)
        cells = count_cells(sources, params, span, number_of(first, params.period))
    by_group = {group: _dense(found, span, params) for group, found in cells.items()}
    # The same cohorts for every group: those that have settled, unless no group has one.
    if any(row["cohort"] >= settled for rows in by_group.values() for row in rows):
        pooled = {group: [row for row in rows if row["cohort"] >= settled] for group, rows in by_group.items()}
    else:
        pooled = by_group
    if params.breakdown:
        rows = [row for group, found in pooled.items() for row in _by_period(group, found, params)]
    else:
        rows = by_group.get("", [])
    return Table(
        "retention",
        pa.Table.from_pylist(rows, schema=GROUPED if params.breakdown else SCHEMA),
        _plot(params),
        understood(params, span, first),
        headline=_headline([row for found in pooled.values() for row in found], params),
        columns={"period": Column("Periods later")},
    )


def _dense(cells: dict[tuple[int, int], int], span: Span | None, params: RetentionParams) -> list[dict[str, Any]]:
    """Add the cells where nobody came, leave out those that are not over."""
    rows: list[dict[str, Any]] = []
    last = span.last if span else date.min
    for cohort in sorted({cohort for cohort, _since in cells}):
        size, start = cells[cohort, SIZE], first_day(cohort, params.period)
        if params.variant == "unbounded" and last_day(cohort + params.periods, params.period) > last:
            break
        for since in range(params.periods + 1):
            if last_day(cohort + since, params.period) > last:
                break
            rows.append({"cohort": start, "period": since, **_figures(size, cells.get((cohort, since), 0))})
    return rows


def _figures(customers: int, returned: int, *, sure: bool = True) -> dict[str, Any]:
    low, high = wilson(returned, customers) if sure else (None, None)
    share = returned / customers if customers else None
    return {"customers": customers, "returned": returned, "share": share, "low": low, "high": high}


def _pool(rows: list[dict[str, Any]], since: int, params: RetentionParams) -> dict[str, Any]:
    """Return the figures of all cohorts that reached a period together.

    Every customer is in one cohort, so the pooled count is one binomial sample and Wilson's interval holds;
    but not where they recur.
    """
    reached = [row for row in rows if row["period"] == since]
    customers, returned = (sum(row[name] for row in reached) for name in ("customers", "returned"))
    return _figures(customers, returned, sure=params.variant != "recurring")


def _by_period(group: str, rows: list[dict[str, Any]], params: RetentionParams) -> list[dict[str, Any]]:
    periods = sorted({row["period"] for row in rows})
    return [{"group": group, "period": since, **_pool(rows, since, params)} for since in periods]


def _headline(rows: list[dict[str, Any]], params: RetentionParams) -> dict[str, Any]:
    """Pool the cohorts that have reached a period: all their returns over all customers."""
    found: dict[str, Any] = {}
    unit = "customers" if params.variant != "recurring" else "customer periods"
    for since in HEADLINE_PERIODS[params.period]:
        if since <= params.periods:
            pool = _pool(rows, since, params)
            found[f"{params.period}_{since}"] = reading(
                pool["share"], low=pool["low"], high=pool["high"], n=pool["customers"], unit=unit
            )
    return found


def _plot(params: RetentionParams) -> Plot:
    first = params.variant != "recurring"
    title = "How many come back after their first visit" if first else "How many come back after a visit"
    since = (X_TITLES if first else LATER_TITLES)[params.period]
    share = "Share who came back"
    if params.breakdown:
        line = Series(x="period", y="share", name=share, format=".0%", split="group", low="low", high="high")
        return Plot(title=title, series=[line], x_title=since, y_title=share)
    heat = Series(x="period", y="cohort", z="share", name=share, kind="heatmap", format=".0%")
    begun = "First active in the period from" if first else "Active in the period from"
    return Plot(title=title, series=[heat], x_title=since, y_title=begun)
