"""What the text model knows of a customer and an item, one number for each of five reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.interests.categories import affinity
from regulars.interests.jit import cores, kernel, parallel_kernel, parallel_range
from regulars.interests.neighbours import Neighbours, from_padded, settle_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.text_config import TextConfig

REASONS = ("follows", "near", "map", "category", "popular")
"""Columns: co-visitation (warm items alone), near-copies, co-visitation carried over by text, category, popularity."""
PERSONAL = len(REASONS) - 1
"""All but the last depend on the customer."""


@dataclass(frozen=True)
class TextParts:
    """Everything that a score is made of.

    Parameters
    ----------
    follows
        Co-visitation table.
    near
        For each item those whose texts are nearest to it, strength = cosine³.
    vectors
        F: text, meaning and category of each item, float32 (items × size).
    mapped
        S·F·(FᵀF + λ)⁻¹: each warm item's row of the co-visitation table S as a linear function of text, float32
        (items × size). What it says of item j, seen or not, is ⟨mapped_i, F_j⟩.
    labels
        Categories, sparse (items × labels).
    popular
        ln(1 + customers) of warm items, the same predicted from F of cold ones, standardised; float32 (items).
    warm
        Which items somebody chose, bool (items).
    """

    follows: Neighbours
    near: Neighbours
    vectors: NDArray[np.float32]
    mapped: NDArray[np.float32]
    labels: sp.csr_matrix
    popular: NDArray[np.float32]
    warm: NDArray[np.bool_]

    def features(self, histories: Histories, config: TextConfig) -> NDArray[np.float32]:
        """Return the personal reasons on one scale, float32 (customers × items × 4).

        Each is standardised over the catalogue for each customer and z becomes sign(z)·ln(1 + |z|): similarities have
        tails so long that a weight learned on raw numbers looks at the tail alone.
        """
        depth = config.history_depth
        profile = profiles(histories, len(self.warm), config.history_decay, depth)
        columns = (
            self.follows.score(histories, config.follows_decay, depth),
            self.near.score(histories, config.taste_decay, depth),
            np.asarray(profile @ self.mapped, np.float32) @ self.vectors.T,
            affinity(profiles(histories, len(self.warm), config.taste_decay, depth), self.labels),
        )
        out = np.empty((len(histories), len(self.warm), PERSONAL), np.float32)
        for number, column in enumerate(columns):
            _standardise(column, out[:, :, number])
        return out


def profiles(histories: Histories, n_items: int, decay: float, depth: int) -> Any:
    """Return Σ_r (1 + r)^-decay at the r-th latest item, r < depth, sparse float32 (customers × items)."""
    rank = histories.from_end
    weights = np.where(rank < depth, (1.0 + rank) ** -decay, 0).astype(np.float32)
    matrix: Any = sp.csr_matrix((weights, histories.items, histories.indptr), shape=(len(histories), n_items))
    return matrix


def ridge_map(
    vectors: NDArray[np.float32], warm: NDArray[np.bool_], targets: list[Any], reg: float
) -> list[NDArray[np.float32]]:
    """Return T·F_w·(F_wᵀF_w + reg)⁻¹ of each T (rows × items), F_w being F with nothing of cold items.

    The ridge regression of every row of T on the texts of warm items; one factorisation serves them all.
    """
    seen = vectors * warm[:, None]
    gram = (seen.T @ seen).astype(np.float64)
    inverse = np.linalg.inv(gram + reg * np.eye(len(gram)))
    return [np.asarray(np.asarray(target @ seen) @ inverse, np.float32) for target in targets]


def near_items(lexical: sp.csr_matrix, warm: NDArray[np.bool_], nearest: int, power: float) -> Neighbours:
    """Return for each warm item the items that have it among their `nearest` warm ones, strength = cosine^power.

    Counted from the new item's side, so that every item has neighbours, however many copies the old ones have.
    """
    matrix: Any = lexical
    sources: Any = sp.diags(warm.astype(np.float32)) @ matrix
    postings = sources.tocsc()
    lengths, items, strengths = _nearest(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data,
        postings.indptr.astype(np.int64), postings.indices.astype(np.int32), postings.data.astype(np.float32),
        nearest, cores(),
    )  # fmt: skip
    found = from_padded(lengths, items, strengths ** np.float32(power))
    n = len(warm)
    turned: Any = sp.csr_matrix((found.strengths, found.items, found.indptr), shape=(n, n)).T.tocsr()
    return Neighbours(turned.indptr.astype(np.int64), turned.indices.astype(np.int32), turned.data.astype(np.float32))


@parallel_kernel
def _nearest(
    indptr: NDArray[np.int64],
    features: NDArray[np.int32],
    values: NDArray[np.float32],
    starts: NDArray[np.int64],
    holders: NDArray[np.int32],
    weights: NDArray[np.float32],
    limit: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    n_items = len(indptr) - 1
    lengths = np.zeros(n_items, np.int64)
    items = np.zeros((n_items, limit), np.int32)
    strengths = np.zeros((n_items, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(thread, n_items, threads):
            count = 0
            for at in range(indptr[item], indptr[item + 1]):
                for where in range(starts[features[at]], starts[features[at] + 1]):
                    other = holders[where]
                    if other == item or weights[where] == 0:
                        continue
                    if row[other] == 0:
                        touched[count] = other
                        count += 1
                    row[other] += values[at] * weights[where]
            lengths[item] = settle_row(row, touched, count, items[item], strengths[item])
    return lengths, items, strengths


@kernel
def _standardise(values: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    n = values.shape[1]
    for row in range(values.shape[0]):
        mean = 0.0
        for item in range(n):
            mean += values[row, item]
        mean /= n
        spread = 0.0
        for item in range(n):
            spread += (values[row, item] - mean) ** 2
        spread = np.sqrt(spread / n)
        for item in range(n):
            if spread < 1e-12:
                out[row, item] = 0
            else:
                z = (values[row, item] - mean) / spread
                out[row, item] = np.log1p(z) if z > 0 else -np.log1p(-z)
