"""What a catalogue says of each item, as vectors; sentences are embedded once and remembered."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.errors import DamagedError
from regulars.core.progress import SILENT, Progress
from regulars.interests.model_files import read_model, write_model
from regulars.language.embeddings import embedder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from regulars.language.embeddings import Embedder

BATCH = 64
"""Texts embedded between two looks at the clock."""


@dataclass
class VectorCache:
    """Embeddings by a hash of what was embedded, so that learning again embeds new texts alone.

    Parameters
    ----------
    directory
        Where they are kept (safetensors and JSON); None: in memory.
    """

    directory: Path | None = None

    def __post_init__(self) -> None:
        self._known: dict[str, NDArray[np.float16]] = {}
        if self.directory is None or not self.directory.exists():
            return
        try:
            facts, arrays = read_model(self.directory)
            self._known = dict(zip(facts["keys"], arrays["vectors"], strict=True))
        except (DamagedError, KeyError, ValueError):
            # What was remembered only saves time: without it everything is embedded again.
            self._known = {}

    def __len__(self) -> int:
        return len(self._known)

    def embed(
        self, texts: Sequence[str], minutes: float, progress: Progress = SILENT, model: Embedder | None = None
    ) -> NDArray[np.float32] | None:
        """Return the vector of each text, float32 (texts × size), zero for an empty text.

        Parameters
        ----------
        texts
            Any number of times the same.
        minutes
            Time for what is not known yet. What was embedded within it is remembered even if it did not suffice.
        progress
            Told about each new text.
        model
            Who embeds; None: the best that is installed.

        Returns
        -------
        vectors
            None when the time did not suffice, or when no embedder with a model is installed.
        """
        model = model or embedder()
        if model.name == "character n-grams" or not any(texts):
            return None
        keys = [_key(model.name, text) if text else "" for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key and key not in self._known}
        enough = self._learn(model, new, minutes, progress)
        self._save(new)
        if not enough:
            return None
        size = len(next(self._known[key] for key in keys if key))
        vectors = np.zeros((len(texts), size), np.float32)
        for number, key in enumerate(keys):
            if key:
                vectors[number] = self._known[key]
        return vectors

    def _learn(self, model: Embedder, new: dict[str, str], minutes: float, progress: Progress) -> bool:
        end = time.monotonic() + 60 * minutes
        keys = list(new)
        with progress.task("Embedding texts", len(keys)) as step:
            for begin in range(0, len(keys), BATCH):
                if time.monotonic() > end:
                    return False
                batch = keys[begin : begin + BATCH]
                vectors = model.passages([new[key] for key in batch]).astype(np.float16)
                self._known.update(zip(batch, vectors, strict=True))
                step.advance(len(batch))
        return True

    def _save(self, new: dict[str, str]) -> None:
        if self.directory is None or not any(key in self._known for key in new):
            return
        write_model(self.directory, {"keys": list(self._known)}, {"vectors": np.stack(list(self._known.values()))})


def _key(name: str, text: str) -> str:
    return hashlib.blake2b(f"{name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def principal_components(matrix: sp.csr_matrix | NDArray[Any], size: int, seed: int = 7) -> NDArray[np.float32]:
    """Return the first `size` principal axes' coordinates of rows: U·Σ of a truncated, randomised SVD.

    Halko, Martinsson and Tropp (2011), 10 more directions than asked, two power iterations.

    Returns
    -------
    coordinates
        float32 (rows × at most `size`).
    """
    source: Any = matrix
    rows, columns = source.shape
    size = min(size, rows, columns)
    random = np.random.default_rng(seed)
    start = random.normal(size=(columns, min(size + 10, rows, columns))).astype(np.float32)
    basis = np.asarray(source @ start)
    for _ in range(2):
        across = np.linalg.qr(np.asarray(source.T @ np.linalg.qr(basis)[0]))[0]
        basis = np.asarray(source @ across)
    basis = np.linalg.qr(basis)[0]
    small = np.asarray(source.T @ basis).T
    # The eigenvectors of a small Gram matrix in place of a wide SVD.
    spectrum, vectors = np.linalg.eigh(small @ small.T)
    best = np.argsort(-spectrum)[:size]
    scaled = basis @ (vectors[:, best] * np.sqrt(np.maximum(spectrum[best], 0)))
    return np.asarray(scaled, np.float32)


def centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors without their mean and of length 1: what all texts of a shop share says nothing."""
    moved = vectors - vectors.mean(axis=0, keepdims=True)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), np.float32)
