"""The half-sweep of alternating least squares: solve every row of one side, the other side fixed.

For a row with reg λ, observed weights c and other-side factors Y (observed rows B of it), the solution of

    min_x  Σ_observed c (xᵀy - 1)² + α₀ Σ_all (xᵀy)² + λ |x|²

solves (α₀ YᵀY + λI + BᵀCB) x = BᵀC1. Both sides are first turned into the eigenvectors of YᵀY, which changes no inner
product; there α₀YᵀY + λI is a diagonal S, so that each row may have its own λ for nothing. A row takes a few
conjugate-gradient steps from its last solution, preconditioned with S: what is left to solve is a unit matrix plus as
many rank-one terms as the row has entries, and two steps get within a thousandth of the loss of an exact solve. Rows
that are to be solved exactly, and are shorter than the factors, are so in their own dimension:
(BS⁻¹Bᵀ + C⁻¹)v = 1, x = S⁻¹Bᵀv.

What costs is fetching the rows of Y, from all over memory: they are asked for `AHEAD` entries before they are needed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.als_entries import shares
from regulars.interests.als_exact import LANES, solve_exact
from regulars.interests.jit import kernel
from regulars.interests.prefetch import LINE, prefetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

AHEAD = 8
"""Entries between asking for a row of factors and using it: 12 and more gain nothing, 0 doubles the time."""
COPIED = 256 * 1024
"""Numbers of a row's factors that are copied together, to be read again at once; the rest is fetched again."""


def sizes(factors: int) -> tuple[int, ...]:
    """Return what tells the kernels the number of factors at compile time: a tuple of a zero for every LANES of them.

    Loops of known length run at 119 GFLOP/s a core instead of 30; each number of factors is compiled once.
    """
    return (0,) * -(-factors // LANES)


@kernel
def _fetch_products(
    Y: NDArray[np.float32],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    begin: int,
    end: int,
    target: np.float32,
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    copy: NDArray[np.float32],
    size: tuple[int, ...],
) -> None:
    """Add Σ c (⟨y, x⟩ - target) y over the entries to `out`, and copy as many rows y as `copy` has room for."""
    f = len(size) * LANES
    last = len(columns) - 1
    for entry in range(begin, end):
        coming = columns[min(entry + AHEAD, last)]
        for k in range(0, f, LINE):
            prefetch(Y, coming, k)
        y = Y[columns[entry]]
        total = np.float32(0)
        for k in range(f):
            total += y[k] * x[k]
        total = weights[entry] * (total - target)
        for k in range(f):
            out[k] += total * y[k]
        if entry - begin < len(copy):
            for k in range(f):
                copy[entry - begin, k] = y[k]


@kernel
def _products(
    B: NDArray[np.float32],
    n: int,
    weights: NDArray[np.float32],
    begin: int,
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    size: tuple[int, ...],
) -> None:
    """Add BᵀCBx to `out`."""
    f = len(size) * LANES
    for i in range(n):
        total = np.float32(0)
        for k in range(f):
            total += B[i, k] * x[k]
        total *= weights[begin + i]
        for k in range(f):
            out[k] += total * B[i, k]


@kernel
def _solve_steps(
    Y: NDArray[np.float32],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    begin: int,
    end: int,
    S: NDArray[np.float32],
    steps: int,
    x: NDArray[np.float32],
    room: NDArray[np.float32],
    B: NDArray[np.float32],
    size: tuple[int, ...],
) -> None:
    """Take preconditioned conjugate-gradient steps on (S + BᵀCB)x = BᵀC1 from x."""
    f = len(size) * LANES
    residual, direction, product = room[0], room[1], room[2]
    none = B[:0]
    for k in range(f):
        product[k] = S[k] * x[k]
    _fetch_products(Y, columns, weights, begin, end, np.float32(1), x, product, B, size)
    copied = min(end - begin, len(B))
    square = np.float32(0)
    for k in range(f):
        residual[k] = -product[k]
        direction[k] = residual[k] / S[k]
        square += residual[k] * direction[k]
    for step in range(steps):
        if square < np.float32(1e-12):
            return
        for k in range(f):
            product[k] = S[k] * direction[k]
        _products(B, copied, weights, begin, direction, product, size)
        if copied < end - begin:
            _fetch_products(Y, columns, weights, begin + copied, end, np.float32(0), direction, product, none, size)
        curve = np.float32(0)
        for k in range(f):
            curve += direction[k] * product[k]
        length = square / curve
        for k in range(f):
            x[k] += length * direction[k]
        if step == steps - 1:
            return
        following = np.float32(0)
        for k in range(f):
            residual[k] -= length * product[k]
            product[k] = residual[k] / S[k]
            following += residual[k] * product[k]
        for k in range(f):
            direction[k] = product[k] + following / square * direction[k]
        square = following


@kernel
def solve_range(
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    reg: NDArray[np.float32],
    unobserved: np.float32,
    spectrum: NDArray[np.float32],
    Y: NDArray[np.float32],
    X: NDArray[np.float32],
    steps: int,
    exact: int,
    size: tuple[int, ...],
    first: int,
    last: int,
) -> None:
    """Solve rows first … last - 1 in place.

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
    Y
        The fixed side in the eigenvectors of YᵀY, float32 (columns × factors).
    X
        The solved side in the same vectors, float32 (rows × factors): start values in, solutions out.
    steps
        Conjugate-gradient steps.
    exact
        Rows with at most as many entries are solved exactly.
    size
        `sizes(factors)`; Y and X have that many columns.
    first, last
        Which rows.
    """
    f = len(size) * LANES
    longest = 0
    short = 0
    for row in range(first, last):
        n = indptr[row + 1] - indptr[row]
        longest = max(longest, n)
        if n <= exact:
            short = max(short, n)
    B = np.empty((min(longest, max(short, COPIED // f)), f), np.float32)
    K = np.empty((short, short), np.float32)
    room = np.empty((3, f), np.float32)
    S = np.empty(f, np.float32)
    x = np.empty(f, np.float32)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        if begin == end:
            X[row] = 0
            continue
        for k in range(f):
            S[k] = unobserved * spectrum[k] + reg[row]
            x[k] = X[row, k]
        if end - begin <= exact:
            solve_exact(Y, columns[begin:end], weights[begin:end], S, B, K, x, size)
        else:
            _solve_steps(Y, columns, weights, begin, end, S, steps, x, room, B, size)
        for k in range(f):
            X[row, k] = x[k]


def solve_rows(
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    reg: NDArray[np.float32],
    unobserved: np.float32,
    spectrum: NDArray[np.float32],
    Y: NDArray[np.float32],
    X: NDArray[np.float32],
    steps: int,
    threads: int,
) -> None:
    """Solve every row in place on some cores, each a range of rows with as many entries; else as `solve_range`."""
    size = sizes(Y.shape[1])

    def solve(first: int, last: int) -> None:
        solve_range(indptr, columns, weights, reg, unobserved, spectrum, Y, X, steps, 0, size, first, last)

    if threads == 1:
        solve(0, len(indptr) - 1)
        return
    edges = shares(indptr, threads)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(solve, edges[:-1], edges[1:]))
