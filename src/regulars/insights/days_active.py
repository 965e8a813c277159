"""How regular customers are: on how many of the last days each was active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import active_days, days_before, shopper_events
from regulars.insights.breakdown import ByCustomers, Groups, check_of_customers
from regulars.insights.dimensions import top_groups, with_group
from regulars.insights.intervals import mean_interval, reading, wilson
from regulars.insights.params import KindParams, understood

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

SCHEMA = pa.schema({"days": pa.int64(), "customers": pa.int64(), "share": pa.float64()})
GROUPED = pa.schema([pa.field("group", pa.string()), *SCHEMA])


class DaysActiveParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `days-active`."""

    window: Annotated[int, Meta(description="How many last days to look at.", ge=2, le=365)] = 28
    breakdown: ByCustomers = ""
    groups: Groups = 8

    def __post_init__(self) -> None:
        """Refuse kinds that are no activity, and a dimension of events."""
        super().__post_init__()
        check_of_customers(self.breakdown)


def days_active(sources: Sources, params: DaysActiveParams) -> Table:
    """Count, of the customers active in the last `window` days, those active on 1, 2, … days.

    Every number of days from 1 to `window` has a row; customers who did not come at all are not counted.
    `from` in the answer's parameters is the first day looked at, which a short history moves forward. With a
    breakdown each group has these rows, and `share` is of the group's customers; the largest groups come first.
    """
    span = sources.span(params.to)
    by_group: dict[str, dict[int, int]] = {} if params.breakdown else {"": {}}
    first = None
    if span is not None:
        first = days_before(span.last, params.window - 1)
        active = active_days(shopper_events(sources.events, params.kinds, first, span.last))
        by_group |= _by_group(sources.run(histogram(_grouped(sources, active, params, span.last))), params.groups)
        first = max(first, span.first)
    rows = [row for group, counts in by_group.items() for row in _rows(group, counts, params.window)]
    table = pa.Table.from_pylist(rows, schema=GROUPED if params.breakdown else SCHEMA)
    everyone: dict[int, int] = {}
    for counts in by_group.values():
        for days, customers in counts.items():
            everyone[days] = everyone.get(days, 0) + customers
    return Table("days-active", table, _plot(params), understood(params, span, first), headline=_headline(everyone))


def histogram(active: ir.Table) -> ir.Table:
    """Count the customers of each group by their number of active days."""
    people = active.group_by(["subject", "group"]).aggregate(days=_.count())
    return people.group_by(["group", "days"]).aggregate(customers=_.count())


def _grouped(sources: Sources, active: ir.Table, params: DaysActiveParams, as_of: date) -> ir.Table:
    if not params.breakdown:
        return active.mutate(group=ibis.literal(""))
    return with_group(sources, active, params.breakdown, as_of)


def _by_group(found: pa.Table, limit: int) -> dict[str, dict[int, int]]:
    """Return group → days → customers, the largest groups first, what is beyond `limit` as one."""
    sizes: dict[str, float] = {}
    for row in found.to_pylist():
        sizes[row["group"]] = sizes.get(row["group"], 0) + row["customers"]
    shown = top_groups(sizes, limit)
    by_group: dict[str, dict[int, int]] = {name: {} for name in shown.values()}
    for row in found.to_pylist():
        counts = by_group[shown[row["group"]]]
        counts[row["days"]] = counts.get(row["days"], 0) + row["customers"]
    return by_group


def _rows(group: str, counts: dict[int, int], window: int) -> list[dict[str, Any]]:
    total = sum(counts.values())
    return [
        {
            "group": group,
            "days": days,
            "customers": counts.get(days, 0),
            "share": counts.get(days, 0) / total if total else None,
        }
        for days in range(1, window + 1)
    ]


def _plot(params: DaysActiveParams) -> Plot:
    bars = Series(x="days", y="customers", name="Customers", kind="bar")
    if params.breakdown:
        # Groups differ in size: their shapes are compared.
        bars = Series(x="days", y="share", name="Customers", kind="bar", format=".0%", split="group")
    title = "On how many days customers were active"
    return Plot(title=title, series=[bars], x_title="Active days", y_title="Customers")


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
