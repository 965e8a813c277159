"""Visits to the shop: how many, how long, how deep, and how many end in a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.activity import Span, shopper_events
from regulars.insights.dimensions import is_of_customers, with_group
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import ByPeriod, FromDay, Params, check_order, shown_from, understood
from regulars.insights.periods import first_day, last_day, number_of, period_number
from regulars.insights.sessioning import Boundary, numbered, sessions_by_gaps, sessions_of
from regulars.insights.shown_groups import Breakdown, Top, largest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

DURATIONS = (0, 10, 30, 60, 180, 600, 1800, 3600)
"""Seconds. The first bar is the sessions of no length, the last those of an hour and longer."""
DURATION_NAMES = ("0 s", "under 10 s", "10–30 s", "30–60 s", "1–3 min", "3–10 min", "10–30 min", "30–60 min", "1 h +")
DEEPEST = 20
PERIODS = pa.schema(
    {
        "period": pa.date32(),
        "group": pa.string(),
        "sessions": pa.int64(),
        "customers": pa.int64(),
        "per_customer": pa.float64(),
        "bounces": pa.float64(),
        "bounces_low": pa.float64(),
        "bounces_high": pa.float64(),
        "mean_seconds": pa.float64(),
        "median_seconds": pa.float64(),
        "per_session": pa.float64(),
        "bought": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "complete": pa.bool_(),
    }
)
BARS = pa.schema(
    {"bar": pa.string(), "sessions": pa.int64(), "share": pa.float64(), "low": pa.float64(), "high": pa.float64()}
)
COLUMNS = {
    "per_customer": Column("Sessions a customer"),
    "bounces": Column("Sessions with one event", "share"),
    "bounces_low": Column("Interval from", "share"),
    "bounces_high": Column("Interval to", "share"),
    "mean_seconds": Column("Mean duration", "duration"),
    "median_seconds": Column("Median duration", "duration"),
    "per_session": Column("Events a session"),
    "bought": Column("Sessions with a purchase", "share"),
    "bar": Column("Sessions of", "text"),
}


class SessionsParams(Params, frozen=True, kw_only=True):
    """Parameters of `sessions`."""

    from_: FromDay = None
    period: ByPeriod = "week"
    timeout: Annotated[
        int, Meta(description="Minutes without an event after which a session is over.", ge=1, le=1440)
    ] = 30
    boundary: Annotated[
        Boundary,
        Meta(
            description="What ends a session: inactivity; the sender's own session ids; or inactivity and a change of "
            "channel or campaign."
        ),
    ] = "inactivity"
    starts: Annotated[
        tuple[str, ...],
        Meta(description="Kinds of event that always begin a session, joined with commas. By default none."),
    ] = ()
    breakdown: Breakdown = ""
    top: Top = 5
    view: Annotated[
        Literal["periods", "duration", "depth"],
        Meta(description="Sessions in each period, or how long or how deep (in events) they are."),
    ] = "periods"

    def __post_init__(self) -> None:
        """Refuse what cannot be answered: a range that ends before it begins, unknown or silent kinds."""
        check_order(self.from_, self.to)
        if self.breakdown:
            _ = is_of_customers(self.breakdown)
        if self.starts and self.boundary == "sender":
            raise UsageError("the sender's sessions begin where the sender says", where="starts")
        if by_shop := sorted(BY_SHOP.intersection(self.starts)):
            raise UsageError(f"'{by_shop[0]}' is done by the shop and belongs to no session", where="starts")


def sessions(sources: Sources, params: SessionsParams) -> Table:
    """Cut what customers do into sessions, and count them in the period of their first event.

    A session is over after `timeout` minutes without an event; a gap of exactly that long does not end it. Events of
    one instant are in the order of their ids; what the shop does is not counted. With `boundary=sender` sessions are
    distinct (customer, session id), and events without an id are left out. `channel` and `campaign` also begin a
    session with an event whose value is known and differs from the last one known of the customer.

    A session lasts from its first event to its last: one with a single event lasts 0 seconds, and is counted in mean
    and median. `bounces` is the share of those with one event, `bought` of those with a purchase (95% Wilson
    intervals). A breakdown goes by the session's first event, or its customer. Sessions that begin before `from` are
    left out even where they end after it.
    """
    span = sources.span(params.to)
    if span is None:
        schema = PERIODS if params.view == "periods" else BARS
        answer, headline = schema.empty_table(), _headline(None)
        return Table("sessions", answer, _plot(params), understood(params, None), headline=headline, columns=COLUMNS)
    first = shown_from(params.from_, span, params.period)
    number = number_of(first, params.period)
    table = visits(sources, params, span).mutate(period=period_number(_.day, params.period)).filter(_.period >= number)
    table = table.mutate(seconds=(_.end - _.start) / 1e6)
    if params.view == "periods":
        counts = sources.run(by_period(table, params)).to_pylist()
        rows = pa.Table.from_pylist(_dense(counts, span, number, params), schema=PERIODS)
    else:
        bar = _duration_bar() if params.view == "duration" else _.events.clip(upper=DEEPEST)
        counts = sources.run(by_bar(table.mutate(bar=bar))).to_pylist()
        rows = pa.Table.from_pylist(_bars(counts, params), schema=BARS)
    whole = next((row for row in counts if row["whole"]), None)
    if not params.breakdown and params.view == "periods":
        rows = rows.drop_columns("group")
    shown = understood(params, span, first)
    return Table("sessions", rows, _plot(params), shown, headline=_headline(whole), columns=COLUMNS)


def visits(sources: Sources, params: SessionsParams, span: Span) -> ir.Table:
    """Return one row a session: subject, day, start, end, events, purchases, group."""
    rows = shopper_events(sources.events, last=span.bound)
    if params.boundary == "inactivity" and not params.starts and not params.breakdown:
        return sessions_by_gaps(rows, params.timeout, sources.micros).mutate(group=ibis.literal(""))
    grouped = (
        with_group(sources, rows, params.breakdown, span.last)
        if params.breakdown
        else rows.mutate(group=ibis.literal(""))
    )
    grouped = grouped.mutate(at=sources.micros(_.time))
    found = sessions_of(numbered(grouped, params.timeout, params.boundary, params.starts))
    return largest(found, params.top) if params.breakdown else found


def by_period(table: ir.Table, params: SessionsParams) -> ir.Table:
    """Add up sessions by period and group, and over all of them (`whole`)."""
    parts = _added(table.group_by(["period", "group"])).mutate(whole=ibis.literal(False))
    whole = _added(table).mutate(period=ibis.null("int64"), group=ibis.null("string"), whole=ibis.literal(True))
    return parts.mutate(period=_.period.cast("int64")).union(whole.select(parts.columns))


def by_bar(table: ir.Table) -> ir.Table:
    """Count sessions by `bar`, and add up all of them (`whole`)."""
    parts = _added(table.group_by("bar")).mutate(whole=ibis.literal(False), bar=_.bar.cast("int64"))
    whole = _added(table).mutate(bar=ibis.null("int64"), whole=ibis.literal(True))
    return parts.union(whole.select(parts.columns))


def _added(table: Any) -> ir.Table:
    return table.aggregate(
        sessions=_.count(),
        customers=_.subject.nunique(),
        bounces=(_.events == 1).ifelse(1, 0).sum(),
        seconds=_.seconds.sum(),
        median_seconds=_.seconds.median(),
        events=_.events.sum(),
        bought=(_.purchases > 0).ifelse(1, 0).sum(),
    )


def _duration_bar() -> Any:
    bounds = [(_.seconds <= 0, 0), *((_.seconds < bound, at) for at, bound in enumerate(DURATIONS) if at)]
    return ibis.cases(*bounds, else_=len(DURATIONS))


def _dense(counts: list[dict[str, Any]], span: Span, first: int, params: SessionsParams) -> list[dict[str, Any]]:
    found = {(row["period"], row["group"]): row for row in counts if not row["whole"]}
    sizes: dict[str, int] = {}
    for (_period, group), row in found.items():
        sizes[group] = sizes.get(group, 0) + row["sessions"]
    groups = sorted(sizes, key=lambda group: (-sizes[group], group)) or [""]
    rows: list[dict[str, Any]] = []
    for number in range(first, number_of(span.last, params.period) + 1):
        start, end = first_day(number, params.period), last_day(number, params.period)
        for group in groups:
            measures = _measures(found.get((number, group)))
            rows.append({"period": start, "group": group, **measures, "complete": span.covers(start, end)})
    return rows


def _measures(row: dict[str, Any] | None) -> dict[str, Any]:
    """Return the shares and means of added-up sessions; without sessions they are null."""
    if row is None or not row["sessions"]:
        return {"sessions": 0, "customers": 0}
    count = row["sessions"]
    bounces_low, bounces_high = wilson(row["bounces"], count)
    low, high = wilson(row["bought"], count)
    return {
        "sessions": count,
        "customers": row["customers"],
        "per_customer": count / row["customers"],
        "bounces": row["bounces"] / count,
        "bounces_low": bounces_low,
        "bounces_high": bounces_high,
        "mean_seconds": row["seconds"] / count,
        "median_seconds": row["median_seconds"],
        "per_session": row["events"] / count,
        "bought": row["bought"] / count,
        "low": low,
        "high": high,
    }


def _bars(counts: list[dict[str, Any]], params: SessionsParams) -> list[dict[str, Any]]:
    found = {row["bar"]: row["sessions"] for row in counts if not row["whole"]}
    if params.view == "duration":
        names = dict(enumerate(DURATION_NAMES))
    else:
        names = {n: f"{n} +" if n == DEEPEST else str(n) for n in range(1, DEEPEST + 1)}
    total = sum(found.values())
    rows: list[dict[str, Any]] = []
    for bar, name in names.items():
        count = found.get(bar, 0)
        low, high = wilson(count, total)
        share = count / total if total else None
        rows.append({"bar": name, "sessions": count, "share": share, "low": low, "high": high})
    return rows


def _headline(row: dict[str, Any] | None) -> dict[str, Any]:
    """Return what holds for all the sessions shown."""
    found = _measures(row)
    n = found["sessions"]
    by_sessions: dict[str, Any] = {"n": n, "unit": "sessions"}
    return {
        "sessions": reading(n, n=found["customers"], unit="customers", label="Sessions"),
        "per_customer": reading(
            found.get("per_customer"), n=found["customers"], unit="customers", label="Sessions a customer"
        ),
        "bounces": reading(
            found.get("bounces"), low=found.get("bounces_low"), high=found.get("bounces_high"),
            label="Sessions with one event", format="share", **by_sessions,
        ),
        "bought": reading(
            found.get("bought"), low=found.get("low"), high=found.get("high"),
            label="Sessions with a purchase", format="share", **by_sessions,
        ),
        "median_seconds": reading(
            found.get("median_seconds"), label="Median duration", format="duration", **by_sessions
        ),
        "per_session": reading(found.get("per_session"), label="Events a session", **by_sessions),
    }  # fmt: skip


def _plot(params: SessionsParams) -> Plot:
    if params.view != "periods":
        title = "How long sessions are" if params.view == "duration" else "How many events sessions have"
        x_title = "Duration" if params.view == "duration" else "Events"
        bars = Series(x="bar", y="share", name="Sessions", kind="bar", format=".0%", low="low", high="high")
        return Plot(title=title, series=[bars], x_title=x_title, y_title="Share of sessions")
    line = Series(x="period", y="sessions", name="Sessions", kind="bar", split="group" if params.breakdown else "")
    return Plot(
        title="Visits to the shop",
        series=[line],
        x_title="Period from",
        y_title="Sessions",
        stacked=bool(params.breakdown),
    )
