"""Who comes back: customers by the period of their first activity, followed through later periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Run, Span, data_span, shopper_events
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import ByPeriod, FromDay, KindParams, check_order, shown_from, understood
from regulars.insights.periods import Period, first_day, last_day, number_of, period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

HEADLINE_PERIODS: dict[Period, tuple[int, ...]] = {"day": (1, 7, 28), "week": (1, 4, 8), "month": (1, 3, 6)}
X_TITLES: dict[Period, str] = {
    "day": "Days since the first",
    "week": "Weeks since the first",
    "month": "Months since the first",
}
SCHEMA = pa.schema(
    {
        "cohort": pa.date32(),
        "period": pa.int64(),
        "customers": pa.int64(),
        "returned": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)


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

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        super().__post_init__()
        check_order(self.from_, self.to)


def retention(events: ir.Table, params: RetentionParams, run: Run) -> Table:
    """Return, for each cohort and period, the share of its customers who were active again.

    A cohort is everyone whose first activity lies in one period; period 0 is that period, so its share is 1.
    One row a cell: cohort (its first day), period, customers (in the cohort), returned, share and its 95%
    Wilson interval. Cells whose period has not ended by the last day are left out. Cohorts without customers
    have no rows. The first cohorts of the data hold customers who were there before it began: they are shown, and
    left out of the headline (unless there are no others).
    """
    span = data_span(events, run, params.to)
    if span is None:
        empty = SCHEMA.empty_table()
        return Table(
            "retention",
            empty,
            _plot(params),
            understood(params, None),
            headline=_headline(empty.to_pylist(), params, date.min),
        )
    first = shown_from(params.from_, span, params.period)
    chosen = shopper_events(events, params.kinds, last=span.last)
    expression = cohort_cells(chosen, params.period, params.periods, number_of(first, params.period))
    cells = {(r["cohort"], r["since"]): r["customers"] for r in run(expression).to_pylist()}
    rows = _dense(cells, span, params)
    return Table(
        "retention",
        pa.Table.from_pylist(rows, schema=SCHEMA),
        _plot(params),
        understood(params, span, first),
        headline=_headline(rows, params, span.first + timedelta(days=params.settling_days)),
    )


def cohort_cells(chosen: ir.Table, period: Period, periods: int, first: int) -> ir.Table:
    """Count the customers of each cohort that were active `since` periods later (numbered periods)."""
    pairs = chosen.select("subject", number=period_number(_.day, period)).distinct()
    cohorts = pairs.mutate(cohort=_.number.min().over(ibis.window(group_by="subject")))
    cells = cohorts.mutate(since=_.number - _.cohort)
    cells = cells.filter(_.since <= periods, _.cohort >= first)
    return cells.group_by(["cohort", "since"]).aggregate(customers=_.count())


def _dense(cells: dict[tuple[int, int], int], span: Span, params: RetentionParams) -> list[dict[str, Any]]:
    """Add the cells where nobody came, leave out those that are not over."""
    rows: list[dict[str, Any]] = []
    for cohort in sorted({cohort for cohort, since in cells if since == 0}):
        size = cells[cohort, 0]
        for since in range(params.periods + 1):
            if last_day(cohort + since, params.period) > span.last:
                break
            returned = cells.get((cohort, since), 0)
            low, high = wilson(returned, size)
            start = first_day(cohort, params.period)
            values = (start, since, size, returned, returned / size, low, high)
            rows.append(dict(zip(SCHEMA.names, values, strict=True)))
    return rows


def _headline(rows: list[dict[str, Any]], params: RetentionParams, settled: date) -> dict[str, Any]:
    """Pool the shown cohorts from `settled` on that have reached a period: all their returns over all customers.

    Every customer is in one cohort, so the pooled count is one binomial sample and Wilson's interval holds.
    """
    rows = [row for row in rows if row["cohort"] >= settled] or rows
    found: dict[str, Any] = {}
    for since in HEADLINE_PERIODS[params.period]:
        if since > params.periods:
            continue
        reached = [row for row in rows if row["period"] == since]
        customers, returned = (sum(row[name] for row in reached) for name in ("customers", "returned"))
        low, high = wilson(returned, customers)
        share = returned / customers if customers else None
        found[f"{params.period}_{since}"] = reading(share, low=low, high=high, n=customers, unit="customers")
    return found


def _plot(params: RetentionParams) -> Plot:
    heat = Series(x="period", y="cohort", z="share", name="Share who came back", kind="heatmap", format=".0%")
    return Plot(
        title="How many come back after their first visit",
        series=[heat],
        x_title=X_TITLES[params.period],
        y_title="First active in the period from",
    )
