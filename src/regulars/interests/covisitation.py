"""What follows what: a count of items that the same customer chose soon after one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.interests.item_to_item import ItemToItem, ItemToItemConfig
from regulars.interests.jit import cores, parallel_kernel, parallel_range
from regulars.interests.neighbours import from_padded, settle_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Interactions
    from regulars.interests.recommender import Config


class CoVisitationConfig(ItemToItemConfig, frozen=True, kw_only=True):
    """Settings of `CoVisitation`; the defaults were chosen on validation splits (docs/log.md)."""

    window: int = 10
    """Pairs further apart than this many events do not count."""
    gap_decay: float = 0.5
    """A pair g events apart counts g^-gap_decay."""
    backward: float = 0.5
    """Weight of 'came before' beside 'came after'."""
    popularity_power: float = 0.25
    """A neighbour bought n times is divided by n^popularity_power."""
    source_power: float = 0.5
    """An item seen n times gives each neighbour its count divided by n^source_power."""
    history_decay: float = 1.4
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 128
    """Events of a history that are looked at."""
    neighbours: int = 512
    """Neighbours kept for each item."""


class CoVisitation(ItemToItem[CoVisitationConfig]):
    """Sequence nearest neighbours: directed item-to-item counts, weighted by gap and recency.

    c(i → j) = Σ over customers, over pairs at positions p(i) < p(j) ≤ p(i) + window, of gap^-gap_decay,
    plus `backward` times the same for p(j) < p(i); strength = c(i → j) / (n_i^source_power · n_j^popularity_power).
    A history scores the sum over its events, the latest counting most. Counting the gap in both the table and the
    history is what carries the order; with neither it is the plain co-occurrence count.
    """

    name = "covisitation"
    config_type = CoVisitationConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        config = self.config
        gaps = (1.0 + np.arange(config.window, dtype=np.float32)) ** np.float32(-config.gap_decay)
        histories = interactions.histories
        counts = np.bincount(histories.items, minlength=self.n_items_).astype(np.float32)
        # Positions of each item in the long list of events, so that one item's row is built at a time:
        # memory stays at one dense row a core however long the histories are.
        where = np.argsort(histories.items, kind="stable").astype(np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        owners = histories.owners
        scale = np.maximum(counts, 1) ** np.float32(-config.popularity_power)
        with progress.task("Counting what follows what", None):
            lengths, items, strengths = _count(
                histories.items, histories.weights, histories.indptr, owners, where, starts, gaps,
                np.float32(config.backward), scale, config.neighbours, cores(),
            )  # fmt: skip
        strengths *= np.maximum(counts, 1)[:, None] ** np.float32(-config.source_power)
        self.neighbours_ = from_padded(lengths, items, strengths)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = CoVisitationConfig()
        changes: list[dict[str, float]] = [
            {"history_decay": 1.0}, {"history_decay": 1.8}, {"gap_decay": 0.25}, {"gap_decay": 1.0},
            {"backward": 0.25}, {"backward": 1.0}, {"window": 64}, {"popularity_power": 0.1},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


@parallel_kernel
def _count(
    events: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int64],
    owners: NDArray[np.int64],
    where: NDArray[np.int64],
    starts: NDArray[np.int64],
    gaps: NDArray[np.float32],
    backward: np.float32,
    scale: NDArray[np.float32],
    limit: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    n_items = len(starts) - 1
    lengths = np.zeros(n_items, np.int64)
    items = np.zeros((n_items, limit), np.int32)
    strengths = np.zeros((n_items, limit), np.float32)
    window = len(gaps)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(thread, n_items, threads):
            count = 0
            for at in range(starts[item], starts[item + 1]):
                here = where[at]
                begin = indptr[owners[here]]
                end = indptr[owners[here] + 1]
                for there in range(max(begin, here - window), min(end, here + window + 1)):
                    other = events[there]
                    if other == item:
                        continue
                    if there > here:
                        value = gaps[there - here - 1] * weights[there]
                    else:
                        value = backward * gaps[here - there - 1] * weights[there]
                    if value == 0:
                        continue
                    if row[other] == 0:
                        touched[count] = other
                        count += 1
                    row[other] += value
            for index in range(count):
                row[touched[index]] *= scale[touched[index]]
            lengths[item] = settle_row(row, touched, count, items[item], strengths[item])
    return lengths, items, strengths
