"""The sequence transformer: attention over a history decides what it wants next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regulars.core.errors import UsageError
from regulars.interests.neural.sequence_recommender import SequenceConfig, SequenceRecommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.interests.neural.trunks import Trunk
    from regulars.interests.recommender import Config


class TransformerConfig(SequenceConfig, frozen=True, kw_only=True):
    """Settings of `SequenceTransformer`."""

    heads: int = 2
    """Attention heads; the length of the vectors is a multiple."""


class SequenceTransformer(SequenceRecommender[TransformerConfig]):
    """Causal self-attention over events (Kang and McAuley, 2018), the next one predicted over the whole catalogue.

    What differs from SASRec: item vectors start from the spectrum of what is chosen together and layers from nothing
    added, so that the first epoch already refines counts; the softmax runs over all items in bfloat16; attention
    knows distances in events and in time through learned biases (after T5 and HSTU) in place of position vectors, so
    that windows of any place in a history look alike; layers are normalised before (RMSNorm) and gated (SwiGLU).
    """

    name = "transformer"
    config_type = TransformerConfig

    def _trunk(self, n_kinds: int) -> Trunk:
        from regulars.interests.neural.trunks import TransformerTrunk

        config = self.config
        if config.embedding_size % config.heads:
            raise UsageError(
                f"embedding_size {config.embedding_size} is no multiple of heads {config.heads}", where="settings"
            )
        return TransformerTrunk(
            self.n_items_, n_kinds, config.embedding_size, config.dropout, config.time_intervals,
            config.layers, config.heads,
        )  # fmt: skip

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = TransformerConfig()
        changes: list[dict[str, float]] = [{"embedding_size": 64}, {"embedding_size": 256}, {"dropout": 0.5}]
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]
