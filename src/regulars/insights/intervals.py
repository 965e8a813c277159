"""How sure a number is: intervals, and one shape for every headline number."""

from __future__ import annotations

from math import sqrt
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.columns import Format

Z_975 = 1.959964
"""97.5% point of the standard normal distribution."""
WEEKS = 4
T_975_6 = 2.446912
"""97.5% point of Student's t with 2 × 4 − 2 = 6 degrees of freedom."""


def reading(
    value: float | None,
    *,
    n: int | None = None,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    label: str = "",
    format: Format = "number",  # noqa: A002 - the word of `Column`
) -> dict[str, Any]:
    """Return a headline number with what says how sure it is.

    Parameters
    ----------
    value
        The number; None when the data do not reach for it.
    n, unit
        The sample size and what was sampled: `customers`, `days`, `weeks`, `orders`.
    low, high
        The 95% interval, where one is computed.
    label, format
        What the number is called and how it is written, as in `regulars.core.columns.Column`.
    """
    found: dict[str, Any] = {"value": value, "low": low, "high": high, "n": n, "unit": unit}
    return found | {"label": label, "format": format} if label else found


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """Return the 95% interval of a share (Wilson 1927), honest near 0 and 1 and for few trials.

    (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n); (None, None) without trials.
    """
    if trials == 0:
        return None, None
    share, z2 = successes / trials, Z_975**2
    centre = share + z2 / (2 * trials)
    half = Z_975 * sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    scale = 1 + z2 / trials
    # The exact ends are 0 and 1 there; the square root leaves them at 1e-17 off.
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == trials else (centre + half) / scale
    return low, high


def mean_interval(count: int, total: float, squares: float) -> tuple[float | None, float | None]:
    """Return the 95% interval of a mean from a count, a sum and a sum of squares (normal approximation)."""
    if count < 2:
        return None, None
    mean = total / count
    half = Z_975 * sqrt(max(squares / count - mean**2, 0.0) / (count - 1))
    return mean - half, mean + half


def change_of_weekly_means(recent: Sequence[float], previous: Sequence[float]) -> tuple[float, float, float]:
    """Return the change between two stretches of four weeks, and its 95% interval.

    Weekly means remove the rhythm of the week; the interval is Student's t for two samples of four weeks
    with a pooled variance (6 degrees of freedom). Weeks that follow each other are alike, and the customers
    are mostly the same, so it is a guide to week-to-week noise and not a test.

    Parameters
    ----------
    recent, previous
        Four weekly means each.
    """
    if len(recent) != WEEKS or len(previous) != WEEKS:
        raise ValueError(f"four weekly means each, not {len(recent)} and {len(previous)}")
    change = fmean(recent) - fmean(previous)
    pooled = (variance(recent) + variance(previous)) / 2
    half = T_975_6 * sqrt(pooled * 2 / WEEKS)
    return change, change - half, change + half
