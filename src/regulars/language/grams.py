"""What a text is made of: hashes of its n-grams and of its pairs of tokens with others between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regulars.language.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.language.tokens import Tokens

_GOLDEN, _STEP, _PAIR = 0x9E3779B97F4A7C15, 31, 77
_FIRST, _SECOND = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53


class Grams(NamedTuple):
    """The features of some texts, one text after another, with repetitions.

    Parameters
    ----------
    hashes
        uint32, shape (features,).
    counts
        int64, shape (texts,): how many of them each text has.
    """

    hashes: NDArray[np.uint32]
    counts: NDArray[np.int64]


def grams(found: Tokens, order: int, gap: int) -> Grams:
    """Return the 1- to `order`-grams of texts, and their pairs of tokens with 1 to `gap` others between.

    The pairs are what a negation and the word it turns round look like: 不 … 好, not … good.
    """
    hashes = np.empty(len(found.codes) * (order + gap), np.uint32)
    counts = np.empty(len(found.offsets) - 1, np.int64)
    total = _grams(found.codes, found.offsets, order, gap, hashes, counts)
    return Grams(hashes[:total], counts)


@kernel
def mixed(value: np.uint64) -> np.uint64:
    """Return a number whose bits all depend on all bits of another: MurmurHash3's finaliser (Appleby, 2011)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(_FIRST)
    value ^= value >> np.uint64(33)
    value *= np.uint64(_SECOND)
    return value ^ (value >> np.uint64(33))


@kernel
def _grams(
    codes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    order: int,
    gap: int,
    hashes: NDArray[np.uint32],
    counts: NDArray[np.int64],
) -> int:
    total = 0
    for text in range(len(offsets) - 1):
        before, end = total, offsets[text + 1]
        for at in range(offsets[text], end):
            gram = np.uint64(0)
            for last in range(at, min(at + order, end)):
                gram = mixed(gram * np.uint64(_STEP) + codes[last] + np.uint64(_GOLDEN))
                hashes[total] = np.uint32(gram >> np.uint64(32))
                total += 1
            for last in range(at + 2, min(at + gap + 2, end)):
                pair = mixed(codes[at] * np.uint64(_GOLDEN) + codes[last] + np.uint64(_PAIR))
                hashes[total] = np.uint32(pair >> np.uint64(32))
                total += 1
        counts[text] = total - before
    return total
