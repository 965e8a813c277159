"""Series held against their own weeks: which hours are judged, with what limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regulars.core.alerts import RECOMMENDATIONS, Watched
from regulars.insights.seasonal import expectation, limits, noise, sees, trailing

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from regulars.core.settings import AlertSettings
    from regulars.shop.hours import Line

    Floats = NDArray[np.float64]

WINDOWS = (1, 24)
"""Hours looked at together: the last one says it soon, the last day says it of a small shop."""
_PARTS: dict[str, tuple[str, str]] = {
    "conversion": ("buyers", "shoppers"),
    "failed_searches": ("empty_searches", "searches"),
    "negative_reviews": ("bad_ratings", "ratings"),
    "rejects": ("rejects", "received"),
}
"""Share → of what it is the part."""
_ARRIVALS: dict[str, str] = {"events": "shoppers", "revenue": "orders"}
"""What comes in lumps → what the lumps are: their average size is the unit in which it is counted."""


class _Series(NamedTuple):
    values: Floats
    trials: Floats | None
    unit: float


def judge(line: Line, end: datetime, settings: AlertSettings) -> list[Watched]:
    """Return how every series stands in the hours that ended at `end`, one entry a series and number of hours."""
    at = line.place(end)
    return [
        _judged(name, series, hours, at, end, settings.per_month / len(WINDOWS))
        for name in _hourly(settings)
        if (series := _series(line, name)) is not None
        for hours in WINDOWS
    ]


def standing(line: Line, end: datetime, settings: AlertSettings) -> list[Watched]:
    """Return the same, with the series that the events do not tell."""
    found = judge(line, end, settings)
    known = {one.series for one in found}
    absent = [
        Watched(series=name, hours=hours, state="absent")
        for name in _hourly(settings)
        if name not in known
        for hours in WINDOWS
    ]
    return found + absent


def _hourly(settings: AlertSettings) -> list[str]:
    # Recommendations are measured by the day; see regulars.shop.recommendation_watch.
    return [name for name in settings.series if name != RECOMMENDATIONS]


def _series(line: Line, name: str) -> _Series | None:
    values = dict(line.values)
    values["received"] = values["events"] + values["rejects"]
    if name in _PARTS:
        part, whole = (values[one] for one in _PARTS[name])
        return _Series(part, whole, 1.0) if np.nansum(whole) > 0 else None
    lumps = _ARRIVALS.get(name)
    total, count = np.nansum(values[name]), np.nansum(values[lumps]) if lumps else 0.0
    return _Series(values[name], None, float(total / count) if count and total > 0 else 1.0)


def _judged(name: str, series: _Series, hours: int, at: int, end: datetime, alarms: float) -> Watched:
    if at < 0:
        return Watched(series=name, hours=hours, state="learning", time=end)
    values = series.values[: at + 1] / series.unit
    trials = None if series.trials is None else series.trials[: at + 1]
    expected = expectation(values, trials)
    if trials is not None:
        # An hour without a search says nothing about searches; in a day of them it is 0 of 0.
        expected = np.where(np.isnan(expected) & (trials == 0) & (hours > 1), 0.0, expected)
    sums, means = trailing(values, hours), trailing(expected, hours)
    whole = None if trials is None else trailing(trials, hours)
    if whole is not None:
        means = np.where(whole > 0, means, np.nan)
    found = noise(sums[:-1], means[:-1], hours, alarms=alarms)
    if found is None or np.isnan(means[-1]) or np.isnan(sums[-1]):
        silent = whole is not None and found is not None
        return Watched(series=name, hours=hours, state="quiet" if silent else "learning", time=end)
    low, high = (float(bound[0]) for bound in limits(means[-1:], found))
    scale = series.unit if whole is None else 1 / float(whole[-1])
    state = "watched"
    if series.trials is None or name == "conversion":
        if not np.nansum(means[-7 * 24 :]) > 0:
            state = "quiet"
        elif not sees(means[:-1], found):
            state = "uneven"
    return Watched(
        series=name,
        hours=hours,
        state=state,
        time=end,
        observed=float(sums[-1]) * scale,
        expected=float(means[-1]) * scale,
        low=low * scale,
        high=high * scale if whole is None else min(1.0, high * scale),
    )
