"""What follows what: a count of items that the same customer chose soon after one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.covisitation_kernel import count_pairs
from regulars.interests.covisitation_tuning import Powers, tuned
from regulars.interests.hops import reach_further
from regulars.interests.item_pairs import in_blocks
from regulars.interests.item_to_item import ItemToItem, ItemToItemConfig
from regulars.interests.jit import cores
from regulars.interests.neighbours import Neighbours, fading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.item_pairs import Rows
    from regulars.interests.recommender import Config


class CoVisitationConfig(ItemToItemConfig, frozen=True, kw_only=True):
    """Settings of `CoVisitation`.

    Where None is said, the value is chosen on held-out last events of the data learned from: what suits a chemist's
    shop does not suit a cinema (docs/log.md).
    """

    window: int = 30
    """Pairs further apart than this many events do not count."""
    gap_decay: float = 0.5
    """A pair g events apart counts g^-gap_decay."""
    backward: float | None = None
    """Weight of 'came before' beside 'came after'."""
    customer_power: float = 0.1
    """The pairs of a customer with n events count n^-customer_power each."""
    popularity_power: float | None = None
    """A neighbour bought n times is divided by n^popularity_power."""
    source_power: float | None = None
    """An item seen n times gives each neighbour its count divided by n^source_power."""
    count_power: float | None = None
    """Counts are raised to this power: below 1, many pairs say less than their number."""
    hops: int = 1
    """Steps through the table: 2 also reaches what follows what follows."""
    hop_weight: float = 0.3
    """What each further step counts."""
    history_decay: float | None = None
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 128
    """Events of a history that are looked at."""
    neighbours: int = 512
    """Neighbours kept for each item."""


class CoVisitation(ItemToItem[CoVisitationConfig]):
    """Sequence nearest neighbours: directed item-to-item counts, weighted by gap and recency.

    c(i → j) = Σ over customers u, over pairs at positions p(i) < p(j) ≤ p(i) + window, of gap^-gap_decay ·
    n_u^-customer_power, plus `backward` times the same for p(j) < p(i);
    strength = c(i → j)^count_power / (n_i^source_power · n_j^popularity_power).
    A history scores the sum over its events, the latest counting most. Counting the gap in both the table and the
    history is what carries the order; with neither it is the plain co-occurrence count.

    Attributes
    ----------
    powers_
        The settings in use: those given, and those chosen.
    """

    name = "covisitation"
    config_type = CoVisitationConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        with progress.task("Counting what follows what", None):
            self.powers_ = self._choose(interactions)
            table = self.table(interactions.histories, self.powers_)
            config = self.config
            self.neighbours_ = (
                reach_further(table, config.hops, config.hop_weight, config.neighbours) if config.hops > 1 else table
            )

    def _choose(self, interactions: Interactions) -> Powers:
        config = self.config
        given = {name: getattr(config, name) for name in Powers.__struct_fields__}
        if all(value is not None for value in given.values()):
            return Powers(**given)
        return tuned(interactions, given, self.table)

    def table(self, histories: Histories, powers: Powers) -> Neighbours:
        """Count, and keep each item's strongest neighbours."""
        config = self.config
        gaps = fading(config.window, config.gap_decay)
        counts = np.bincount(histories.items, minlength=self.n_items_).astype(np.float32)
        # Positions of each item in the long list of events, so that one item's row is built at a time:
        # memory stays at one dense row a core however long the histories are.
        where = np.argsort(histories.items, kind="stable").astype(np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        lengths = np.maximum(histories.lengths, 1).astype(np.float32) ** np.float32(-config.customer_power)
        scale = np.maximum(counts, 1) ** np.float32(-powers.popularity_power)
        owners = histories.owners

        def block(first: int, last: int) -> Rows:
            return count_pairs(
                histories.items, histories.weights, histories.indptr, owners, lengths, where, starts, gaps,
                np.float32(powers.backward), np.float32(powers.count_power), scale, config.neighbours, first, last,
                cores(),
            )  # fmt: skip

        made = in_blocks(self.n_items_, config.neighbours, block)
        source = np.repeat(np.maximum(counts, 1) ** np.float32(-powers.source_power), np.diff(made.indptr))
        return Neighbours(made.indptr, made.items, made.strengths * source.astype(np.float32))

    @property
    def history_decay(self) -> float:
        """How fast the events of a history lose weight: as given, or as chosen."""
        return self.powers_.history_decay

    def _arrays(self) -> dict[str, NDArray[Any]]:
        powers = np.array(msgspec.structs.astuple(self.powers_), np.float64)
        return {**super()._arrays(), "powers": powers}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        super()._restore(arrays)
        self.powers_ = Powers(*arrays["powers"].tolist())

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = CoVisitationConfig()
        changes: list[dict[str, float]] = [
            {"gap_decay": 0.25}, {"gap_decay": 1.0}, {"customer_power": 0.0}, {"customer_power": 0.4}, {"window": 10},
            {"hops": 2},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]
