"""Short codes for items: alike vectors begin with the same code, as books on a shelf begin with the same number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from regulars.core.errors import DamagedError, InputError
from regulars.interests.model_files import read_model, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

ROUNDS = 20
"""Of k-means, at most."""
SAMPLE = 20_000
"""Vectors that the centres are learned from."""
BLOCK = 8192
"""Vectors compared with all centres at once."""


@dataclass(frozen=True)
class SemanticIds:
    """Residual quantisation (Chen et al., 2010): each level is k-means on what the levels before left over.

    Parameters
    ----------
    centres
        float32 (levels × codes × size).
    codes
        int16 (items × levels + 1): the centre of each level, outermost first; the last tells apart items whose other
        codes are equal, in the order of their numbers.
    """

    centres: NDArray[np.float32]
    codes: NDArray[np.int16]

    @classmethod
    def fit(cls, vectors: Vectors, *, levels: int = 3, size: int = 64, seed: int = 7) -> SemanticIds:
        """Learn centres from vectors and give each vector its codes.

        Parameters
        ----------
        vectors
            float32 (items × size of a vector).
        levels
            Codes of an item, the one that tells equals apart not counted.
        size
            Different codes of a level, at most 32,767; fewer when there are fewer different vectors.
        seed
            Of the first centres. The same vectors and seed give the same codes.

        Raises
        ------
        InputError
            There is no vector, or a size that cannot be.
        """
        if len(vectors) == 0 or levels < 1 or not 1 <= size <= np.iinfo(np.int16).max:
            raise InputError("semantic ids need vectors, at least one level and 1 to 32,767 codes")
        random = np.random.default_rng(seed)
        rest = vectors.astype(np.float32, copy=True)
        centres: list[Vectors] = []
        for _ in range(levels):
            rows = np.arange(len(rest))
            if len(rest) > SAMPLE:
                rows = np.sort(random.choice(len(rest), SAMPLE, replace=False))
            found = _k_means(rest[rows], size, random)
            centres.append(found)
            rest -= found[_assign(rest, found)]
        table = np.stack(centres)
        codes = _codes(vectors, table)
        return cls(table, np.column_stack([codes, _tell_apart(codes, codes[:0])]))

    def encode(self, vectors: Vectors) -> NDArray[np.int16]:
        """Return the codes of new vectors, int16 (vectors × levels + 1), the last one after those that are taken."""
        codes = _codes(vectors, self.centres)
        return np.column_stack([codes, _tell_apart(codes, self.codes[:, :-1])])

    def reconstruct(self) -> Vectors:
        """Return what the codes say of each vector: the sum of its centres, float32 (items × size)."""
        return self._sum(self.codes)

    def _sum(self, codes: NDArray[np.int16]) -> Vectors:
        total = np.zeros((len(codes), self.centres.shape[2]), np.float32)
        for level, centres in enumerate(self.centres):
            total += centres[codes[:, level]]
        return total

    def neighbours(self, item: int, n: int = 10) -> NDArray[np.int32]:
        """Return up to n items that begin with the same code, nearest first.

        Items with more codes in common come first, then those whose codes say that they are nearer, then the smaller
        number. One cell of the first level is looked at, not the catalogue.
        """
        cell = np.flatnonzero(self.codes[:, 0] == self.codes[item, 0])
        cell = cell[cell != item]
        same = np.cumprod(self.codes[cell, :-1] == self.codes[item, :-1], axis=1).sum(axis=1)
        distance = ((self._sum(self.codes[cell]) - self._sum(self.codes[item : item + 1])) ** 2).sum(axis=1)
        return cell[np.lexsort((cell, distance, -same))[:n]].astype(np.int32)

    @property
    def collisions(self) -> float:
        """Share of items whose codes, without the last, are another item's too."""
        _, inverse, counts = np.unique(self.codes[:, :-1], axis=0, return_inverse=True, return_counts=True)
        return float((counts[inverse] > 1).mean())

    def save(self, directory: Path) -> None:
        """Write centres and codes into `directory`."""
        write_model(directory, {"model": "semantic-ids", "format": 1}, {"centres": self.centres, "codes": self.codes})

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        DamagedError
            A file is missing, damaged, or holds something else.
        """
        facts, arrays = read_model(directory)
        if facts.get("model") != "semantic-ids" or facts.get("format") != 1 or not {"centres", "codes"} <= set(arrays):
            raise DamagedError("does not hold semantic ids in format 1", where=str(directory))
        return cls(arrays["centres"], arrays["codes"])


def _codes(vectors: Vectors, table: NDArray[np.float32]) -> NDArray[np.int16]:
    rest = vectors.astype(np.float32, copy=True)
    codes = np.empty((len(vectors), len(table)), np.int16)
    for level, centres in enumerate(table):
        codes[:, level] = _assign(rest, centres)
        rest -= centres[codes[:, level]]
    return codes


def _tell_apart(codes: NDArray[np.int16], taken: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return a number for each row of `codes` that tells it from equal ones there and in `taken`."""
    both = np.concatenate([taken, codes])
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    first = np.flatnonzero(np.diff(inverse[order], prepend=-1))
    numbers = np.arange(len(both)) - np.repeat(first, np.diff(first, append=len(both)))
    out = np.empty(len(both), np.int16)
    out[order] = numbers
    return out[len(taken) :]


def _assign(vectors: Vectors, centres: Vectors) -> NDArray[np.int64]:
    """Return the nearest centre of each vector; of equals the first."""
    out = np.empty(len(vectors), np.int64)
    lengths = (centres**2).sum(axis=1)
    for begin in range(0, len(vectors), BLOCK):
        block = vectors[begin : begin + BLOCK]
        out[begin : begin + BLOCK] = (lengths - 2 * (block @ centres.T)).argmin(axis=1)
    return out


def _k_means(vectors: Vectors, size: int, random: np.random.Generator) -> Vectors:
    """Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii, 2007); unused codes keep their first centre."""
    centres = np.zeros((size, vectors.shape[1]), np.float32)
    centres[0] = vectors[random.integers(len(vectors))]
    distance = ((vectors - centres[0]) ** 2).sum(axis=1, dtype=np.float64)
    for number in range(1, size):
        total = float(distance.sum())
        # With fewer different vectors than codes the rest repeat the last: no vector is nearer to them than to others.
        chosen = random.choice(len(vectors), p=distance / total) if total > 1e-9 else int(distance.argmax())
        centres[number] = vectors[chosen]
        distance = np.minimum(distance, ((vectors - centres[number]) ** 2).sum(axis=1, dtype=np.float64))
    before: NDArray[Any] = np.full(len(vectors), -1)
    for _ in range(ROUNDS):
        nearest = _assign(vectors, centres)
        if np.array_equal(nearest, before):
            break
        before = nearest
        counts = np.bincount(nearest, minlength=size)
        order = np.argsort(nearest, kind="stable")
        used = np.flatnonzero(counts)
        starts = np.cumsum(counts)[used] - counts[used]
        sums = np.add.reduceat(vectors[order], starts, axis=0, dtype=np.float64)
        centres[used] = (sums / counts[used, None]).astype(np.float32)
    return centres
