"""The arithmetic of EASE: the whole inverse, or one small ridge regression an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import cores, parallel_kernel, parallel_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.neighbours import Neighbours


def solve_exactly(indptr: NDArray[np.int64], items: NDArray[np.int32], n_items: int, reg: float) -> NDArray[np.float32]:
    """Return B of EASE, float32 (items × items): row i says what choosing i adds to every item."""
    from scipy.sparse import csr_array

    ones = np.ones(len(items), np.float32)
    X = csr_array((ones, items, indptr), shape=(len(indptr) - 1, n_items))
    # Up to here everything is a whole number; in double precision the inverse of λ = 1 is still good to six places.
    P = np.linalg.inv((X.T @ X).toarray().astype(np.float64) + reg * np.eye(n_items))
    B = (P / -np.diag(P)).astype(np.float32)
    np.fill_diagonal(B, 0)
    return B


def solve_locally(gram: Neighbours, counts: NDArray[np.float32], reg: float, local: int) -> Neighbours:
    """Return B of EASE, each column solved with the items that come first in its row of the Gram matrix.

    Column j is the ridge regression of x_j on the others: (G_SS + λI) w = G_Sj, S the first `local` neighbours of j.

    Parameters
    ----------
    gram
        G_ij / √((n_i + λ)(n_j + λ)): what item i alone takes off the error of j, squared, in falling order.
    counts
        n_i, float32 (items).
    reg
        λ.
    local
        Items in each system.
    """
    from regulars.interests.neighbours import Neighbours

    norms = np.sqrt(counts + np.float32(reg))
    lengths = np.minimum(np.diff(gram.indptr), local)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    sources = np.zeros(starts[-1], np.int32)
    weights = np.zeros(starts[-1], np.float32)
    _regress(gram.indptr, gram.items, gram.strengths, norms, starts, sources, weights, cores())
    # The systems gave columns; scoring wants rows, each falling.
    targets = np.repeat(np.arange(len(counts), dtype=np.int32), lengths)
    order = np.lexsort((-weights, sources))
    kept = np.bincount(sources, minlength=len(counts))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
    return Neighbours(indptr, targets[order], weights[order])


@parallel_kernel
def _regress(
    indptr: NDArray[np.int64],
    near: NDArray[np.int32],
    strengths: NDArray[np.float32],
    norms: NDArray[np.float32],
    starts: NDArray[np.int64],
    sources: NDArray[np.int32],
    weights: NDArray[np.float32],
    threads: int,
) -> None:
    n_items = len(norms)
    for thread in parallel_range(threads):
        place = np.full(n_items, -1, np.int64)
        for item in range(thread, n_items, threads):
            size = starts[item + 1] - starts[item]
            if size == 0:
                continue
            first = indptr[item]
            for at in range(size):
                place[near[first + at]] = at
            # Scaled by √(n + λ) on both sides the matrix has a unit diagonal, and single precision is enough.
            A = np.eye(size, dtype=np.float32)
            for at in range(size):
                other = near[first + at]
                for there in range(indptr[other], indptr[other + 1]):
                    to = place[near[there]]
                    # A pair may be among the strongest of one of the two alone.
                    if to >= 0:
                        A[at, to] = strengths[there]
                        A[to, at] = strengths[there]
            for at in range(size):
                place[near[first + at]] = -1
            found = np.linalg.solve(A, strengths[first : first + size].copy())
            for at in range(size):
                source = near[first + at]
                sources[starts[item] + at] = source
                weights[starts[item] + at] = found[at] * norms[item] / norms[source]
