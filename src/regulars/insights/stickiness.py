"""How often customers come back: daily, weekly and monthly active customers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, active_days, shopper_events
from regulars.insights.breakdown import ByCustomers, Groups, check_of_customers
from regulars.insights.dimensions import top_groups, with_group
from regulars.insights.intervals import WEEKS, change_of_weekly_means, reading
from regulars.insights.params import FromDay, KindParams, check_order, shown_from, understood

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.insights.sources import Sources

WEEK = 7
LONG_AGO, FAR_AHEAD = -1_000_000, 10_000_000
"""Days since 1970 that nobody was active on."""
HEADLINE_DAYS = WEEKS * WEEK
PLOT = Plot(
    title="How many of the month's customers come on a day",
    series=[
        Series(x="day", y="stickiness", name="Stickiness (DAU/MAU)", format=".1%"),
        Series(x="day", y="smoothed", name="Mean over the window", format=".1%"),
    ],
    x_title="Day",
    y_title="Share of monthly active customers",
)
SCHEMA = pa.schema(
    {
        "day": pa.date32(),
        "dau": pa.int64(),
        "wau": pa.int64(),
        "mau": pa.int64(),
        "stickiness": pa.float64(),
        "smoothed": pa.float64(),
        "complete": pa.bool_(),
    }
)


GROUPED = pa.schema([pa.field("group", pa.string()), *SCHEMA])
GROUPED_PLOT = Plot(
    title=PLOT.title,
    series=[Series(x="day", y="smoothed", name="Mean over the window", format=".1%", split="group")],
    x_title=PLOT.x_title,
    y_title=PLOT.y_title,
)


class StickinessParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `stickiness`."""

    from_: FromDay = None
    window: Annotated[
        int, Meta(description="Days a customer counts as monthly active (MAU), today included.", ge=2, le=365)
    ] = 28
    breakdown: ByCustomers = ""
    groups: Groups = 8

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins, and a dimension of events."""
        super().__post_init__()
        check_order(self.from_, self.to)
        check_of_customers(self.breakdown)


def stickiness(sources: Sources, params: StickinessParams) -> Table:
    """Count daily, weekly (7 days) and monthly (`window` days) active customers, and DAU ÷ MAU.

    `smoothed` is the mean DAU over the window ÷ MAU: the share of days on which a monthly active customer
    comes. A day nobody came has DAU 0; a ratio without customers is null. Days whose window begins before the
    data are shown with `complete` false; their `smoothed` is null and the headline leaves them out. With a
    breakdown each group has these rows, the groups with most active days first; the headline is of everyone.
    """
    span = sources.span(params.to)
    schema, plot = (GROUPED, GROUPED_PLOT) if params.breakdown else (SCHEMA, PLOT)
    if span is None:
        return Table("stickiness", schema.empty_table(), plot, understood(params, None), headline=_headline({}))
    active = active_days(shopper_events(sources.events, params.kinds, last=span.bound))
    if params.breakdown:
        active = with_group(sources, active, params.breakdown, span.last)
    counts = sources.run(entries_and_exits(active, params.window))
    first = shown_from(params.from_, span, "day")
    columns = _series(counts, span, params.window)
    skipped = (first - span.first).days
    if params.breakdown:
        shown = [
            _named(group, _rows(_series(part, span, params.window), span).slice(skipped))
            for group, part in _by_group(counts, params.groups)
        ]
        rows = pa.concat_tables([GROUPED.empty_table(), *shown])
    else:
        rows = _rows(columns, span).slice(skipped)
    return Table("stickiness", rows, plot, understood(params, span, first), headline=_headline(columns))


def entries_and_exits(active: ir.Table, window: int) -> ir.Table:
    """Count, by day, the active customers and those that enter and leave the 7-day and `window`-day sets.

    With a column `group`, which each customer has one value of, by group as well.

    A customer's days closer than w apart form one run, during which the customer is counted once: the first
    day of a run enters, and the last day leaves w days later. Exact, in one pass, without joining days.
    """
    keys = [name for name in active.columns if name == "group"]
    days = active.select("subject", *keys, number=_.day.epoch_days())
    people = days.group_by(["subject", *keys]).aggregate(days=_.number.collect())
    # Each customer's days in a list of their own, which costs less than a window over all of them; the far days at
    # both ends are the gaps before the first and after the last.
    ends = [ibis.array([ibis.literal(far, "int64")]) for far in (LONG_AGO, FAR_AHEAD)]
    column: Any = people["days"]
    lists = people.select(*keys, days=ends[0].concat(column.sort()).concat(ends[1]))
    column = lists["days"]
    visits = lists.select(*keys, "days", at=ibis.range(ibis.literal(1, "int64"), column.length() - 1).unnest())
    column, at = visits["days"], cast("Any", visits["at"])
    gaps = visits.select(
        *keys, number=column[at], before=column[at] - column[at - 1], after=column[at + 1] - column[at]
    )
    sums = {"dau": _.count()}
    for name, width in (("week", WEEK), ("month", window)):
        sums[f"{name}_in"] = (_.before >= width).ifelse(1, 0).sum()
        sums[f"{name}_out"] = (_.after >= width).ifelse(1, 0).sum()
    return gaps.group_by([*keys, "number"]).aggregate(**sums)


def _by_group(counts: pa.Table, limit: int) -> list[tuple[str, pa.Table]]:
    """Return the counts of each group, those with most active days first, what is beyond `limit` as one.

    Nobody is in two groups, so counts of groups add up.
    """
    names, active = counts["group"].to_pylist(), counts["dau"].to_pylist()
    sizes: dict[str, float] = {}
    for name, days in zip(names, active, strict=True):
        sizes[name] = sizes.get(name, 0) + days
    shown = top_groups(sizes, limit)
    found: list[tuple[str, pa.Table]] = []
    for group in dict.fromkeys(shown.values()):
        chosen = [at for at, name in enumerate(names) if shown[name] == group]
        found.append((group, counts.take(chosen)))
    return found


def _series(counts: Any, span: Span, window: int) -> dict[str, NDArray[Any]]:
    """Lay the counts on every day of the span and add them up."""
    place = counts["number"].to_numpy() - (span.first - date(1970, 1, 1)).days
    dense: dict[str, NDArray[np.int64]] = {}
    for name in counts.column_names:
        if name not in ("group", "number"):
            dense[name] = np.zeros(span.days, np.int64)
            # A day comes once for each group that is counted here.
            np.add.at(dense[name], place, counts[name].to_numpy())
    dau = dense["dau"]
    mau = _distinct(dense["month_in"], dense["month_out"], window)
    complete = np.arange(span.days) >= window - 1
    total = np.cumsum(dau)
    total[window:] = total[window:] - np.cumsum(dau)[:-window]
    ratio = np.divide(dau, mau, out=np.full(span.days, np.nan), where=mau > 0)
    smooth = np.divide(total / window, mau, out=np.full(span.days, np.nan), where=complete & (mau > 0))
    return {
        "dau": dau,
        "wau": _distinct(dense["week_in"], dense["week_out"], WEEK),
        "mau": mau,
        "stickiness": ratio,
        "smoothed": smooth,
        "complete": complete,
    }


def _distinct(enters: NDArray[np.int64], leaves: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    change = enters.copy()
    change[width:] -= leaves[:-width]
    return np.cumsum(change)


def _rows(columns: dict[str, NDArray[Any]], span: Span) -> pa.Table:
    days = [span.first + timedelta(days=i) for i in range(span.days)]
    arrays = [pa.array(days)] + [pa.array(values, from_pandas=True) for values in columns.values()]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _named(group: str, rows: pa.Table) -> pa.Table:
    return pa.Table.from_arrays([pa.array([group] * rows.num_rows, pa.string()), *rows.columns], schema=GROUPED)


def _headline(columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return mean DAU and stickiness of the last 28 complete days, MAU of the last day, and the change.

    The change is against the 28 days before; see `change_of_weekly_means` for its interval.
    """
    names = ("dau", "mau", "stickiness", "stickiness_change")
    if not columns:
        return {name: reading(None) for name in names}
    complete = columns["complete"]
    # A day with an empty window has nothing to divide by, and nobody who came.
    ratios = np.nan_to_num(columns["stickiness"][complete])
    recent, previous = ratios[-HEADLINE_DAYS:], ratios[-2 * HEADLINE_DAYS : -HEADLINE_DAYS]
    daily = columns["dau"][-HEADLINE_DAYS:]
    change = reading(None)
    if len(previous) == HEADLINE_DAYS:
        weekly = [part.reshape(WEEKS, WEEK).mean(axis=1).tolist() for part in (recent, previous)]
        value, low, high = change_of_weekly_means(*weekly)
        change = reading(value, low=low, high=high, n=2 * WEEKS, unit="weeks")
    last_mau = int(columns["mau"][-1]) if complete[-1] else None
    mean = float(recent.mean()) if len(recent) else None
    readings = (
        reading(float(daily.mean()), n=len(daily), unit="days"),
        reading(last_mau, n=last_mau, unit="customers"),
        reading(mean, n=len(recent), unit="days"),
        change,
    )
    return dict(zip(names, readings, strict=True))
