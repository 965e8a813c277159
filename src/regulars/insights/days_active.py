"""How regular customers are: on how many of the last days each was active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Run, active_days, data_span, days_before, shopper_events
from regulars.insights.intervals import mean_interval, reading, wilson
from regulars.insights.params import KindParams, understood

if TYPE_CHECKING:
    import ibis.expr.types as ir

PLOT = Plot(
    title="On how many days customers were active",
    series=[Series(x="days", y="customers", name="Customers", kind="bar")],
    x_title="Active days",
    y_title="Customers",
)
SCHEMA = pa.schema({"days": pa.int64(), "customers": pa.int64(), "share": pa.float64()})


class DaysActiveParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `days-active`."""

    window: Annotated[int, Meta(description="How many last days to look at.", ge=2, le=365)] = 28


def days_active(events: ir.Table, params: DaysActiveParams, run: Run) -> Table:
    """Count, of the customers active in the last `window` days, those active on 1, 2, … days.

    Every number of days from 1 to `window` has a row; customers who did not come at all are not counted.
    `from` in the answer's parameters is the first day looked at, which a short history moves forward.
    """
    span = data_span(events, run, params.to)
    counts: dict[int, int] = {}
    first = None
    if span is not None:
        first = days_before(span.last, params.window - 1)
        chosen = active_days(shopper_events(events, params.kinds, first, span.last))
        counts = {row["days"]: row["customers"] for row in run(histogram(chosen)).to_pylist()}
        first = max(first, span.first)
    total = sum(counts.values())
    rows = [
        {
            "days": days,
            "customers": counts.get(days, 0),
            "share": counts.get(days, 0) / total if total else None,
        }
        for days in range(1, params.window + 1)
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Table("days-active", table, PLOT, understood(params, span, first), headline=_headline(counts))


def histogram(active: ir.Table) -> ir.Table:
    """Count customers by their number of active days."""
    people = active.group_by("subject").aggregate(days=_.count())
    return people.group_by("days").aggregate(customers=_.count())


def _headline(counts: dict[int, int]) -> dict[str, Any]:
    """Return the customers, their mean active days, and the share with more than one, with 95% intervals."""
    total = sum(counts.values())
    days = sum(day * n for day, n in counts.items())
    mean_low, mean_high = mean_interval(total, days, sum(day * day * n for day, n in counts.items()))
    again = total - counts.get(1, 0)
    low, high = wilson(again, total)
    return {
        "customers": reading(total, n=total, unit="customers"),
        "mean_days": reading(days / total if total else None, low=mean_low, high=mean_high, n=total, unit="customers"),
        "more_than_once": reading(again / total if total else None, low=low, high=high, n=total, unit="customers"),
    }
