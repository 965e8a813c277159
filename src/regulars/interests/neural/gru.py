"""A recurrent baseline: a gated recurrent unit reads the history event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.interests.neural.sequence_recommender import SequenceConfig, SequenceRecommender

if TYPE_CHECKING:
    from regulars.interests.neural.trunks import Trunk


class GRUConfig(SequenceConfig, frozen=True, kw_only=True):
    """Settings of `GRU`."""

    layers: int = 1
    """Units one behind the other."""


class GRU(SequenceRecommender[GRUConfig]):
    """GRU4Rec (Hidasi et al., 2016) with the start, loss and training of our transformer, to measure it against."""

    name = "gru"
    config_type = GRUConfig

    def _trunk(self, n_kinds: int) -> Trunk:
        from regulars.interests.neural.trunks import GRUTrunk

        config = self.config
        return GRUTrunk(
            self.n_items_, n_kinds, config.embedding_size, config.dropout, config.time_intervals, config.layers
        )
