"""What many customers chose lately: the baseline of every table and the last resort of every slate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.interactions import DAY
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


class PopularityConfig(Config, frozen=True, kw_only=True):
    """Settings of `Popularity`."""

    window_days: float | None = None
    """Count only this many last days; None: all."""


class Popularity(Recommender):
    """Items by how many different customers chose them within the window.

    Counting customers, not events, keeps one wholesaler from setting everyone's front page.
    Items without a customer in the window follow, by their count over all time.
    """

    name = "popularity"
    config_type = PopularityConfig
    config: PopularityConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories = interactions.histories
        everything = _customers_per_item(histories, self.n_items_)
        self.popularity_ = everything
        if self.config.window_days is not None:
            recent = histories.times >= self.now_ - self.config.window_days * DAY
            windowed = _customers_per_item(histories.keep(recent), self.n_items_)
            self.popularity_ = np.asarray(windowed + everything / (1 + everything.max()), np.float32)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return np.tile(self.popularity_, (len(histories), 1))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"popularity": self.popularity_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.popularity_ = arrays["popularity"]


def _customers_per_item(histories: Histories, n_items: int) -> NDArray[np.float32]:
    pairs = np.unique(histories.owners * n_items + histories.items)
    counts = np.zeros(n_items, np.float32)
    np.add.at(counts, pairs % n_items, np.float32(1))
    return counts
