"""What customers do one after the other: flows step by step, the commonest paths, what follows what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.dimensions import is_of_customers, with_group
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import Params, check_order, understood
from regulars.insights.sessioning import Boundary, numbered
from regulars.insights.shown_groups import largest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

END, BEGIN = "(end)", "(begin)"
ARROW = " → "
FLOW = pa.schema(
    {
        "source": pa.string(),
        "target": pa.string(),
        "step": pa.int64(),
        "this": pa.string(),
        "next": pa.string(),
        "sessions": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
MATRIX = pa.schema([FLOW.field(name) for name in ("this", "next", "sessions", "share", "low", "high")])
PATHS = pa.schema([("path", pa.string()), *(FLOW.field(name) for name in ("sessions", "share", "low", "high"))])
COLUMNS = {
    "source": Column("From", "text"),
    "target": Column("To", "text"),
    "step": Column("Step"),
    "this": Column("This", "text"),
    "next": Column("Next", "text"),
    "path": Column("Path", "text"),
    "share": Column("Share", "share"),
}


class PathsParams(Params, frozen=True, kw_only=True):
    """Parameters of `paths`."""

    from_: Annotated[date | None, Meta(description="First day whose events count. By default the first there is.")] = (
        None
    )
    view: Annotated[
        Literal["flow", "paths", "matrix"],
        Meta(description="The flow from step to step, the commonest whole paths, or what follows what."),
    ] = "flow"
    by: Annotated[
        str,
        Meta(description="What the steps are: kind, or another dimension of events such as category, item or channel."),
    ] = "kind"
    start: Annotated[
        str, Meta(description="Follow sessions from the first event of this value on. By default from their begin.")
    ] = ""
    end: Annotated[
        str, Meta(description="Follow sessions back from the first event of this value. By default not.")
    ] = ""
    depth: Annotated[int, Meta(description="How many steps to follow.", ge=2, le=8)] = 5
    top: Annotated[
        int, Meta(description="How many values to show by name (the others are one), or how many paths.", ge=1, le=100)
    ] = 10
    collapse: Annotated[bool, Meta(description="Count the same value several times in a row as one step.")] = True
    timeout: Annotated[
        int, Meta(description="Minutes without an event after which a session, and its path, is over.", ge=1, le=525600)
    ] = 30
    boundary: Annotated[
        Boundary,
        Meta(
            description="What ends a session: inactivity; the sender's own session ids; or inactivity and a change of "
            "channel or campaign."
        ),
    ] = "inactivity"

    def __post_init__(self) -> None:
        """Refuse what cannot be answered: two anchors, a dimension that does not change within a session."""
        check_order(self.from_, self.to)
        if is_of_customers(self.by):
            raise UsageError(
                f"'{self.by[:80]}' is the same at every event of a customer", where="by", fix="Choose kind or category."
            )
        if self.start and self.end:
            raise UsageError("a path is followed from its start or back from its end, not both", where="end")


def paths(sources: Sources, params: PathsParams) -> Table:
    """Follow sessions from event to event by their kind, or another dimension.

    Sessions are cut as in `sessions`; events of one instant are in the order of their ids. An event whose value is
    not known is a step of its own, ''. With `collapse` the same value in a row is one step. Each session is one path:
    from its begin, or from its first event of `start` on, or back from its first event of `end`; sessions without
    that event are left out. `depth` steps are followed.

    flow
        Of the sessions at a step, how many go on to which value, and how many end there ('(end)'), or, going
        back, began there ('(begin)'). The values that are not among the `top` most frequent are one, '…'. Steps are
        collapsed before that.
    paths
        The `top` commonest paths; equally common ones in the order of their names. A path that is over before `depth`
        steps ends with '(end)' (or begins with '(begin)'). Shares are of all paths.
    matrix
        Of all steps of a value, which share is followed by which, or is the session's last. All steps
        of the path are counted, whatever `depth` says; going back, those up to `end`. Steps of one session are not
        independent, so the intervals (Wilson, 95%) are too narrow.
    """
    span = sources.span(params.to)
    schema = {"flow": FLOW, "paths": PATHS, "matrix": MATRIX}[params.view]
    if span is None:
        empty = schema.empty_table()
        shown = understood(params, None)
        return Table("paths", empty, _plot(params), shown, headline=_headline(0, 0, params), columns=COLUMNS)
    steps = sequence(sources, params, span)
    make = {"flow": flow, "paths": commonest, "matrix": transitions}[params.view]
    counts = sources.run(make(steps, params)).to_pylist()
    total, over = _totals(counts)
    finish = {"flow": _flow_rows, "paths": _path_rows, "matrix": _matrix_rows}[params.view]
    rows = pa.Table.from_pylist(finish([row for row in counts if not row["whole"]], total, params), schema=schema)
    first = max(params.from_, span.first) if params.from_ else span.first
    headline = _headline(total, over, params)
    return Table("paths", rows, _plot(params), understood(params, span, first), headline=headline, columns=COLUMNS)


def sequence(sources: Sources, params: PathsParams, span: Span) -> ir.Table:
    """Return the steps of every path: subject, number (of the session), group, place (0 at the anchor).

    Going back from an end, places count down to it: 0 is the end, 1 the step before.
    """
    rows = shopper_events(sources.events, first=params.from_, last=span.bound)
    rows = numbered(with_group(sources, rows, params.by, span.last), params.timeout, params.boundary)
    order = ibis.window(group_by=["subject", "number"], order_by=["time", "id"])
    if params.collapse:
        before = _.group.lag().over(order)
        rows = rows.mutate(again=(_.group == before).fill_null(False)).filter(~_.again)
    steps = rows.mutate(at=ibis.row_number().over(order))
    anchor = params.start or params.end
    if anchor:
        session = ibis.window(group_by=["subject", "number"])
        # As a comparison that is null elsewhere: the first place where it holds.
        first = (_.group == anchor).ifelse(_.at, ibis.null("int64")).min().over(session)
        steps = steps.mutate(anchor=first).filter(_.anchor.notnull())
        kept = _.at >= _.anchor if params.start else _.at <= _.anchor
        steps = steps.filter(kept)
        steps = steps.mutate(place=_.at - _.anchor if params.start else _.anchor - _.at)
    else:
        steps = steps.mutate(place=_.at)
    return steps.select("subject", "number", "group", place=_.place.cast("int64"))


def flow(steps: ir.Table, params: PathsParams) -> ir.Table:
    """Count, at each place before the last followed, how many go from which value to which."""
    # Sizes are taken of what is shown, so that the most frequent values of the first steps have names.
    shown = largest(steps.filter(_.place < params.depth), params.top)
    pairs = _followed(shown).filter(_.place < params.depth - 1)
    counts = pairs.group_by(["place", "group", "next"]).aggregate(sessions=_.count())
    return _with_whole(counts, steps)


def transitions(steps: ir.Table, params: PathsParams) -> ir.Table:
    """Count how many steps of each value are followed by each value."""
    pairs = _followed(largest(steps, params.top))
    if params.end:
        # Forwards again: what is followed going back comes after.
        pairs = pairs.mutate(group=_.next, next=_.group)
    counts = pairs.group_by(["group", "next"]).aggregate(sessions=_.count())
    return _with_whole(counts.mutate(place=ibis.null("int64")), steps)


def commonest(steps: ir.Table, params: PathsParams) -> ir.Table:
    """Count whole paths of up to `depth` steps, and return the commonest."""
    order = ibis.window(group_by=["subject", "number"], order_by="place")
    values = {f"s{ahead}": steps.group.lead(ahead).over(order) for ahead in range(1, params.depth)}
    wide = steps.mutate(s0=_.group, **values).filter(_.place == 0)
    names = [f"s{at}" for at in range(params.depth)]
    counts = wide.group_by(names).aggregate(sessions=_.count())
    # Null is beyond the end: no event has a value that is null.
    counts = counts.order_by([ibis.desc("sessions"), *(ibis.asc(name, nulls_first=True) for name in names)])
    counts = counts.limit(params.top).mutate(whole=ibis.literal(False))
    whole = _whole(steps).mutate(**{name: ibis.null("string") for name in names}, whole=ibis.literal(True))
    return counts.cast({"sessions": "int64"}).union(whole.select(counts.columns))


def _followed(steps: ir.Table) -> ir.Table:
    order = ibis.window(group_by=["subject", "number"], order_by="place")
    return steps.mutate(next=_.group.lead().over(order))


def _whole(steps: ir.Table) -> ir.Table:
    """Return how many paths there are."""
    firsts = (_.place == 0).ifelse(1, 0).sum()
    return steps.aggregate([firsts.fill_null(0).cast("int64").name("sessions")])


def _with_whole(counts: ir.Table, steps: ir.Table) -> ir.Table:
    """Return the counts, and a row with the number of paths; `next` is null at the end of a path."""
    counts = counts.select("place", "group", "next", sessions=_.sessions.cast("int64"), whole=ibis.literal(False))
    nothing = {"place": ibis.null("int64"), "group": ibis.null("string"), "next": ibis.null("string")}
    whole = _whole(steps).mutate(**nothing, whole=ibis.literal(True))
    return counts.union(whole.select(counts.columns))


def _totals(counts: list[dict[str, Any]]) -> tuple[int, int]:
    """Return how many paths there are, and how many of them go no further than their first step."""
    total = sum(row["sessions"] for row in counts if row["whole"])
    parts = [row for row in counts if not row["whole"]]
    over = sum(row["sessions"] for row in parts if row.get("place") == 0 and row.get("next") is None)
    return total, over


def _shared(rows: list[dict[str, Any]], total: int) -> list[dict[str, Any]]:
    """Add the share of a total, with its interval, to rows with `sessions`."""
    for row in rows:
        row["share"] = row["sessions"] / total if total else None
        row["low"], row["high"] = wilson(row["sessions"], total)
    return rows


def _flow_rows(counts: list[dict[str, Any]], total: int, params: PathsParams) -> list[dict[str, Any]]:
    back = bool(params.end)
    outside = BEGIN if back else END
    rows: list[dict[str, Any]] = []
    for place in sorted({row["place"] for row in counts}):
        here = [row for row in counts if row["place"] == place]
        for group in sorted({row["group"] for row in here}):
            parts = [row for row in here if row["group"] == group]
            size = sum(row["sessions"] for row in parts)
            for row in sorted(parts, key=lambda row: (-row["sessions"], row["next"] is None, row["next"] or "")):
                following = outside if row["next"] is None else row["next"]
                near, far = (-place, -place - 1) if back else (place + 1, place + 2)
                ends = [f"{near}:{group}", f"{far}:{following}"]
                source, target = reversed(ends) if back else ends
                line = {"source": source, "target": target, "step": near, "this": group, "next": following}
                rows += _shared([line | {"sessions": row["sessions"]}], size)
    return rows


def _matrix_rows(counts: list[dict[str, Any]], total: int, params: PathsParams) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = [
        {
            "this": BEGIN if row["group"] is None else row["group"],
            "next": END if row["next"] is None else row["next"],
            "sessions": row["sessions"],
        }
        for row in counts
    ]
    rows: list[dict[str, Any]] = []
    for this in sorted({row["this"] for row in named}):
        parts = sorted((row for row in named if row["this"] == this), key=lambda row: row["next"])
        rows += _shared(parts, sum(row["sessions"] for row in parts))
    return rows


def _path_rows(counts: list[dict[str, Any]], total: int, params: PathsParams) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for row in counts:
        values = [row[f"s{at}"] for at in range(params.depth)]
        path = [value for value in values if value is not None]
        if len(path) < params.depth:
            path.append(BEGIN if params.end else END)
        rows.append({"path": ARROW.join(reversed(path) if params.end else path), "sessions": row["sessions"]})
    rows.sort(key=lambda row: (-row["sessions"], row["path"]))
    return _shared(rows, total)


def _headline(total: int, over: int, params: PathsParams) -> dict[str, Any]:
    headline = {"sessions": reading(total, n=total, unit="sessions", label="Paths")}
    if params.view == "flow":
        low, high = wilson(over, total)
        label = "Share that begin there" if params.end else "Share that go no further"
        headline["over"] = reading(
            over / total if total else None, low=low, high=high, n=total, unit="sessions", label=label, format="share"
        )
    return headline


def _plot(params: PathsParams) -> Plot:
    if params.view == "paths":
        bars = Series(x="path", y="share", name="Share of sessions", kind="hbar", format=".0%", low="low", high="high")
        return Plot(title="The commonest paths", series=[bars], x_title="Share of sessions")
    if params.view == "matrix":
        heat = Series(x="next", y="this", z="share", name="Share that follows", kind="heatmap", format=".0%")
        return Plot(title="What follows what", series=[heat], x_title="Next", y_title="This")
    sankey = Series(x="source", y="target", z="sessions", name="Sessions", kind="sankey")
    return Plot(title="What customers do one after the other", series=[sankey])
