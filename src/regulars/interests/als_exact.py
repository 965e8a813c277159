"""One row of alternating least squares solved exactly, in as many unknowns as the row has entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANES = 16
"""Factor counts are rounded up to a multiple of this, so that no loop has a remainder."""


@kernel
def solve_exact(
    Y: NDArray[np.float32],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    S: NDArray[np.float32],
    B: NDArray[np.float32],
    K: NDArray[np.float32],
    x: NDArray[np.float32],
    size: tuple[int, ...],
) -> None:
    """Solve (B̃B̃ᵀ + C⁻¹)v = 1, B̃ = BS^-½, by Cholesky, then x = S^-½B̃ᵀv.

    Parameters
    ----------
    Y, S, size
        As for `als_kernel.solve_range`.
    columns, weights
        The row's entries (n).
    B, K
        Room for at least n × factors and n × n.
    x
        Out: the solution, float32 (factors).
    """
    f = len(size) * LANES
    n = len(columns)
    for i in range(n):
        for k in range(f):
            B[i, k] = Y[columns[i], k] / np.sqrt(S[k])
        for j in range(i + 1):
            total = np.float32(0)
            for k in range(f):
                total += B[i, k] * B[j, k]
            K[i, j] = total
        K[i, i] += np.float32(1) / weights[i]
    v = np.ones(n, np.float32)
    _cholesky(K, v)
    x[:] = 0
    for i in range(n):
        for k in range(f):
            x[k] += v[i] * B[i, k]
    for k in range(f):
        x[k] /= np.sqrt(S[k])


@kernel
def _cholesky(K: NDArray[np.float32], v: NDArray[np.float32]) -> None:
    """Solve Kv = v in place; only the lower triangle of K is read, and overwritten."""
    n = len(v)
    for i in range(n):
        for j in range(i):
            total = K[i, j]
            for k in range(j):
                total -= K[i, k] * K[j, k]
            K[i, j] = total / K[j, j]
        total = K[i, i]
        for k in range(i):
            total -= K[i, k] * K[i, k]
        K[i, i] = np.sqrt(max(total, np.float32(1e-12)))
        total = v[i]
        for k in range(i):
            total -= K[i, k] * v[k]
        v[i] = total / K[i, i]
    for i in range(n - 1, -1, -1):
        v[i] /= K[i, i]
        for k in range(i):
            v[k] -= K[i, k] * v[i]
