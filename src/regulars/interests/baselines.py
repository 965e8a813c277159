"""Baselines without a model: every table shows them, since many a model does not beat them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.popularity import Popularity, PopularityConfig
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


class OwnFrequencyConfig(Config, frozen=True, kw_only=True):
    """Settings of `OwnFrequency`: none."""


class OwnFrequency(Recommender):
    """Each customer's own most frequent items, the shop's popularity deciding ties and filling up.

    Next-basket models that cannot beat it have learned nothing (Li et al., 2023, 'A next basket recommendation
    reality check').
    """

    name = "own-frequency"
    config_type = OwnFrequencyConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        popularity = Popularity().fit(interactions).popularity_
        self.tie_break_ = (popularity / (1 + popularity.max())).astype(np.float32)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        out = np.tile(self.tie_break_, (len(histories), 1))
        np.add.at(out, (histories.owners, histories.items), np.float32(1))
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"tie_break": self.tie_break_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.tie_break_ = arrays["tie_break"]


class RecentPopularityConfig(PopularityConfig, frozen=True, kw_only=True):
    """Settings of `RecentPopularity`."""

    window_days: float | None = 7.0


class RecentPopularity(Popularity):
    """Popular in the last week: on a time split it beats many a trained model."""

    name = "popular-last-week"
    config_type = RecentPopularityConfig
