"""From counts to lines: every period there is, formulas, sums, means, and what each value is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from regulars.insights.dimensions import OTHERS
from regulars.insights.formulas import evaluate, read_formula
from regulars.insights.periods import Period, first_day, last_day
from regulars.insights.trend_measures import RATIOS

if TYPE_CHECKING:
    from regulars.insights.activity import Span
    from regulars.insights.trend_measures import Trend

    Values = dict[int, float | None]


class Shown(NamedTuple):
    """Which numbered periods are shown, and what is done with them."""

    begin: int
    end: int
    shift: int
    """Periods back to what a value is compared with; 0: with nothing."""
    smooth: int
    period: Period
    span: Span
    cumulative: bool

    @property
    def earliest(self) -> int:
        """The first period that anything shown needs."""
        return self.begin - max(self.shift, self.smooth - 1)

    def complete(self, number: int) -> bool:
        """Say whether a period lies wholly within the data."""
        return self.span.covers(first_day(number, self.period), last_day(number, self.period))


class Line(NamedTuple):
    """One line of the plot: a series or formula, of one group."""

    series: str
    group: str
    points: list[dict[str, Any]]


def lines_of(
    counts: list[dict[str, Any]], trends: list[Trend], formula: str, window: Shown, letters: str
) -> list[Line]:
    """Return the lines, the groups by size.

    Parameters
    ----------
    counts
        Rows of series (from 0), number, group, value, events.
    trends
        The series.
    formula
        What to calculate of them; '' for the series themselves.
    window
        The periods.
    letters
        What a formula calls the series.
    """
    found: dict[tuple[int, str], dict[int, dict[str, Any]]] = {}
    for row in counts:
        found.setdefault((row["series"], row["group"]), {})[row["number"]] = row
    lines: list[Line] = []
    for group in _groups(counts, window):
        values = [_values(found.get((at, group), {}), trend, window) for at, trend in enumerate(trends)]
        events = [{n: row["events"] for n, row in found.get((at, group), {}).items()} for at in range(len(trends))]
        if formula:
            read = read_formula(formula, letters[: len(trends)])
            whole = {
                n: evaluate(read, {letters[at]: one[n] for at, one in enumerate(values)}) for n in _numbers(window)
            }
            total = {n: sum(one.get(n, 0) for one in events) for n in _numbers(window)}
            lines.append(Line(formula, group, _points(whole, total, window)))
        else:
            for trend, one, n in zip(trends, values, events, strict=True):
                lines.append(Line(trend.text, group, _points(one, n, window)))
    return lines


def _numbers(window: Shown) -> range:
    return range(window.earliest, window.end + 1)


def _groups(counts: list[dict[str, Any]], window: Shown) -> list[str]:
    """Return the groups by the first series' total over the shown periods, the others last; equal ones by name."""
    sizes: dict[str, float] = {row["group"]: 0.0 for row in counts}
    for row in counts:
        if row["series"] == 0 and row["number"] >= window.begin:
            sizes[row["group"]] += row["value"] or 0.0
    return sorted(sizes, key=lambda group: (group == OTHERS, -sizes[group], group)) or [""]


def _values(rows: dict[int, dict[str, Any]], trend: Trend, window: Shown) -> Values:
    """Return every period's value, added up if asked for; None where nothing is known."""
    nothing = None if trend.measure in RATIOS else 0.0
    values: Values = {n: rows[n]["value"] if n in rows else nothing for n in _numbers(window)}
    if window.cumulative:
        starts = {window.begin, window.begin - window.shift}
        total = 0.0
        for n in _numbers(window):
            total = (values[n] or 0.0) + (0.0 if n in starts else total)
            values[n] = total
    return values


def _points(values: Values, events: dict[int, int], window: Shown) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = []
    for n in range(window.begin, window.end + 1):
        complete, value, before = window.complete(n), values[n], None
        if window.shift and first_day(n - window.shift, window.period) >= window.span.first:
            before = values[n - window.shift]
        past = range(n - window.smooth + 1, n + 1)
        whole = all(window.complete(k) for k in past)
        points.append(
            {
                "period": first_day(n, window.period),
                "value": value,
                "smoothed": _mean([values[k] for k in past]) if whole else None,
                "before": before,
                "change": value / before - 1 if complete and value is not None and before else None,
                "events": events.get(n, 0),
                "complete": complete,
            }
        )
    return points


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
