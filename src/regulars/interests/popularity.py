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
        everything = customers_per_item(histories, self.n_items_)
        self.popularity_ = everything
        if self.config.window_days is not None:
            recent = histories.times >= self.now_ - self.config.window_days * DAY
            windowed = customers_per_item(histories.keep(recent), self.n_items_)
            self.popularity_ = np.asarray(windowed + everything / (1 + everything.max()), np.float32)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return np.tile(self.popularity_, (len(histories), 1))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"popularity": self.popularity_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.popularity_ = arrays["popularity"]


class PopularityByPlaceConfig(Config, frozen=True, kw_only=True):
    """Settings of `PopularityByPlace`."""

    half_life_days: float | None = 90.0
    """A customer's latest choice of an item counts half after this many days; None: always the same."""
    prior_choices: float = 200.0
    """A place's own counts weigh as much as the whole shop's when it has this many choices of customers."""


class PopularityByPlace(Recommender):
    """What is popular where the customer is, drawn towards what is popular everywhere.

    P(i | place) = (n_i,place + k · p_i) / (n_place + k): n are decayed choices (one for each customer and item), p the
    share of item i in all of the shop's, k the prior. A place that nobody knows, and a customer whose place is not
    known, get what is popular everywhere.
    """

    name = "popularity-by-place"
    config_type = PopularityByPlaceConfig
    config: PopularityByPlaceConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories, n_items = interactions.histories, self.n_items_
        owners, items, weights = self._choices(histories)
        total = np.bincount(items, weights=weights, minlength=n_items)
        self._overall = (total / max(float(total.sum()), 1e-12)).astype(np.float32)
        places = np.full(len(histories), -1, np.int32) if histories.places is None else histories.places
        here = places[owners] >= 0
        pairs, inverse = np.unique(places[owners[here]].astype(np.int64) * n_items + items[here], return_inverse=True)
        counts = np.bincount(inverse, weights=weights[here], minlength=len(pairs))
        n_places = max(len(interactions.places), int(places.max(initial=-1)) + 1)
        rows = np.bincount(pairs // n_items, minlength=n_places)
        self._indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(rows, dtype=np.int64)])
        self._items = (pairs % n_items).astype(np.int32)
        self._counts = counts.astype(np.float32)

    def _choices(self, histories: Histories) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return customer, item and decayed weight of each different (customer, item), by its latest event."""
        pairs = histories.owners * self.n_items_ + histories.items
        # Of equal pairs `unique` returns the first: turned round, that is the latest.
        found, at = np.unique(pairs[::-1], return_index=True)
        age = (self.now_ - histories.times[::-1][at]) / DAY
        half_life = self.config.half_life_days
        weights = np.ones(len(found)) if half_life is None else 0.5 ** (np.maximum(age, 0) / half_life)
        return found // self.n_items_, found % self.n_items_, weights

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        n_places = len(self._indptr) - 1
        places = np.full(len(histories), -1, np.int32) if histories.places is None else histories.places
        known = np.where((places >= 0) & (places < n_places), places, n_places)
        asked, inverse = np.unique(known, return_inverse=True)
        # One row for each place, not for each customer.
        table = np.tile(self._overall, (len(asked), 1))
        prior = np.float32(self.config.prior_choices)
        for row, place in enumerate(asked[asked < n_places]):
            part = slice(int(self._indptr[place]), int(self._indptr[place + 1]))
            own = self._counts[part]
            table[row] *= prior
            table[row, self._items[part]] += own
            table[row] /= prior + own.sum()
        return table[inverse]

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"overall": self._overall, "indptr": self._indptr, "items": self._items, "counts": self._counts}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._overall, self._indptr = arrays["overall"], arrays["indptr"]
        self._items, self._counts = arrays["items"], arrays["counts"]


def customers_per_item(histories: Histories, n_items: int) -> NDArray[np.float32]:
    """Return how many different customers chose each item, float32 (items)."""
    pairs = np.unique(histories.owners * n_items + histories.items)
    return np.bincount(pairs % n_items, minlength=n_items).astype(np.float32)
