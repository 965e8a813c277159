"""The half-sweep of alternating least squares: solve every row of one side, the other side fixed.

For a row with reg λ, observed weights c and other-side factors Y (observed rows B of it), the solution of

    min_x  Σ_observed c (xᵀy - 1)² + α₀ Σ_all (xᵀy)² + λ |x|²

solves (α₀ YᵀY + λI + BᵀCB) x = BᵀC1. With YᵀY = QΛQᵀ and d = (α₀Λ + λ)^-½, the change of variable
x = Q(d ∘ z) turns it into (I + B̃ᵀCB̃) z = B̃ᵀC1, B̃ = (BQ) ∘ d: a unit matrix plus as many rank-one terms
as the row has entries. Q is shared by all rows and d is cheap, so each row may have its own λ. Rows shorter than
the factors are solved exactly in their own dimension (B̃B̃ᵀ + C⁻¹)v = 1, z = B̃ᵀv; the others take a few
conjugate-gradient steps from their last solution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel, parallel_kernel, parallel_range

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def _solve_exact(
    B: NDArray[np.float32], c: NDArray[np.float32], n: int, K: NDArray[np.float32], z: NDArray[np.float32]
) -> None:
    """Solve (BBᵀ + C⁻¹)v = 1 by Cholesky in place, then z = Bᵀv."""
    f = B.shape[1]
    for i in range(n):
        for j in range(i + 1):
            total = np.float32(0)
            for k in range(f):
                total += B[i, k] * B[j, k]
            K[i, j] = total
        K[i, i] += np.float32(1) / c[i]
    v = np.ones(n, np.float32)
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
    z[:] = 0
    for i in range(n):
        for k in range(f):
            z[k] += v[i] * B[i, k]


@kernel
def _solve_steps(B: NDArray[np.float32], c: NDArray[np.float32], n: int, steps: int, z: NDArray[np.float32]) -> None:
    """Take conjugate-gradient steps on (I + BᵀCB)z = BᵀC1 from z."""
    f = B.shape[1]
    residual = -z.copy()
    for i in range(n):
        dot = np.float32(0)
        for k in range(f):
            dot += B[i, k] * z[k]
        weight = c[i] * (np.float32(1) - dot)
        for k in range(f):
            residual[k] += weight * B[i, k]
    direction = residual.copy()
    square = np.float32(0)
    for k in range(f):
        square += residual[k] * residual[k]
    for _ in range(steps):
        if square < np.float32(1e-12):
            return
        product = direction.copy()
        for i in range(n):
            dot = np.float32(0)
            for k in range(f):
                dot += B[i, k] * direction[k]
            weight = c[i] * dot
            for k in range(f):
                product[k] += weight * B[i, k]
        curve = np.float32(0)
        for k in range(f):
            curve += direction[k] * product[k]
        length = square / curve
        following = np.float32(0)
        for k in range(f):
            z[k] += length * direction[k]
            residual[k] -= length * product[k]
            following += residual[k] * residual[k]
        for k in range(f):
            direction[k] = residual[k] + following / square * direction[k]
        square = following


@kernel
def solve_range(
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    reg: NDArray[np.float32],
    unobserved: np.float32,
    spectrum: NDArray[np.float32],
    YQ: NDArray[np.float32],
    XQ: NDArray[np.float32],
    steps: int,
    first: int,
    stride: int,
) -> None:
    """Solve rows first, first + stride, … in place.

    Parameters
    ----------
    indptr, columns, weights
        Observed entries of each row (CSR).
    reg
        λ of each row, float32 (rows).
    unobserved
        α₀.
    spectrum
        Eigenvalues of YᵀY, float32 (factors).
    YQ
        The fixed side in the eigenvector basis, float32 (columns × factors).
    XQ
        The solved side in the same basis, float32 (rows × factors): start values in, solutions out.
    steps
        Conjugate-gradient steps for rows longer than the factors.
    first, stride
        Which rows.
    """
    f = YQ.shape[1]
    rows = len(indptr) - 1
    longest = 0
    for row in range(first, rows, stride):
        longest = max(longest, indptr[row + 1] - indptr[row])
    B = np.empty((longest, f), np.float32)
    K = np.empty((min(f, longest), min(f, longest)), np.float32)
    scale = np.empty(f, np.float32)
    z = np.empty(f, np.float32)
    for row in range(first, rows, stride):
        n = indptr[row + 1] - indptr[row]
        if n == 0:
            XQ[row] = 0
            continue
        for k in range(f):
            scale[k] = np.float32(1) / np.sqrt(unobserved * spectrum[k] + reg[row])
        for i in range(n):
            column = columns[indptr[row] + i]
            for k in range(f):
                B[i, k] = YQ[column, k] * scale[k]
        c = weights[indptr[row] : indptr[row + 1]]
        if n <= f:
            _solve_exact(B, c, n, K, z)
        else:
            for k in range(f):
                z[k] = XQ[row, k] / scale[k]
            _solve_steps(B, c, n, steps, z)
        for k in range(f):
            XQ[row, k] = z[k] * scale[k]


@parallel_kernel
def solve_rows(
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    reg: NDArray[np.float32],
    unobserved: np.float32,
    spectrum: NDArray[np.float32],
    YQ: NDArray[np.float32],
    XQ: NDArray[np.float32],
    steps: int,
    threads: int,
) -> None:
    """Solve every row in place on all cores; the parameters are those of `solve_range`."""
    for thread in parallel_range(threads):
        solve_range(indptr, columns, weights, reg, unobserved, spectrum, YQ, XQ, steps, thread, threads)
