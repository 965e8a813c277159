"""Texts as sparse vectors of their words, pairs of words and pieces of words: what near-copies of a title share."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEATURES = 1 << 17
"""Length of the vectors: a feature's number is its hash modulo this."""
MAX_CHARACTERS = 2000
"""What a longer text says after them is not read."""
PIECE = 0.5
"""Weight of a piece of a word beside the whole word."""
_NO_WORD = re.compile(r"[\W_]+")
_IDEOGRAPH = re.compile("([\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff])")


def lexical_vectors(texts: Sequence[str], *, max_share: float | None = None) -> sp.csr_matrix:
    """Return the TF-IDF vectors of texts, sparse float32 (texts × `FEATURES`), each of length 1 (or empty).

    Features are words, pairs of neighbouring words, and the pieces of 3 and 4 characters of a word with its borders.
    Each Chinese character counts as a word, so that pairs of them are the usual bigrams. A feature is there or not;
    its weight is ln((1 + texts) / (1 + texts with it)).

    Parameters
    ----------
    texts
        One an item.
    max_share
        Features in more than this share of the texts (and in more than 100 of them) are left out: what half of a
        catalogue says makes nothing alike and costs the most.
    """
    rows, features, weights = _occurrences([_plain(text) for text in texts])
    _, first = np.unique(rows * FEATURES + features, return_index=True)
    rows, features, weights = rows[first], features[first], weights[first]
    seen = np.bincount(features, minlength=FEATURES)
    weights = weights * np.log((1 + len(texts)) / (1 + seen))[features]
    if max_share is not None:
        weights[seen[features] > max(100.0, max_share * len(texts))] = 0
    kept = weights > 0
    rows, features, weights = rows[kept], features[kept], weights[kept]
    lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=len(texts)))
    values = (weights / lengths[rows]).astype(np.float32)
    matrix: Any = sp.csr_matrix((values, (rows, features)), shape=(len(texts), FEATURES))
    return matrix


def _plain(text: str) -> str:
    plain = _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold())
    return " ".join(_IDEOGRAPH.sub(r" \1 ", plain).split())


def _occurrences(plain: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return (text, feature, weight) of everything found, with repetitions."""
    points = np.frombuffer(" ".join([*plain, ""]).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.zeros(len(plain) + 1, np.int64)
    np.cumsum([len(text) + 1 for text in plain], out=starts[1:])
    # A word of c characters has at most itself, a pair, c pieces of 3 and c - 1 of 4.
    rows = np.empty(4 * len(points) + 4, np.int64)
    features = np.empty(len(rows), np.int64)
    weights = np.empty(len(rows), np.float64)
    count = _find(points, starts, rows, features, weights)
    return rows[:count], features[:count], weights[:count]


@kernel
def _mixed(value: np.uint64, point: np.uint64) -> np.uint64:
    # FNV-1a over whole code points: short, and spread well enough after the modulus.
    return (value ^ point) * np.uint64(1099511628211)


@kernel
def _number(value: np.uint64) -> int:
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    return int(value % np.uint64(FEATURES))


@kernel
def _find(
    points: NDArray[np.uint32],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    features: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> int:
    count = 0
    basis = np.uint64(14695981039346656037)
    for text in range(len(starts) - 1):
        at, end = starts[text], starts[text + 1] - 1
        before = np.uint64(0)
        while at < end:
            begin = at
            word = basis
            while at < end and points[at] != 32:
                word = _mixed(word, np.uint64(points[at]))
                at += 1
            rows[count], features[count], weights[count] = text, _number(word), 1.0
            count += 1
            if before != 0:
                rows[count], features[count], weights[count] = text, _number(_mixed(before, word)), 1.0
                count += 1
            before = word
            if at - begin > 2:
                # Pieces begin at the border before the word, which is a space or the end of the text before.
                for length in range(3, 5):
                    for first in range(begin - 1, at - length + 2):
                        piece = basis ^ np.uint64(length)
                        for place in range(first, first + length):
                            point = np.uint64(points[place]) if begin <= place < at else np.uint64(32)
                            piece = _mixed(piece, point)
                        rows[count], features[count], weights[count] = text, _number(piece), PIECE
                        count += 1
            at += 1
    return count
