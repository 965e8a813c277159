"""Where item vectors start: the spectrum of what is chosen together, so that training begins warm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

WINDOW = 10
"""Events further apart than this are not together."""
CONTEXT_POWER = 0.75
"""Counts of contexts are flattened by this power, as in word2vec: rare items are not all surprise."""


def together(histories: Histories, n_items: int) -> sparse.csr_matrix:
    """Return how much each two items were chosen near one another, symmetric, (items × items).

    c(i, j) = Σ over customers, over pairs g ≤ 10 events apart, of g^-½.
    """
    owners, items = histories.owners, histories.items
    counts = sparse.csr_matrix((n_items, n_items), dtype=np.float64)
    for gap in range(1, WINDOW + 1):
        same = owners[gap:] == owners[:-gap]
        first, second = items[:-gap][same], items[gap:][same]
        weights = np.full(len(first), gap**-0.5)
        counts = counts + sparse.csr_matrix((weights, (first, second)), shape=(n_items, n_items))
    off_diagonal = counts - sparse.diags_array(counts.diagonal())
    return sparse.csr_matrix(off_diagonal + off_diagonal.T)


def spectral_vectors(histories: Histories, n_items: int, size: int, seed: int) -> NDArray[np.float32]:
    """Return item vectors whose inner products approximate how surprisingly often two items go together.

    The matrix M_ij = max(0, ln(c_ij · Σc / (r_i · r̃_j))), positive pointwise mutual information, is factorised as
    V·Λ·Vᵀ by subspace iteration (Halko, Martinsson and Tropp, 2011); the vectors are V·√Λ, rotated at random so that
    every attention head sees the whole spectrum, and scaled to a mean squared length of 1. Beside vectors that start
    at random an epoch or two replaces twenty on small catalogues (Levy and Goldberg, 2014, show why: embeddings
    learned by prediction factorise this matrix anyway).

    Parameters
    ----------
    histories
        What the vectors are counted from.
    n_items
        Rows of the result. Items without any neighbour get a short random vector.
    size
        Length of the vectors.
    seed
        Of the start and the rotation.

    Returns
    -------
    vectors
        float32 (items × size).
    """
    random = np.random.default_rng(seed)
    vectors = random.normal(0, 0.1 / np.sqrt(size), (n_items, size))
    matrix = _surprise(together(histories, n_items))
    known = min(size, n_items - 1)
    if matrix.nnz == 0 or known < 1:
        return vectors.astype(np.float32)
    basis = random.normal(size=(n_items, min(n_items, known + 16)))
    for _ in range(5):
        basis, _ = np.linalg.qr(matrix @ basis)
    small = basis.T @ (matrix @ basis)
    spectrum, rotation = np.linalg.eigh((small + small.T) / 2)
    largest = np.argsort(-spectrum)[:known]
    found = basis @ rotation[:, largest] * np.sqrt(np.maximum(spectrum[largest], 0))
    found /= max(1e-9, float(np.sqrt((found**2).sum(1).mean())))
    turned, _ = np.linalg.qr(random.normal(size=(size, size)))
    vectors += np.pad(found, ((0, 0), (0, size - known))) @ turned
    return vectors.astype(np.float32)


def _surprise(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the positive pointwise mutual information of a symmetric table of counts, made symmetric again."""
    pairs = counts.tocoo()
    sums = np.asarray(counts.sum(axis=1)).ravel()
    flat = sums**CONTEXT_POWER
    flat /= max(1e-9, float(flat.sum()))
    information = np.log(pairs.data / np.maximum(sums[pairs.row] * flat[pairs.col], 1e-12))
    kept = information > 0
    one_way = sparse.csr_matrix((information[kept], (pairs.row[kept], pairs.col[kept])), shape=counts.shape)
    return sparse.csr_matrix((one_way + one_way.T) / 2)


def neighbour_vectors(
    histories: Histories, vectors: NDArray[np.float32], fresh: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the vectors with each fresh row replaced by the mean of its neighbours among the others.

    Means are weighted by how much two items go together; an item that nobody chose beside a known one gets the mean
    of all known, shortened, so that it is neither loved nor barred.
    """
    out = vectors.copy()
    if not fresh.any() or fresh.all():
        return out
    counts = together(histories, len(vectors))[fresh].multiply(~fresh[None, :]).tocsr()
    sums = np.asarray(counts.sum(axis=1))
    means = np.asarray(counts @ vectors.astype(np.float64)) / np.maximum(sums.reshape(-1, 1), 1e-9)
    lonely = sums.ravel() == 0
    means[lonely] = vectors[~fresh].mean(axis=0)
    out[fresh] = means.astype(np.float32)
    return out
