"""The counts behind retention: how large each cohort is, and how many of it came in each period after."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import ibis
from ibis import _

from regulars.insights.activity import Span, shopper_events
from regulars.insights.dimensions import top_groups, with_group
from regulars.insights.period_bits import MOST_WORDS, cohort_counts, words_needed
from regulars.insights.periods import number_of, period_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.periods import Period
    from regulars.insights.retention import RetentionParams
    from regulars.insights.sources import Sources

Variant = Literal["first-time", "recurring", "unbounded"]
SIZE = -1
"""Stands in the place of a period where the size of the cohort is counted."""
Cells: TypeAlias = dict[str, dict[tuple[int, int], int]]
"""Group → (number of the cohort's period, periods since or `SIZE`) → customers; one group '' without a breakdown."""


def count_cells(sources: Sources, params: RetentionParams, span: Span, first: int) -> Cells:
    """Return the counts of every cohort from the numbered period `first` on."""
    last = number_of(span.last, params.period)
    begins, comes = (tuple(sorted(set(own or params.kinds))) for own in (params.cohort_kinds, params.return_kinds))
    plain = params.variant == "first-time" and begins == comes and not params.breakdown
    if plain and words_needed(first, last) <= MOST_WORDS:
        chosen = shopper_events(sources.events, begins, last=span.bound)
        whole = first <= number_of(span.first, params.period)
        rows = sources.run(cohort_counts(chosen, params.period, first, last, params.periods, whole=whole)).to_pylist()
        return {"": _from_counts(rows, last, params.periods)}
    found: Cells = defaultdict(dict)
    rows = sources.run(_cells(sources, params, span, first)).to_pylist()
    sizes: dict[str, float] = defaultdict(float)
    for row in rows:
        sizes[row["group"]] += row["customers"] if row["since"] == SIZE else 0
    shown = top_groups(sizes, params.groups)
    for row in rows:
        cells, place = found[shown[row["group"]]], (row["cohort"], row["since"])
        cells[place] = cells.get(place, 0) + row["customers"]
    if params.variant == "unbounded":
        for cells in found.values():
            _add_later(cells, params.periods)
    return {name: found[name] for name in dict.fromkeys(shown.values())}


def cohort_cells(starts: ir.Table, returns: ir.Table, periods: int, *, last_only: bool) -> ir.Table:
    """Count the customers of each cohort that were active `since` periods later, and all of them as `SIZE`.

    Parameters
    ----------
    starts
        subject, cohort (a numbered period) and group, each once.
    returns
        subject and number (of a period with activity), each pair once.
    periods
        How many periods later count.
    last_only
        Count a customer in the last of these periods alone.
    """
    met = starts.inner_join(returns, "subject").mutate(since=_.number - _.cohort)
    met = met.filter(_.since >= 0, _.since <= periods)
    if last_only:
        met = met.group_by(["subject", "group", "cohort"]).aggregate(since=_.since.max())
    found = met.group_by(["group", "cohort", "since"]).aggregate(customers=_.count())
    sizes = starts.group_by(["group", "cohort"]).aggregate(customers=_.count())
    sizes = sizes.select("group", "cohort", since=ibis.literal(SIZE, "int64"), customers="customers")
    return found.union(sizes)


def _cells(sources: Sources, params: RetentionParams, span: Span, first: int) -> ir.Table:
    begin, come = (
        shopper_events(sources.events, own or params.kinds, last=span.bound)
        for own in (params.cohort_kinds, params.return_kinds)
    )
    starts = _active_periods(begin, params.period).rename(cohort="number")
    if params.variant != "recurring":
        starts = starts.group_by("subject").aggregate(cohort=_.cohort.min())
    starts = starts.filter(_.cohort >= first)
    if params.breakdown:
        starts = with_group(sources, starts, params.breakdown, span.last)
    else:
        starts = starts.mutate(group=ibis.literal(""))
    returns = _active_periods(come, params.period)
    return cohort_cells(starts, returns, params.periods, last_only=params.variant == "unbounded")


def _active_periods(chosen: ir.Table, period: Period) -> ir.Table:
    return chosen.select("subject", number=period_number(_.day, period)).distinct()


def _from_counts(rows: list[dict[str, Any]], last: int, periods: int) -> dict[tuple[int, int], int]:
    cells: dict[tuple[int, int], int] = {}
    for row in rows:
        cohort = row["cohort"]
        cells[cohort, SIZE] = row["s0"]
        for since in range(min(periods, last - cohort) + 1):
            cells[cohort, since] = row[f"s{since}"]
    return cells


def _add_later(cells: dict[tuple[int, int], int], periods: int) -> None:
    """Turn 'last seen after so many periods' into 'seen after so many or later'."""
    for cohort in {cohort for cohort, _since in cells}:
        later = 0
        for since in range(periods, SIZE, -1):
            later += cells.get((cohort, since), 0)
            cells[cohort, since] = later
