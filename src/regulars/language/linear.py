"""A linear model over hashed n-grams: fast, small, and without a word of what it was learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from regulars.language.grams import grams
from regulars.language.jit import kernel
from regulars.language.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class LinearModel:
    """Log odds of a text: bias + Σ wⱼ / √(1 + Σ rⱼ²), both sums over the known features that are in it.

    This is logistic regression on features weighed by naive Bayes' log count ratio rⱼ and scaled to length one
    (Wang and Manning 2012); wⱼ is rⱼ times the learned coefficient.

    Parameters
    ----------
    order, gap
        Which features are looked at; see `regulars.language.grams.grams`.
    hashes
        uint32, shape (features,), ascending.
    weights, ratios
        float32, shape (features,): wⱼ and rⱼ.
    bias
        Log odds of a text without known features.
    """

    order: int
    gap: int
    hashes: NDArray[np.uint32]
    weights: NDArray[np.float32]
    ratios: NDArray[np.float32]
    bias: float

    @cached_property
    def _slots(self) -> NDArray[np.int32]:
        bits = max(4, int(len(self.hashes) * 2).bit_length())
        slots = np.full(1 << bits, -1, np.int32)
        _fill(self.hashes, slots)
        return slots

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the log odds of each text, shape (texts,)."""
        return self.log_odds_and_known(texts)[0]

    def log_odds_and_known(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the log odds of each text, and how many different features of it are known."""
        found = grams(tokens(texts), self.order, self.gap)
        odds, known = np.empty(len(texts)), np.empty(len(texts), np.int64)
        seen = np.full(len(self.hashes), -1, np.int64)
        _score(
            found.hashes,
            found.counts,
            self.hashes,
            self._slots,
            self.weights,
            self.ratios,
            self.bias,
            seen,
            odds,
            known,
        )
        return odds, known


@kernel
def _fill(hashes: NDArray[np.uint32], slots: NDArray[np.int32]) -> None:
    """Put the places of keys, which are hashes already, into an open-addressing table; -1 is empty."""
    mask = np.uint32(len(slots) - 1)
    for place in range(len(hashes)):
        slot = hashes[place] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint32(1)) & mask
        slots[slot] = place


@kernel
def _score(
    found: NDArray[np.uint32],
    counts: NDArray[np.int64],
    hashes: NDArray[np.uint32],
    slots: NDArray[np.int32],
    weights: NDArray[np.float32],
    ratios: NDArray[np.float32],
    bias: float,
    seen: NDArray[np.int64],
    odds: NDArray[np.float64],
    known: NDArray[np.int64],
) -> None:
    mask = np.uint32(len(slots) - 1)
    at = 0
    for text in range(len(counts)):
        total, squares, different = 0.0, 1.0, 0
        for _ in range(counts[text]):
            key = found[at]
            at += 1
            slot = key & mask
            while slots[slot] >= 0 and hashes[slots[slot]] != key:
                slot = (slot + np.uint32(1)) & mask
            place = slots[slot]
            # A feature counts once, however often it comes.
            if place >= 0 and seen[place] != text:
                seen[place] = text
                total += weights[place]
                squares += ratios[place] * ratios[place]
                different += 1
        odds[text] = bias + total / np.sqrt(squares)
        known[text] = different
