"""Counting again what a blend counted: cheap, since nothing is tuned or weighed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.interests.blend_features import Featurizer
from regulars.interests.covisitation import CoVisitation
from regulars.interests.neural.sequence_recommender import SequenceConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.interests import Blend, Interactions


def settle(blend: Blend, minutes: float | None = None) -> None:
    """Keep what tuning chose, and give parts that are trained in passes at most so many minutes.

    Tuning co-visitation takes many times as long as counting it. Like the weights of the parts, what it chose stays
    until everything is learned from the start.
    """
    for part in blend.parts_.values():
        if isinstance(part, CoVisitation):
            part.config = msgspec.structs.replace(part.config, **msgspec.structs.asdict(part.powers_))
        elif isinstance(part.config, SequenceConfig) and minutes is not None:
            part.config = msgspec.structs.replace(part.config, minutes=minutes)


def count_again(blend: Blend, left: Interactions, gone: Sequence[int]) -> list[str]:
    """Take customers out of a blend: what counts is exactly as if it had only ever seen those who are left.

    Parameters
    ----------
    blend
        Is changed.
    left
        What is left of the interactions, under the same item numbers, without the customers who are gone.
    gone
        The numbers that they had.

    Returns
    -------
    later
        Models in which sums over everyone still show them a little, until they learn from the start. None of them
        holds a row of a person who is gone.
    """
    settle(blend)
    parts = blend.parts_
    # The blend's own way to learn on, for the parts that only count: it makes its own signals anew as well.
    blend.parts_ = {name: part for name, part in parts.items() if part.forgets_at_once}
    try:
        _ = blend.partial_fit(left)
    finally:
        blend.parts_ = parts
    blend.featurizer_ = Featurizer(parts, blend.featurizer_.signals, blend.now_, blend.config.depth)
    later = [name for name, part in parts.items() if not part.forgets_at_once]
    for name in later:
        part = parts[name]
        vectors = getattr(part, "user_factors_", None)
        if vectors is not None:
            part.user_factors_ = np.delete(vectors, gone, axis=0)  # pyright: ignore[reportAttributeAccessIssue]
    return [*later, blend.name]
