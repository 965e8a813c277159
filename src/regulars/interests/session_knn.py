"""Nearest customers: those with the same items lately, and what they chose right beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.jit import kernel
from regulars.interests.neighbours import fading, keep_strongest
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


class SessionKNNConfig(Config, frozen=True, kw_only=True):
    """Settings of `SessionKNN`; the defaults were chosen on validation splits of three data sets."""

    customers: int = 300
    """Nearest customers that are asked."""
    per_item: int = 1000
    """Latest customers of an item that are looked at: the cost of a history is `history_depth` times this."""
    history_depth: int = 32
    """Events of a history that are looked at."""
    history_decay: float = 1.0
    """The r-th latest event of a history weighs (1 + r)^-history_decay in the comparison."""
    window: int = 20
    """Events of a nearest customer further from the shared one than this do not count."""
    gap_decay: float = 0.5
    """One g events away counts g^-gap_decay."""
    backward: float = 0.3
    """Weight of 'chosen before the shared item' beside 'after'."""
    length_power: float = 0.25
    """A customer of n events is divided by n^length_power: to share an item with someone who has all says little."""
    popularity_power: float = 0.15
    """An item with n customers is divided by n^popularity_power."""


class SessionKNN(Recommender):
    """Customers who lately chose the same items, asked for what they chose next to them.

    sim(h, v) = Σ_r (1 + r)^-decay · idf(i_r) · [i_r ∈ v] / n_v^length_power, i_r the r-th latest event of history h.
    s(j) = Σ_v sim(h, v) · gap(v, j)^-gap_decay / n_j^popularity_power over the nearest customers v, where the gap is
    counted from the latest item that h and v share (vector-multiplication session kNN: Ludewig and Jannach, 2018; both
    recencies: Garg et al., 2019). An item has a list of its latest customers, so that the cost of a history does not
    grow with the shop.
    """

    name = "neighbours"
    config_type = SessionKNNConfig
    config: SessionKNNConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories, config = interactions.histories, self.config
        counts = np.bincount(histories.items, minlength=self.n_items_)
        # By item, latest first; a stable sort keeps equal times in one order.
        order = np.lexsort((-histories.times, histories.items))
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        rank = np.arange(len(order)) - np.repeat(starts[:-1], counts)
        kept = rank < config.per_item
        self.places_ = order[kept].astype(np.int64)
        self.starts_ = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.minimum(counts, config.per_item))])
        self.items_ = histories.items
        self.indptr_ = histories.indptr
        self.worth_ = (np.maximum(histories.lengths, 1) ** -config.length_power).astype(np.float32)
        self.rarity_ = np.log1p(len(histories) / np.maximum(counts, 1)).astype(np.float32)
        self.scale_ = (np.maximum(counts, 1) ** -config.popularity_power).astype(np.float32)
        self._prepare()

    def _prepare(self) -> None:
        self._owners = np.repeat(np.arange(len(self.worth_), dtype=np.int32), np.diff(self.indptr_))

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        config = self.config
        recency = fading(config.history_depth, config.history_decay)
        gaps = fading(config.window, config.gap_decay)
        out = np.zeros((len(histories), self.n_items_), np.float32)
        _score(
            histories.indptr, histories.items, recency, self.starts_, self.places_, self._owners, self.indptr_,
            self.items_, self.worth_, self.rarity_, gaps, np.float32(config.backward), config.customers, out,
        )  # fmt: skip
        out *= self.scale_
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        names = ("places", "starts", "items", "indptr", "worth", "rarity", "scale")
        return {name: getattr(self, f"{name}_") for name in names}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.places_, self.starts_, self.items_ = arrays["places"], arrays["starts"], arrays["items"]
        self.indptr_, self.worth_ = arrays["indptr"], arrays["worth"]
        self.rarity_, self.scale_ = arrays["rarity"], arrays["scale"]
        self._prepare()

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = SessionKNNConfig()
        changes: list[dict[str, Any]] = [
            {"history_decay": 0.5}, {"history_decay": 1.5}, {"gap_decay": 0.25}, {"gap_decay": 1.0}, {"customers": 200},
            {"customers": 2000}, {"popularity_power": 0.3}, {"length_power": 0.5}, {"backward": 0.6},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


@kernel
def _score(
    indptr: NDArray[np.int64],
    history: NDArray[np.int32],
    recency: NDArray[np.float32],
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    owners: NDArray[np.int32],
    begins: NDArray[np.int64],
    items: NDArray[np.int32],
    worth: NDArray[np.float32],
    rarity: NDArray[np.float32],
    gaps: NDArray[np.float32],
    backward: np.float32,
    limit: int,
    out: NDArray[np.float32],
) -> None:
    similar = np.zeros(len(worth), np.float32)
    shared = np.zeros(len(worth), np.int64)
    touched = np.empty(len(worth), np.int32)
    window = len(gaps)
    for row in range(len(indptr) - 1):
        count = 0
        end = indptr[row + 1]
        for rank in range(min(end - indptr[row], len(recency))):
            item = history[end - 1 - rank]
            value = recency[rank] * rarity[item]
            for at in range(starts[item], starts[item + 1]):
                customer = owners[places[at]]
                if similar[customer] == 0:
                    touched[count] = customer
                    count += 1
                    shared[customer] = places[at]
                similar[customer] += value * worth[customer]
        nearest = keep_strongest(similar, touched, count, limit)
        for customer in nearest:
            here = shared[customer]
            value = similar[customer]
            for there in range(max(begins[customer], here - window), min(begins[customer + 1], here + window + 1)):
                if there > here:
                    out[row, items[there]] += value * gaps[there - here - 1]
                elif there < here:
                    out[row, items[there]] += backward * value * gaps[here - there - 1]
        for index in range(count):
            similar[touched[index]] = 0
