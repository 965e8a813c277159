"""What a series of counts should be at this hour: its own weeks, its recent level, and limits by its own noise.

Nothing here looks ahead: what is expected of a step uses only the steps before it, and the limits of a day only the
days before it.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY, WEEK = 24, 168
"""Hours in each."""
WEEKS = 8
"""Weeks that the level of an hour of the week is taken from."""
NOISE_WEEKS = 26
"""Weeks that the noise is taken from."""
LEARN_WEEKS = 2
"""Weeks at the same hour below which nothing is expected of it; the noise takes one more."""
LEVEL_DAYS = 14
"""Days whose median ratio to the weeks before says how the shop is doing lately."""
LEAST_DAYS = 5
"""Days below which their median says nothing."""
SHIFT = 3 / 8
"""Anscombe (1948): 2·√(y + 3/8) of a Poisson count has a variance of 1, whatever its mean."""
PRIOR_TRIALS = 100.0
"""A cell's share is drawn towards the share of all cells as if that had been seen in this many trials."""
WIDEST = 1.75
"""Limits grow with the largest surprises of the last weeks, but at most by this factor: a past outage, which is one
of them, must not hide the next."""
PART_HOURS = 24
"""Hours in a part of the fit, at least."""
MARGIN = 1.1
"""How far beyond the largest surprises of the past the limits are: the next one may be larger."""
TRIMMED = 0.05
"""Share of the largest squares that the spread is not taken from: they are what alarms are for."""
KEPT_VARIANCE = 0.7588
"""What is left of a normal variance without them: (0.95 − 2·1.96·φ(1.96)) / 0.95."""
DAYS_A_MONTH = 30.4


class Noise(NamedTuple):
    """How far a series strays from what is expected of it.

    The variance of 2·√(y + 3/8) around an expectation μ is `floor` + `slope` · μ: `floor` is 1 for independent
    arrivals, `slope` the squared relative error that does not shrink as the shop grows (weather, campaigns).
    `low` and `high` are the standard deviations beyond which an hour is an alarm.
    """

    floor: float
    slope: float
    low: float
    high: float


class Limits(NamedTuple):
    """What an hour may be: below `low` or above `high` is an alarm."""

    low: Floats
    high: Floats


def expectation(values: Floats, trials: Floats | None = None) -> Floats:
    """Return what is expected of every hour from the hours before it.

    Of the last eight weeks' values at the same hour of the week, the smallest and the largest are left out (from five
    values on) and the rest averaged; times the recent level: the median, over the last fourteen whole days, of a
    day's total by what these weeks had said of it. With trials (a share: failed searches of searches) it is trials
    times the share that these weeks had, drawn towards the share of all their hours.

    Parameters
    ----------
    values
        One an hour, from the beginning of a day; NaN where nothing is known.
    trials
        Of how many each value is a part; None: of none, it is a count.

    Returns
    -------
    expected
        NaN while there are fewer than two weeks to go by.
    """
    if trials is not None:
        return trials * _share(values, trials)
    usual = _usual(values)
    return usual * np.repeat(_level(values), DAY)[: len(values)]


def trailing(values: Floats, hours: int) -> Floats:
    """Return the sum of each hour and those before it, `hours` in all; NaN where one of them is unknown."""
    if hours == 1 or len(values) < hours:
        return values if hours == 1 else np.full(len(values), np.nan)
    known = ~np.isnan(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    whole = np.concatenate(([0], np.cumsum(known)))
    found = np.full(len(values), np.nan)
    found[hours - 1 :] = np.where(whole[hours:] - whole[:-hours] == hours, total[hours:] - total[:-hours], np.nan)
    return found


def noise(values: Floats, expected: Floats, hours: int = 1, *, alarms: float = 1.0) -> Noise | None:
    """Return the noise of the last half year of a series; None while there is not a week to tell it from.

    The limits are where a normal law would raise `alarms`, or beyond what the past had: the largest surprise of each
    side, once as many are left out as may be raised in that time.

    Parameters
    ----------
    values, expected
        The hours before those that are to be judged, in units of one arrival.
    hours
        How many hours each is the trailing sum of.
    alarms
        False alarms a month that may be raised, on both sides together.
    """
    window = slice(max(0, len(values) - NOISE_WEEKS * WEEK), None)
    surprise, mean = _surprise(values[window], expected[window]), expected[window]
    known = ~np.isnan(surprise)
    count = int(np.count_nonzero(known))
    if count < WEEK:
        return None
    floor, slope = _spread(surprise[known], mean[known])
    scaled = surprise[known] / np.sqrt(floor + slope * mean[known])
    chance = alarms / 2 * hours / (DAYS_A_MONTH * DAY)
    usual = NormalDist().inv_cdf(1 - min(0.49, chance))
    spared = int(alarms / 2 * count / DAY / DAYS_A_MONTH)
    low, high = (
        float(np.clip(MARGIN * _peak(side, DAY + hours, spared), usual, WIDEST * usual)) for side in (-scaled, scaled)
    )
    return Noise(floor, slope, low, high)


def limits(expected: Floats, found: Noise) -> Limits:
    """Return the limits of hours of which this much is expected, in units of one arrival; none is below a low of 0."""
    width = np.sqrt(found.floor + found.slope * expected) / 2
    root = np.sqrt(expected + SHIFT)
    low = np.maximum(root - found.low * width, 0.0) ** 2 - SHIFT
    return Limits(np.maximum(low, 0.0), (root + found.high * width) ** 2 - SHIFT)


def _past(values: Floats) -> Floats:
    """Return the same hour of each of the last eight weeks: weeks by hours."""
    found = np.full((WEEKS, len(values)), np.nan)
    for week in range(1, WEEKS + 1):
        back = week * WEEK
        if back < len(values):
            found[week - 1, back:] = values[:-back]
    return found


def _usual(values: Floats) -> Floats:
    past = np.sort(_past(values), axis=0)  # NaN last
    count = np.count_nonzero(~np.isnan(past), axis=0)
    total = np.nansum(past, axis=0)
    trim = count >= 5
    largest = np.take_along_axis(past, np.maximum(count - 1, 0)[None, :], axis=0)[0]
    kept = np.where(trim, total - np.nan_to_num(past[0]) - np.nan_to_num(largest), total)
    enough = count >= LEARN_WEEKS
    return np.where(enough, kept / np.where(trim, count - 2, np.maximum(count, 1)), np.nan)


def _level(values: Floats) -> Floats:
    """Return the recent level of each day, 1 where nothing is known.

    A day is held against what the eight weeks before *today* say of its weekday, so that weeks which have followed a
    change already do not count it twice. What they say of the next six days uses nothing later than yesterday.
    """
    days = -(-len(values) // DAY)
    padded = np.full((days + 6) * DAY, np.nan)
    padded[: len(values)] = values
    usual = np.nansum(_usual(padded).reshape(-1, DAY), axis=1)
    total = np.nansum(padded.reshape(-1, DAY), axis=1)
    back = np.arange(1, LEVEL_DAYS + 1)
    today = np.arange(days)[:, None]
    said = usual[today + (-back % 7)]
    known = (today - back >= 0) & (said > 0)
    ratio = np.divide(total[np.maximum(today - back, 0)], said, out=np.full(said.shape, np.nan), where=known)
    enough = np.count_nonzero(known, axis=1) >= LEAST_DAYS
    level = np.ones(days)
    level[enough] = np.nanmedian(ratio[enough], axis=1)
    return level


def _share(values: Floats, trials: Floats) -> Floats:
    known = ~(np.isnan(values) | np.isnan(trials))
    hits, of = _past(np.where(known, values, np.nan)), _past(np.where(known, trials, np.nan))
    enough = np.count_nonzero(~np.isnan(of), axis=0) >= LEARN_WEEKS
    total = [np.concatenate(([0.0], np.cumsum(np.where(known, column, 0.0)))) for column in (values, trials)]
    begin = np.maximum(0, np.arange(len(values)) - WEEKS * WEEK)
    seen, tried = (column[: len(values)] - column[begin] for column in total)
    overall = np.divide(seen, tried, out=np.zeros(len(values)), where=tried > 0)
    share = (np.nansum(hits, axis=0) + PRIOR_TRIALS * overall) / (np.nansum(of, axis=0) + PRIOR_TRIALS)
    return np.where(enough & (tried > 0), share, np.nan)


def _surprise(values: Floats, expected: Floats) -> Floats:
    return 2 * (np.sqrt(np.maximum(values, 0.0) + SHIFT) - np.sqrt(expected + SHIFT))


def _spread(surprise: Floats, mean: Floats) -> tuple[float, float]:
    """Fit the variance of surprises to `floor` + `slope` · mean, over equal parts, each without its largest squares."""
    order = np.argsort(mean, kind="stable")
    parts = np.array_split(order, max(1, min(8, len(order) // PART_HOURS)))
    squares = [np.sort(surprise[part] ** 2) for part in parts]
    kept = [square[: max(1, round((1 - TRIMMED) * len(square)))] for square in squares]
    variance = np.array([square.mean() / KEPT_VARIANCE for square in kept])
    centre = np.array([mean[part].mean() for part in parts])
    rise = centre - centre.mean()
    slope = float(rise @ variance / (rise @ rise)) if rise.any() else 0.0
    floor = max(1.0, float(variance.mean() - max(slope, 0.0) * centre.mean()))
    # With the floor at its least, the slope is what the larger steps say by themselves.
    slope = float(np.maximum(variance - floor, 0.0) @ centre / (centre @ centre)) if centre.any() else 0.0
    return floor, slope


def _peak(scaled: Floats, apart: int, spared: int) -> float:
    """Return the largest surprise but `spared`; those within `apart` hours of another belong to it."""
    left, top = scaled.copy(), -np.inf
    for _ in range(spared + 1):
        at = int(np.argmax(left))
        top = float(left[at])
        left[max(0, at - apart) : at + apart + 1] = -np.inf
    return top


def sees(expected: Floats, found: Noise) -> bool:
    """Tell whether a standstill would be noticed in half of the busier half of the last week's hours.

    A series for which that is not so is too small to be watched by the hour, or too uneven.
    """
    week = expected[-WEEK:]
    week = week[week > 0]
    if not len(week):
        return False
    busy = week[week >= np.median(week)]
    return bool(np.mean(limits(busy, found).low > 0) >= 0.5)
