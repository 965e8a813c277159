"""Buy again: what a customer will restock, from that customer's own rhythm and everyone's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.interactions import DAY
from regulars.interests.jit import kernel
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


class RepeatConfig(Config, frozen=True, kw_only=True):
    """Settings of `Repeat`."""

    half_life_days: float = 75.0
    """A purchase this old counts half."""
    long_half_life_days: float = 300.0
    """The same for what a customer bought in the long run."""
    trend_days: float = 28.0
    """An item's own trend: buyers of the last days beside what its long run promises."""
    trend_power: float = 0.35
    """How far the trend moves the score."""


class Repeat(Recommender):
    """Decayed personal frequency, moved by whether the item is still being bought.

    s(u, j) = Σ over u's events on j of (0.7 · 2^(-age / half_life) + 0.3 · 2^(-age / long_half_life)) · trend_j^power,
    where trend_j = (1 + buyers of j in the last trend_days) / (1 + their expected number from the long run).
    An item that left the shelf or the season has a low trend and falls, though the customer loved it.
    """

    name = "repeat"
    config_type = RepeatConfig
    config: RepeatConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories = interactions.histories
        span = max(self.now_ - int(histories.times.min()), DAY) / DAY
        recent = histories.times >= self.now_ - self.config.trend_days * DAY
        late = np.bincount(histories.items[recent], minlength=self.n_items_)
        ever = np.bincount(histories.items, minlength=self.n_items_)
        expected = ever * min(1.0, self.config.trend_days / span)
        self.trend_ = (((1 + late) / (1 + expected)) ** self.config.trend_power).astype(np.float32)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        out = np.zeros((len(histories), self.n_items_), np.float32)
        rates = np.log(2) / np.array([self.config.half_life_days, self.config.long_half_life_days]) / DAY
        _decayed(histories.indptr, histories.items, histories.times, self.now_, rates, self.trend_, out)
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"trend": self.trend_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.trend_ = arrays["trend"]


@kernel
def _decayed(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    times: NDArray[np.int64],
    now: int,
    rates: NDArray[np.float64],
    trend: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            age = max(now - times[at], 0)
            weight = 0.7 * np.exp(-rates[0] * age) + 0.3 * np.exp(-rates[1] * age)
            out[row, items[at]] += np.float32(weight) * trend[items[at]]
