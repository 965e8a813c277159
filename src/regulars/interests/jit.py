"""Numba's decorators with types that a checker can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

parallel_range: Any = numba.prange
FAST = {"reassoc", "contract", "arcp", "nsz"}
"""Sums may be reordered and fused; infinities stay what they are, since -inf marks what must not be shown."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for one core on first use; keep the machine code beside the source."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")(function))


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for all cores. Only for fitting: Numba's thread pool serves one caller at a time."""
    jit = numba.njit(cache=True, parallel=True, fastmath=FAST, error_model="numpy")
    return cast("Callable[P, R]", jit(function))


def cores() -> int:
    """Return how many threads the parallel kernels use."""
    return int(numba.get_num_threads())
