"""How many customers get from one step to the next, and how long it takes them."""

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
from regulars.insights.funnel_orders import in_any_order, later_in_time, ordered, strict
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import Params, check_order, understood
from regulars.insights.selection import ANY, Selection, read_duration, read_selection, selected
from regulars.insights.shown_groups import Breakdown, Top, largest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

MOST_STEPS = 8
SCHEMA = pa.schema(
    {
        "group": pa.string(),
        "step": pa.string(),
        "reached": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "of_previous": pa.float64(),
        "previous_low": pa.float64(),
        "previous_high": pa.float64(),
        "lost": pa.int64(),
        "median_seconds": pa.float64(),
        "p90_seconds": pa.float64(),
        "mean_seconds": pa.float64(),
    }
)
COLUMNS = {
    "step": Column("Step", "text"),
    "reached": Column("Got there"),
    "share": Column("Share of the first step", "share"),
    "of_previous": Column("Share of the step before", "share"),
    "previous_low": Column("Interval from", "share"),
    "previous_high": Column("Interval to", "share"),
    "lost": Column("Lost since the step before"),
    "median_seconds": Column("Median time from the first step", "duration"),
    "p90_seconds": Column("Time for nine of ten", "duration"),
    "mean_seconds": Column("Mean time from the first step", "duration"),
}


class FunnelParams(Params, frozen=True, kw_only=True):
    """Parameters of `funnel`."""

    from_: Annotated[
        date | None,
        Meta(description="First day whose events count, as steps and as starts. By default the first there is."),
    ] = None
    steps: Annotated[
        tuple[str, ...],
        Meta(
            description="Two to eight steps, joined with commas: a kind (view), one of several (cart|wish), or with "
            "conditions, view[category=Dairy;device!=desktop]; * is any kind."
        ),
    ] = ("view", "cart", "purchase")
    order: Annotated[
        Literal["ordered", "strict", "any"],
        Meta(
            description="ordered: the steps in this order, whatever lies between; strict: directly one after the "
            "other; any: in whatever order."
        ),
    ] = "ordered"
    window: Annotated[
        str, Meta(description="Most time from the first step to the last: 30m, 12h, 7d, 2w; a bare number is days.")
    ] = "7d"
    exclude: Annotated[
        tuple[str, ...],
        Meta(description="Kinds of event that end an attempt when they come between its steps. By default none."),
    ] = ()
    unit: Annotated[
        Literal["customer", "session"],
        Meta(description="Who takes the steps: a customer, or one session by the sender's ids."),
    ] = "customer"
    breakdown: Breakdown = ""
    top: Top = 5

    def __post_init__(self) -> None:
        """Refuse what cannot be answered: too few or many steps, unknown kinds, conditions and dimensions."""
        check_order(self.from_, self.to)
        if not 2 <= len(self.steps) <= MOST_STEPS:
            raise UsageError(f"a funnel has 2 to {MOST_STEPS} steps, not {len(self.steps)}", where="steps")
        steps = [read_selection(step, "steps") for step in self.steps]
        excluded = [read_selection(kind, "exclude") for kind in self.exclude]
        if any(step.shares_kinds(other) for step in steps for other in excluded):
            raise UsageError("a step cannot end its own attempt", where="exclude", fix="Leave its kind out.")
        _ = read_duration(self.window, "window")
        if self.breakdown:
            _ = is_of_customers(self.breakdown)


def funnel(sources: Sources, params: FunnelParams) -> Table:
    """Follow customers (or sessions) through steps, and count how many got how far.

    ordered
        A customer gets to step k when there are events e1, …, ek, of the steps 1 to k, in order of time and all
        within `window` of e1 (exactly `window` still counts). Any event of step 1 can be e1. Events of one instant
        count in the order of the steps; but a step that shares a kind with an earlier one must be later in time
        than the step before it, so that no event is two steps.
    strict
        The same, and e1, …, ek directly follow each other among all the customer does, in order of time, then id.
    any
        A customer gets to step k when events of k different steps lie within `window`, in whatever order. An event
        that fits several steps counts for each.

    An event of a kind in `exclude` ends the attempt when it comes after its first step and before, or at the instant
    of, a later one; the next event of step 1 begins another. With `unit=session` steps count within one session of
    one customer, and events without a session are left out.

    The times of a step are those from the first step to the event by which the customer got there for the first time;
    of the attempts that end with it, that of the latest start. Quantiles interpolate between customers. A breakdown
    goes by the customer's first event of step 1, or by the customer. Intervals are Wilson's, at 95%. The newest
    attempts may not be over yet.
    """
    span = sources.span(params.to)
    if span is None:
        empty, headline = SCHEMA.empty_table().drop_columns("group"), _headline([], params)
        return Table("funnel", empty, _plot(params), understood(params, None), headline=headline, columns=COLUMNS)
    first = max(params.from_, span.first) if params.from_ else span.first
    counts = sources.run(furthest(sources, params, span)).to_pylist()
    rows = _rows(counts, params)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    if not params.breakdown:
        table = table.drop_columns("group")
    shown = understood(params, span, first)
    return Table("funnel", table, _plot(params), shown, headline=_headline(rows, params), columns=COLUMNS)


def furthest(sources: Sources, params: FunnelParams, span: Span) -> ir.Table:
    """Return group, step, reached, and mean, median and 90% quantile of the seconds: one expression."""
    rows = shopper_events(sources.events, first=params.from_, last=span.bound)
    # As columns that could be null, which those of joined tables are: Ibis puts only like columns under each other.
    rows = rows.mutate(unit=_.subject.cast("string"))
    if not params.breakdown and not any("[" in step for step in params.steps):
        rows = rows.select("id", "time", "kind", "subject", "session", "unit")
    if params.unit == "session":
        rows = rows.filter(_.session.notnull()).mutate(unit=_.subject + "\n" + _.session)
    steps = [read_selection(step, "steps") for step in params.steps]
    entered = selected(sources, rows, steps[0], span.last)
    reached = _reached(sources, rows, steps, params, span)
    if params.order == "any":
        entered = _fitting(sources, rows, steps, span)
    if params.breakdown:
        groups = _groups(sources, entered, params, span)
    else:
        groups = entered.select("unit").distinct().mutate(group=ibis.literal(""))
    starts = groups.select("unit", "group", step=ibis.literal(1, "int8"), seconds=ibis.literal(0.0))
    later = reached.inner_join(groups, "unit") if params.breakdown else reached.mutate(group=ibis.literal(""))
    every = starts.union(later.select("unit", "group", "step", "seconds"))
    return every.group_by(["group", "step"]).aggregate(
        reached=_.count(),
        mean_seconds=_.seconds.mean(),
        median_seconds=_.seconds.median(),
        p90_seconds=_.seconds.quantile(0.9),
    )


def _reached(sources: Sources, rows: ir.Table, steps: list[Selection], params: FunnelParams, span: Span) -> ir.Table:
    seconds = read_duration(params.window, "window")
    if params.order == "ordered":
        tables = [_timed(sources, selected(sources, rows, step, span.last)) for step in steps]
        broken = _timed(sources, rows.filter(_.kind.isin(list(params.exclude)))) if params.exclude else None
        return ordered(tables, broken, seconds, later_in_time(steps), _both(sources, rows, steps[:2]))
    marked = _timed(sources, _marked(sources, rows, steps, span))
    if params.order == "strict":
        return strict(marked, len(steps), seconds)
    marked = marked.mutate(fits_0=_.kind.isin(list(params.exclude)).ifelse(1, 0))
    wanted = [marked[f"fits_{at}"] == 1 for at in range(len(steps) + 1)]
    return in_any_order(marked.filter(ibis.or_(*wanted)), len(steps), seconds)


def _both(sources: Sources, rows: ir.Table, steps: list[Selection]) -> tuple[ir.Table, Any] | None:
    """Return the events of two steps and which are the first's; None where an event's kind does not tell."""
    first, second = steps
    kinds = [*first.kinds, *second.kinds]
    if first.conditions or second.conditions or ANY in kinds or first.shares_kinds(second):
        return None
    return _timed(sources, rows.filter(_.kind.isin(kinds))), _.kind.isin(list(first.kinds))


def _timed(sources: Sources, rows: ir.Table) -> ir.Table:
    """Return rows with `at`, their time in microseconds; not before they are chosen, or all of them would be kept."""
    return rows.mutate(at=sources.micros(_.time).cast("int64"))


def _marked(sources: Sources, rows: ir.Table, steps: list[Selection], span: Span) -> ir.Table:
    """Return the rows with `fits_1`, `fits_2`, …: 1 where the event is of the step."""
    for at, step in enumerate(steps, start=1):
        if step.conditions:
            ids = selected(sources, rows, step, span.last).select("id", fits=ibis.literal(1)).distinct()
            rows = rows.left_join(ids, "id").drop("id_right")
            rows = rows.mutate(**{f"fits_{at}": _.fits.fill_null(0)}).drop("fits")
        else:
            everything = ANY in step.kinds
            fits = ibis.literal(1) if everything else _.kind.isin(list(step.kinds)).ifelse(1, 0)
            rows = rows.mutate(**{f"fits_{at}": fits})
    return rows


def _fitting(sources: Sources, rows: ir.Table, steps: list[Selection], span: Span) -> ir.Table:
    marked = _marked(sources, rows, steps, span)
    return marked.filter(ibis.or_(*[marked[f"fits_{at}"] == 1 for at in range(1, len(steps) + 1)]))


def _groups(sources: Sources, entered: ir.Table, params: FunnelParams, span: Span) -> ir.Table:
    """Return the group of each unit: that of its first event of step 1."""
    order = ibis.window(group_by="unit", order_by=["time", "id"])
    firsts = entered.mutate(turn=ibis.row_number().over(order)).filter(_.turn == 0).drop("turn")
    grouped = with_group(sources, firsts, params.breakdown, span.last).select("unit", "group")
    return largest(grouped, params.top)


def step_names(params: FunnelParams) -> list[str]:
    """Return what the steps are called: as they were written, told apart, or how many of them in any order."""
    if params.order == "any":
        return [f"{at} / {len(params.steps)}" for at in range(1, len(params.steps) + 1)]
    names: list[str] = []
    for step in params.steps:
        again = params.steps[: len(names)].count(step)
        names.append(f"{step} ({again + 1})" if again else step)
    return names


def _rows(counts: list[dict[str, Any]], params: FunnelParams) -> list[dict[str, Any]]:
    found = {(row["group"], row["step"]): row for row in counts}
    sizes = {group: row["reached"] for (group, step), row in found.items() if step == 1}
    rows: list[dict[str, Any]] = []
    for group in sorted(sizes, key=lambda group: (-sizes[group], group)) or [""]:
        before = size = sizes.get(group, 0)
        for at, name in enumerate(step_names(params), start=1):
            row = found.get((group, at), {"reached": 0})
            here = row["reached"]
            low, high = wilson(here, size)
            line: dict[str, Any] = {"group": group, "step": name, "reached": here, "low": low, "high": high}
            line["share"] = here / size if size else None
            if at > 1:
                line["of_previous"] = here / before if before else None
                line["previous_low"], line["previous_high"] = wilson(here, before)
                line["lost"] = before - here
                line |= {key: row.get(key) for key in ("mean_seconds", "median_seconds", "p90_seconds")}
            rows.append(line)
            before = here
    return rows


def _headline(rows: list[dict[str, Any]], params: FunnelParams) -> dict[str, Any]:
    """Return the share that converted, over all groups, and, where there is one group only, its times."""
    steps = len(params.steps)
    size = sum(row["reached"] for row in rows[::steps])
    done = sum(row["reached"] for row in rows[steps - 1 :: steps])
    low, high = wilson(done, size)
    unit = "customers" if params.unit == "customer" else "sessions"
    headline = {
        "started": reading(size, n=size, unit=unit, label="Took the first step"),
        "converted": reading(
            done / size if size else None, low=low, high=high, n=size, unit=unit,
            label="Share that took every step", format="share",
        ),
    }  # fmt: skip
    if not params.breakdown:
        seconds = rows[-1].get("median_seconds") if rows else None
        headline["median_seconds"] = reading(
            seconds, n=done, unit=unit, label="Median time to the last step", format="duration"
        )
    return headline


def _plot(params: FunnelParams) -> Plot:
    split = "group" if params.breakdown else ""
    name = "Customers" if params.unit == "customer" else "Sessions"
    return Plot(
        title="How many get from step to step",
        series=[Series(x="step", y="reached", name=name, kind="funnel", split=split)],
        x_title=name,
    )
