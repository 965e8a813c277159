"""How long until they come back: the time from a customer's activity to the next, as a Kaplan–Meier curve."""

from __future__ import annotations

from datetime import date
from math import isnan
from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.breakdown import Groups
from regulars.insights.dimensions import OF_EVENTS, is_of_customers, top_groups, with_group
from regulars.insights.intervals import reading
from regulars.insights.kaplan_meier import Curve, kaplan_meier, log_rank
from regulars.insights.params import KindParams, check_order, understood
from regulars.insights.periods import EPOCH

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

HEADLINE_DAYS = (1, 7, 30, 90)
SCHEMA = pa.schema(
    {
        "days": pa.int64(),
        "at_risk": pa.int64(),
        "returned": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
GROUPED = pa.schema([pa.field("group", pa.string()), *SCHEMA])
COLUMNS = {
    "days": Column("Days since"),
    "at_risk": Column("Not yet back"),
    "returned": Column("Came back that day"),
    "share": Column("Came back by then", "share"),
}


class ReturnsParams(KindParams, frozen=True, kw_only=True):
    """Parameters of `time-to-return`."""

    from_: Annotated[
        date | None, Meta(description="Only activity from this day on starts a wait. By default all of it.")
    ] = None
    after: Annotated[
        Literal["first", "each"],
        Meta(
            description="first: the wait after each customer's first activity, one a customer; each: after every "
            "active day, so that frequent customers count more, and no interval can be given."
        ),
    ] = "first"
    days: Annotated[int, Meta(description="How many days of the curve to show.", ge=1, le=1000)] = 180
    breakdown: Annotated[
        str,
        Meta(
            description="A curve for each value of a dimension known when the wait begins: one of events, such as "
            "channel, device or kind, or first_month. What is only known later, such as segment, would explain "
            "the return by itself and is refused."
        ),
    ] = ""
    groups: Groups = 6
    settling_days: Annotated[
        int,
        Meta(
            description="Customers first seen within this many days of the first event stay out of 'first', where "
            "there are others: mostly they were there before the data began.",
            ge=0,
        ),
    ] = 56

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins, and what is not known at the start."""
        super().__post_init__()
        check_order(self.from_, self.to)
        if self.breakdown:
            _ = _known_at_start(self.breakdown, self.after)


def time_to_return(sources: Sources, params: ReturnsParams) -> Table:
    """Estimate the share of customers who are back within t days: 1 − S(t) of `kaplan_meier`.

    A wait begins on a day with activity (of `kinds`) and ends on the customer's next such day. Who is not back
    by the last day is known to have waited until then, and no longer. By default every customer gives one wait,
    the one after their first activity, so waits are independent and the interval (Greenwood, log −log) and the
    log-rank test hold. With `after="each"` a customer gives as many waits as they have active days: those are
    alike, so neither an interval nor a test is given.

    One row a day on which somebody came back: days, at_risk (waiting before that day), returned (on that day),
    share (back by then) and its 95% interval; with a breakdown also group, '' where not known. A breakdown by a
    dimension of events is its value at the first event (by time, then id) of the starting day that has one.
    """
    schema = GROUPED if params.breakdown else SCHEMA
    span = sources.span(params.to)
    if span is None:
        empty = schema.empty_table()
        return Table(
            "time-to-return", empty, _plot(params), understood(params, None), headline=_headline({}), columns=COLUMNS
        )
    counts = sources.run(waits(sources, params, span)).to_pylist()
    if params.after == "first" and any(row["settled"] for row in counts):
        counts = [row for row in counts if row["settled"]]
    sure = params.after == "first"
    curves = _curves(counts, params.groups)
    rows = [row for group, curve in curves.items() for row in _rows(group, curve, params.days, sure=sure)]
    return Table(
        "time-to-return",
        pa.Table.from_pylist(rows, schema=schema),
        _plot(params),
        understood(params, span, params.from_),
        headline=_headline(curves, sure=sure),
        columns=COLUMNS,
    )


def waits(sources: Sources, params: ReturnsParams, span: Span) -> ir.Table:
    """Count waits by group, whether they began after the settling days, and length in days.

    Columns: group, settled, days, returned (waits that ended then), waiting (not over when the data end).
    """
    chosen = shopper_events(sources.events, params.kinds, last=span.last)
    days = chosen.select("subject", "day").distinct().mutate(number=_.day.epoch_days())
    order = ibis.window(group_by="subject", order_by="number")
    days = days.mutate(after=_.number.lead().over(order), before=_.number.lag().over(order))
    starts = days.filter(_.before.isnull()) if params.after == "first" else days
    if params.from_ is not None:
        starts = starts.filter(_.number >= _number(params.from_))
    group: ir.Value = ibis.literal("")
    if params.breakdown:
        starts = _with_start_group(sources, starts, chosen, params, span.last)
        group = starts["group"]
    settled = _number(span.first) + params.settling_days
    starts = starts.select(
        group=group,
        settled=_.number >= settled,
        days=_.after.fill_null(_number(span.last)) - _.number,
        back=_.after.notnull(),
    )
    return starts.group_by(["group", "settled", "days"]).aggregate(
        returned=_.back.ifelse(1, 0).sum(), waiting=_.back.ifelse(0, 1).sum()
    )


def _known_at_start(name: str, after: str) -> str:
    """Return the dimension of events to look at on the starting day; 'first_month' as it is.

    Raises
    ------
    UsageError
        The dimension does not exist, or may be known only later.
    """
    plain = name.removeprefix("first_") if after == "first" else name
    if name == "first_month" or plain in OF_EVENTS or plain.startswith("property:"):
        return name if name == "first_month" else plain
    _ = is_of_customers(name)
    raise UsageError(
        f"'{name[:80]}' may be known only after the wait began, so it cannot explain it",
        where="breakdown",
        fix=f"Use first_month, property:NAME or one of {', '.join(OF_EVENTS)}.",
    )


def _with_start_group(
    sources: Sources, starts: ir.Table, chosen: ir.Table, params: ReturnsParams, as_of: date
) -> ir.Table:
    name = _known_at_start(params.breakdown, params.after)
    if name == "first_month":
        return with_group(sources, starts, name, as_of)
    # Only what was done on the days that begin a wait can tell.
    chosen = chosen.semi_join(starts, ["subject", "day"])
    known = with_group(sources, chosen, name, as_of).filter(_.group != "")
    # The smallest of (time, id, group) is the first event's: no sorting.
    event: Any = ibis.struct({"time": known["time"], "id": known["id"], "group": known["group"]})
    known = known.group_by(["subject", "day"]).aggregate(event=event.min())
    known = known.select("subject", "day", group=_.event["group"])
    joined = starts.left_join(known, ["subject", "day"])
    return joined.drop("subject_right", "day_right").mutate(group=_.group.fill_null(""))


def _number(day: date) -> int:
    return (day - EPOCH).days


def _curves(counts: list[dict[str, Any]], limit: int) -> dict[str, Curve]:
    """Return group → curve, the largest groups first, what is beyond `limit` as one."""
    sizes: dict[str, float] = {}
    for row in counts:
        sizes[row["group"]] = sizes.get(row["group"], 0) + row["returned"] + row["waiting"]
    shown = top_groups(sizes, limit)
    parts: dict[str, dict[int, list[int]]] = {name: {} for name in dict.fromkeys(shown.values())}
    for row in counts:
        pair = parts[shown[row["group"]]].setdefault(row["days"], [0, 0])
        pair[0] += row["returned"]
        pair[1] += row["waiting"]
    return {name: _curve(part) for name, part in parts.items()}


def _curve(part: dict[int, list[int]]) -> Curve:
    times = sorted(part)
    return kaplan_meier(times, [part[t][0] for t in times], [part[t][1] for t in times])


def _rows(group: str, curve: Curve, last: int, *, sure: bool) -> list[dict[str, Any]]:
    """Return where the curve steps, its beginning, and where what is shown of it ends."""
    total = int(curve.at_risk[0])
    rows: list[dict[str, Any]] = [{"group": group, "days": 0, "at_risk": total, "returned": 0, "share": 0.0}]
    for t, at_risk, events, survival in zip(curve.times, curve.at_risk, curve.events, curve.survival, strict=True):
        if t <= last and events:
            row = {"days": int(t), "at_risk": int(at_risk), "returned": int(events), "share": 1 - float(survival)}
            rows.append({"group": group, **row})
    end = min(last, int(curve.times[-1]))
    if end > rows[-1]["days"]:
        left = int(curve.at_risk[curve.times >= end][0])
        rows.append({"group": group, "days": end, "at_risk": left, "returned": 0, "share": rows[-1]["share"]})
    for row in rows:
        row["low"], row["high"] = _ends(curve, row["days"]) if sure else (None, None)
    return rows


def _ends(curve: Curve, day: int) -> tuple[float | None, float | None]:
    """Return the interval of the share back by a day."""
    found = curve.at(day)
    if found is None or isnan(found[1]):
        return None, None
    return 1 - found[2], 1 - found[1]


def _headline(curves: dict[str, Curve], *, sure: bool = True) -> dict[str, Any]:
    """Return, of all groups together, the median wait and the shares back by some days; and whether groups differ."""
    parts: dict[int, list[int]] = {}
    for curve in curves.values():
        for t, events, censored in zip(curve.times, curve.events, curve.censored, strict=True):
            pair = parts.setdefault(int(t), [0, 0])
            pair[0] += int(events)
            pair[1] += int(censored)
    whole = _curve(parts)
    n, unit = int(whole.at_risk[0]) if parts else 0, "customers" if sure else "visits"
    middle, *ends = whole.median()
    low, high = ends if sure else (None, None)
    label = "Median days until back"
    found = {"median_days": reading(middle, n=n, unit=unit, low=low, high=high, label=label)}
    for day in HEADLINE_DAYS:
        at = whole.at(day)
        low_share, high_share = _ends(whole, day) if sure else (None, None)
        found[f"returned_{day}"] = reading(
            1 - at[0] if at else None, n=n, unit=unit, low=low_share, high=high_share,
            label=f"Back within {day} days" if day > 1 else "Back the next day", format="share",
        )  # fmt: skip
    test = log_rank(list(curves.values())) if sure and len(curves) > 1 else None
    if test is not None:
        found["log_rank_p"] = reading(test.p, n=n, unit=unit, label="Groups alike (log-rank p)")
    return found


def _plot(params: ReturnsParams) -> Plot:
    curve = Series(
        x="days", y="share", name="Came back by then", format=".0%", low="low", high="high", step=True,
        split="group" if params.breakdown else "",
    )  # fmt: skip
    first = params.after == "first"
    return Plot(
        title="How long until they come back" if not first else "How long until new customers come back",
        series=[curve],
        x_title="Days since",
        y_title="Came back by then",
    )


__all__ = ["ReturnsParams", "time_to_return", "waits"]
