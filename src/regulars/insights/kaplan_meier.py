"""How long until something happens, when for some it has not happened yet: Kaplan and Meier's curve.

Durations are whole days, counted beforehand: so many ended after 3 days, so many were last seen waiting then.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

Z = NormalDist().inv_cdf(0.975)


class Curve(NamedTuple):
    """The share still waiting after each duration; arrays of one length, one entry a duration that occurred."""

    times: Counts
    """Durations in days, rising."""
    at_risk: Counts
    """Waiting just before: neither ended nor lost from sight earlier."""
    events: Counts
    """Ended after exactly so many days."""
    censored: Counts
    """Lost from sight after exactly so many days: counted as waiting until then."""
    survival: Floats
    """Share still waiting, S(t)."""
    low: Floats
    high: Floats
    """95% interval of S(t); NaN where S is 0, exactly 1 before the first event."""

    def at(self, day: int) -> tuple[float, float, float] | None:
        """Return S and its interval at the end of a day; None beyond what was observed."""
        if not len(self.times) or day > self.times[-1]:
            return None
        place = int(np.searchsorted(self.times, day, side="right")) - 1
        if place < 0:
            return 1.0, 1.0, 1.0
        return float(self.survival[place]), float(self.low[place]), float(self.high[place])

    def median(self) -> tuple[int | None, int | None, int | None]:
        """Return the median duration and its 95% interval (Brookmeyer and Crowley 1982).

        The median is the first time at which S is at most ½; the ends of its interval are the first times at
        which the lower and the upper end of S's interval are. None: not reached.
        """
        return self._reached(self.survival), self._reached(self.low), self._reached(self.high)

    def _reached(self, values: Floats) -> int | None:
        below = np.flatnonzero(values <= 0.5)
        return int(self.times[below[0]]) if len(below) else None


def kaplan_meier(times: Sequence[int], events: Sequence[int], censored: Sequence[int]) -> Curve:
    """Return the curve of counted durations.

    S(t) = ∏ (1 − dᵢ/nᵢ) over the times up to t (Kaplan and Meier 1958); who is lost from sight after t days
    was still at risk on day t. The interval is symmetric for log(−log S) with Greenwood's variance
    ∑ dᵢ / (nᵢ (nᵢ − dᵢ)), so it stays within 0 and 1: S^exp(±z √variance / log S).

    Parameters
    ----------
    times
        Durations in days, rising, each once.
    events, censored
        How many ended and how many were lost from sight after each.
    """
    t, d, c = (np.asarray(values, np.int64) for values in (times, events, censored))
    at_risk = (d + c)[::-1].cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - d / at_risk).astype(np.float64)
        variance = np.cumsum(np.where(d > 0, d / (at_risk * (at_risk - d).astype(np.float64)), 0.0))
        log = np.log(survival)
        reach = Z * np.sqrt(variance) / log
        low, high = survival ** np.exp(-reach), survival ** np.exp(reach)
    # Before the first event nothing has varied; after the last of all, nothing is left to vary.
    known = [np.where(survival == 1, 1.0, np.where(survival == 0, np.nan, end)) for end in (low, high)]
    return Curve(t, at_risk, d, c, survival, *known)


class LogRank(NamedTuple):
    """The log-rank test: whether groups wait equally long."""

    statistic: float
    degrees: int
    p: float


def log_rank(curves: Sequence[Curve]) -> LogRank | None:
    """Test whether the durations of the groups have one distribution (Mantel 1966, Peto and Peto 1972).

    At every time the events are compared with those expected if all at risk had the same hazard; the vector of
    differences, with its hypergeometric covariance, gives a χ² with one degree of freedom less than groups.
    None: fewer than two groups, or nothing happened.
    """
    if len(curves) < 2:
        return None
    when = np.unique(np.concatenate([curve.times[curve.events > 0] for curve in curves]))
    at_risk = np.stack([_left(curve, when) for curve in curves]).astype(np.float64)
    events = np.stack([_here(curve, when) for curve in curves]).astype(np.float64)
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / np.where(n > 0, n, 1)
    difference = (events - d * share).sum(axis=1)
    factor = np.divide(d * (n - d), n - 1, out=np.zeros_like(n), where=n > 1)
    covariance = np.diag((factor * share).sum(axis=1)) - (factor * share) @ share.T
    # The last group follows from the others.
    reduced, variance = difference[:-1], covariance[:-1, :-1]
    degrees = int(np.linalg.matrix_rank(variance)) if len(when) else 0
    if degrees == 0:
        return None
    statistic = float(reduced @ np.linalg.pinv(variance) @ reduced)
    return LogRank(statistic, degrees, _chi2_tail(statistic, degrees))


def _left(curve: Curve, when: Counts) -> Counts:
    """Return how many of a group are at risk at each of these times."""
    places = np.searchsorted(curve.times, when)
    return np.concatenate([curve.at_risk, [0]])[places]


def _here(curve: Curve, when: Counts) -> Counts:
    """Return how many events a group has at each of these times."""
    found = np.zeros(len(when), np.int64)
    inside = np.isin(curve.times, when)
    found[np.searchsorted(when, curve.times[inside])] = curve.events[inside]
    return found


def _chi2_tail(statistic: float, degrees: int) -> float:
    """Return P(χ² > statistic)."""
    # Loaded where it is used: most questions never need it.
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic))
