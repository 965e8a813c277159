"""Data for the benchmarks of kernels: a power-law shop with groups of taste; and what the machine can do at best."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from regulars.interests import Histories, Interactions
from regulars.interests.jit import kernel

GROUPS = 50
LAMBDA = 1.0
WEIGHT = 10.0
"""An entry weighs 1 + WEIGHT, everything else 1: the same objective for all."""


def power_law(users: int, items: int, events: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return (indptr int64, items int32) of distinct entries: lognormal customers, Zipf items, 60 % by own taste."""
    random = np.random.default_rng(seed)
    popularity = (np.arange(items) + 20.0) ** -0.9
    activity = random.lognormal(0, 1.0, users)
    group = random.integers(0, GROUPS, items)
    by_group = np.argsort(group, kind="stable")
    steps = np.concatenate([[0.0], np.cumsum(popularity[by_group])])
    starts, ends = (np.searchsorted(group[by_group], np.arange(GROUPS), side) for side in ("left", "right"))
    tastes = random.integers(0, GROUPS, (users, 2))
    overall = np.cumsum(popularity) / popularity.sum()
    pairs = np.empty(0, np.int64)
    while len(pairs) < events:
        count = int((events - len(pairs)) * 1.15) + 1000
        who = random.choice(users, count, p=activity / activity.sum())
        taste = tastes[who, random.integers(0, 2, count)]
        low, high = steps[starts[taste]], steps[ends[taste]]
        own = np.searchsorted(steps, low + random.random(count) * (high - low), "right") - 1
        any_ = np.searchsorted(overall, random.random(count))
        chosen = np.where(random.random(count) < 0.6, by_group[own.clip(0, items - 1)], any_.clip(0, items - 1))
        pairs = np.unique(np.concatenate([pairs, who * items + chosen]))
    if len(pairs) > events:
        pairs = np.sort(random.choice(pairs, events, replace=False))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(pairs // items, minlength=users))]).astype(np.int64)
    return indptr, (pairs % items).astype(np.int32)


def interactions(indptr: np.ndarray, items: np.ndarray, n_items: int) -> Interactions:
    times = np.arange(len(items), dtype=np.int64)
    histories = Histories(indptr, items, times, np.ones(len(items), np.float32))
    return Interactions([str(u) for u in range(len(indptr) - 1)], [str(i) for i in range(n_items)], histories)


@kernel
def _observed(users: Any, items: Any, indptr: Any, columns: Any, weight: float) -> float:
    total = 0.0
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            score = np.float32(0)
            for k in range(users.shape[1]):
                score += users[row, k] * items[columns[at], k]
            total += (1.0 + weight) * (1.0 - score) ** 2 - score * score
    return total


def loss(users: np.ndarray, items: np.ndarray, indptr: np.ndarray, columns: np.ndarray) -> float:
    """Return Σ_observed (1 + w)(1 - s)² + Σ_others s² + λ(|U|² + |P|²), in float64."""
    total = _observed(users, items, indptr, columns, WEIGHT)
    U, P = users.astype(np.float64), items.astype(np.float64)
    return total + float(((U.T @ U) * (P.T @ P)).sum()) + LAMBDA * float((U**2).sum() + (P**2).sum())


@kernel
def _triad(a: Any, b: Any, c: Any) -> None:
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3) * c[i]


def roofline() -> dict[str, float]:
    """Return measured sgemm GFLOP/s and triad GB/s (12 bytes a number) of one core, the best of five."""
    random = np.random.default_rng(0)
    A, B = (random.random((2048, 2048), np.float32) for _ in range(2))
    a, b, c = (np.ones(1 << 25, np.float32) for _ in range(3))
    _triad(a[:8], b[:8], c[:8])
    gemm, triad = [], []
    for _ in range(5):
        begin = time.process_time()
        A @ B
        gemm.append(time.process_time() - begin)
        begin = time.process_time()
        _triad(a, b, c)
        triad.append(time.process_time() - begin)
    return {"sgemm_gflops": 2 * 2048**3 / min(gemm) / 1e9, "triad_gb_s": 12 * len(a) / min(triad) / 1e9}
