"""How far each customer gets: when the first steps of a funnel were first completed, and since when.

Every function returns rows of (unit, step, seconds): each step from the second on that a unit reached, with the
seconds from the first step of the attempt by which it was first reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from regulars.insights.selection import Selection

MICRO = 1_000_000
BITS = 2
PLACE = 3
"""A time and a place within it make one number, which is quicker to sort than two columns."""
LONG_AGO = -(1 << 60)


def later_in_time(steps: Sequence[Selection]) -> list[bool]:
    """Say of each step whether it must be later than the one before it, as it shares a kind with an earlier one.

    Otherwise the same event could be two steps: of an order of three lines, three purchases.
    """
    return [any(step.shares_kinds(earlier) for earlier in steps[:at]) for at, step in enumerate(steps)]


def ordered(
    steps: list[ir.Table],
    broken: ir.Table | None,
    seconds: int,
    later: Sequence[bool],
    both: tuple[ir.Table, Any] | None = None,
) -> ir.Table:
    """Follow steps that come in this order, whatever lies between them.

    One pass a step, over the completions of the step before and the events of this one, in order of time: an
    event completes the step when the row just before it is such a completion. Nothing is lost by looking at that
    row only. The latest completion before an event has the latest start, which leaves the most time; and an event that
    follows another of its own step has the same start as that one, which came earlier.

    Parameters
    ----------
    steps
        The events of each step: unit, at (microseconds).
    broken
        Events that end an attempt; those of the instant of a step come before it.
    seconds
        Most time from the first step to the last.
    later
        Of each step, whether it must be later than the one before it, or may be at the same instant.
    both
        The events of the first two steps together and which of them are the first's, where one reading finds both.
    """
    places = [(2, 1) if strictly else (1, 2) for strictly in (*later[1:], False)]
    done = steps[0].select("unit", "at")
    reached: list[ir.Table] = []
    for number, events in enumerate(steps[1:], start=1):
        before, here = places[number - 1]
        if number == 1 and both is not None:
            rows = _as_rows(both[0], both[1].ifelse(before, here))
        else:
            rows = _as_rows(done, before).union(_as_rows(events, here))
        if broken is not None:
            rows = rows.union(_as_rows(broken, 0))
        left = len(steps) - 1 - number
        if number > 1 and left == 0:
            return ibis.union(*reached, *_last_two(rows, before, here, seconds, number + 1))
        done = _completed(rows, before, here, seconds) if number == 1 else _carried(rows, here, seconds)
        if left > 1:
            # Distinct, so that the few rows that are left are what two later uses share, not all before them.
            done = done.distinct()
        if left != 1:
            reached.append(_first(done, number + 1))
    return ibis.union(*reached) if len(reached) > 1 else reached[0]


def _as_rows(events: ir.Table, place: Any) -> ir.Table:
    """Return unit, key (the time and the place within it) and start: null for what is no completion."""
    start = _.start if "start" in events.columns else ibis.null("int64")
    return events.select("unit", key=(_.at << BITS) + place, start=start)


def _completed(rows: ir.Table, before: int, here: int, seconds: int) -> ir.Table:
    """Return unit, at and start of the rows of place `here` that come just after one of place `before`.

    Each unit's keys are put in order in a list of their own, which costs half of what a window over all rows does.
    """
    lists = rows.group_by("unit").aggregate(keys=_.key.collect()).mutate(keys=_.keys.sort())
    keys: Any = lists["keys"]
    pairs = lists.select("unit", "keys", place=ibis.range(ibis.literal(1, "int64"), keys.length()).unnest())
    keys = pairs["keys"]
    place: Any = pairs["place"]
    pairs = pairs.select("unit", now=keys[place], last=keys[place - 1])
    pairs = pairs.filter((_.now & PLACE) == here, (_["last"] & PLACE) == before)
    found = pairs.select("unit", at=_.now >> BITS, start=_["last"] >> BITS)
    return found.filter(_within(seconds))


def _carried(rows: ir.Table, here: int, seconds: int) -> ir.Table:
    """Return unit, at and start of the rows of place `here` that come just after a row with a start."""
    order = ibis.window(group_by="unit", order_by="key")
    rows = rows.mutate(since=_.start.lag().over(order)).filter((_.key & PLACE) == here)
    return rows.select("unit", at=_.key >> BITS, start="since").filter(_within(seconds))


def _last_two(rows: ir.Table, before: int, here: int, seconds: int, step: int) -> list[ir.Table]:
    """Return the first completions of the last step and of the one before it, which is among the rows: in one pass."""
    order = ibis.window(group_by="unit", order_by="key")
    rows = rows.select("unit", at=_.key >> BITS, place=_.key & PLACE, start="start", since=_.start.lag().over(order))
    was = _.place == before
    ends = (_.place == here) & (_.at <= _.since + seconds * MICRO)
    units = rows.group_by("unit").aggregate(
        at_0=_.at.min(where=was),
        start_0=_.start.min(where=was),
        at_1=_.at.min(where=ends),
        start_1=_.since.min(where=ends),
    )
    return [_from_wide(units, "0", step - 1), _from_wide(units, "1", step)]


def _from_wide(units: ir.Table, name: str, step: int) -> ir.Table:
    seconds = (_[f"at_{name}"] - _[f"start_{name}"]) / MICRO
    return units.filter(_[f"at_{name}"].notnull()).select("unit", step=ibis.literal(step, "int8"), seconds=seconds)


def strict(marked: ir.Table, steps: int, seconds: int) -> ir.Table:
    """Follow steps that directly follow each other among everything the customer does.

    Parameters
    ----------
    marked
        All events of customers: unit, at, id, and `fits_1`, `fits_2`, …: 1 for those of the step.
    steps
        How many steps.
    seconds
        Most time from the first step to the last.
    """
    order = ibis.window(group_by="unit", order_by=["at", "id"])
    columns: dict[str, Any] = {"unit": _.unit, "at": _.at}
    for step in range(2, steps + 1):
        fits = _[f"fits_{step}"] == 1
        for back in range(1, step):
            fits = fits & (_[f"fits_{step - back}"].lag(back).over(order) == 1)
        columns[f"whole_{step}"] = fits.fill_null(False)
        columns[f"start_{step}"] = _.at.lag(step - 1).over(order)
    return _unpivoted(marked.select(**columns), steps, seconds)


def in_any_order(marked: ir.Table, steps: int, seconds: int) -> ir.Table:
    """Count how many different steps lie within the window, in whatever order; an event counts for all it fits.

    At every event, of the last time of each step, the j-th latest is where j steps begin.

    Parameters
    ----------
    marked
        Events of the steps: unit, at, and `fits_1`, `fits_2`, …; `fits_0` is 1 for events that end an attempt.
    steps
        How many steps.
    seconds
        Most time from the first of the steps to the last.
    """
    so_far = ibis.window(group_by="unit", order_by="at", range=(None, 0))
    never = ibis.null("int64")
    times = {
        f"last_{step}": (_[f"fits_{step}"] == 1).ifelse(_.at, never).max().over(so_far) for step in range(steps + 1)
    }
    rows = marked.mutate(**times)
    every = range(1, steps + 1)
    ranks: dict[str, Any] = {f"rank_{step}": sum(_counts(other, step) for other in every) for step in every}
    rows = rows.mutate(**ranks)
    columns: dict[str, Any] = {"unit": _.unit, "at": _.at}
    for level in range(2, steps + 1):
        starts = [(_[f"rank_{step}"] >= level).ifelse(_[f"last_{step}"], never).fill_null(LONG_AGO) for step in every]
        start: Any = ibis.greatest(*starts)
        broken = (_.last_0 > start).fill_null(False)
        columns[f"start_{level}"] = start
        columns[f"whole_{level}"] = (start > LONG_AGO) & ~broken
    return _unpivoted(rows.select(**columns), steps, seconds)


def _counts(other: int, step: int) -> Any:
    """Return 1 where the last time of another step is not before that of this one."""
    return (_[f"last_{other}"] >= _[f"last_{step}"]).fill_null(False).ifelse(1, 0)


def _within(seconds: int) -> Any:
    return _.at <= _.start + seconds * MICRO


def _first(done: ir.Table, step: int) -> ir.Table:
    """Return the first completion of each unit; its start is the earliest too, as starts never go back."""
    first = done.group_by("unit").aggregate(at=_.at.min(), start=_.start.min())
    return first.select("unit", step=ibis.literal(step, "int8"), seconds=(_.at - _.start) / MICRO)


def _unpivoted(wide: ir.Table, steps: int, seconds: int) -> ir.Table:
    """Return the first completions of all steps from a wide table of `whole_2`, `start_2`, `whole_3` and on."""
    firsts: dict[str, Any] = {}
    for step in range(2, steps + 1):
        start = _[f"start_{step}"]
        holds = _[f"whole_{step}"] & (_.at <= start + seconds * MICRO)
        firsts[f"at_{step}"] = _.at.min(where=holds)
        firsts[f"start_{step}"] = start.min(where=holds)
    units = wide.group_by("unit").aggregate(**firsts)
    parts = [_from_wide(units, str(step), step) for step in range(2, steps + 1)]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]
