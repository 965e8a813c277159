"""Whether a share that is measured once a day has fallen further than its days stray by chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_DAYS = 8
"""Days below which their spread says too little."""


class Fall(NamedTuple):
    """A share that was seen, what the days before say it should be, and below what it is not chance."""

    observed: float
    expected: float
    low: float


def judge_fall(seen: Sequence[tuple[int, int]], past: Sequence[tuple[int, int]], chance: float) -> Fall | None:
    """Hold some days against those before.

    A day is (hits, customers). Days stray by more than the binomial law: weekdays differ, campaigns come. On the scale
    y = 2·arcsin √((hits + 3/8) / (customers + 3/4)), where the binomial variance is 1 / (customers + 1/2) whatever the
    share (Anscombe, 1948), the spread τ² of the days beyond it is estimated from the past (DerSimonian and Laird,
    1986). The days seen are below chance when their mean is below the past's by Student's t of as many days, at
    `chance`.

    Returns
    -------
    fall
        None while the past has fewer than `LEAST_DAYS` days. Of days that follow the law of the past, `chance` is the
        share below `low`, whatever was looked at before: looking every day raises chance × days alarms at most.
    """
    if len(past) < LEAST_DAYS or not seen:
        return None
    y, v = _scale(past)
    w = 1 / v
    mean = float((w * y).sum() / w.sum())
    excess = float((w * (y - mean) ** 2).sum()) - (len(y) - 1)
    spread = max(0.0, excess / float(w.sum() - (w**2).sum() / w.sum()))
    w = 1 / (v + spread)
    mean = float((w * y).sum() / w.sum())
    now_y, now_v = _scale(seen)
    now_w = 1 / (now_v + spread)
    now = float((now_w * now_y).sum() / now_w.sum())
    error = math.sqrt(1 / float(now_w.sum()) + 1 / float(w.sum()))
    low = mean + float(stdtrit(len(y) - 1, chance)) * error
    return Fall(_share(now), _share(mean), _share(low))


def _scale(days: Sequence[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hits, customers = np.array(days, np.float64).T
    return 2 * np.arcsin(np.sqrt((hits + 3 / 8) / (customers + 3 / 4))), 1 / (customers + 1 / 2)


def _share(y: float) -> float:
    return math.sin(min(max(y, 0.0), math.pi) / 2) ** 2
