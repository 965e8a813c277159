"""Our kernels on the arrays of a folder, in a process of their own as the peers' are.

`python -m benchmarks.kernels_ours als|topk|single|roofline NAME FOLDER ARGUMENT`, as kernels_peers.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernels_data import LAMBDA, WEIGHT, interactions, roofline
from benchmarks.kernels_peers import ITERATIONS, clock
from regulars.interests import ALS
from regulars.interests.factor_top_k import factor_top_k, pack

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))
TARGET = 1 + 1 / WEIGHT
"""Others' solutions have (1 + w) where ours have w on the right-hand side: as if a chosen pair's target were this."""


class Timed(ALS):
    """ALS that keeps the time and both sides of each half-sweep."""

    took: list[np.ndarray]
    sides: list[tuple[Any, Any]]

    def _solve(self, rows: Any, fixed: Any, start: Any, steps: int) -> Any:
        begin = clock()
        found = super()._solve(rows, fixed, start, steps)
        self.took.append(clock() - begin)
        self.sides.append(found)
        return found


def als(name: str, folder: Path, factors: int) -> list[Any]:
    """Minimise the same objective in our terms: entries weigh 1, the rest 1 / w; U and P come out √TARGET too short."""
    settings: dict[str, Any] = {
        "embedding_size": factors, "reg": LAMBDA / WEIGHT / TARGET, "reg_power": 0.0, "unobserved_weight": 1 / WEIGHT,
        "epochs": ITERATIONS, "steps": int(name[-1]),
    }  # fmt: skip
    for data in (interactions(np.array([0, 2, 3]), np.array([0, 1, 1], np.int32), 3), load(folder)):
        model = Timed(**settings)
        model.took, model.sides = [], []
        model.fit(data)
    for iteration in range(ITERATIONS):
        users, items = model.sides[2 * iteration + 1]
        for side, array in (("users", users), ("items", items)):
            np.save(folder / f"{name}-{factors}-{iteration}-{side}.npy", array * np.float32(TARGET**0.5))
    pairs = [model.took[at] + model.took[at + 1] for at in range(0, 2 * ITERATIONS, 2)]
    return [pair.tolist() for pair in pairs[1:]]


def load(folder: Path) -> Any:
    return interactions(
        np.load(folder / "indptr.npy"), np.load(folder / "items.npy"), int(np.load(folder / "n_items.npy"))
    )


def vectors(folder: Path, argument: str) -> tuple[Any, ...]:
    names = ("users", "items", "seen-indptr", "seen-items")
    return tuple(np.load(folder / f"{argument}-{name}.npy") for name in names)


def topk(folder: Path, argument: str) -> list[float]:
    users, items, indptr, seen = vectors(folder, argument)
    factor_top_k(users[:300], items, 10, indptr[:301], seen, threads=THREADS)
    took: list[list[float]] = []
    for _ in range(3):
        begin = clock()
        # Packing is part of it, as nobody else prepares anything.
        lists, _scores = factor_top_k(users, items, 10, indptr, seen, threads=THREADS)
        took.append((clock() - begin).tolist())
    np.save(folder / f"{argument}-ours-lists.npy", lists)
    return min(took)


def single(folder: Path, argument: str) -> list[float]:
    """Microseconds of one call for one customer: p50 and p99 of 2,000, items packed before."""
    users, items, indptr, seen = vectors(folder, argument)
    packed, took = pack(items), []
    for user in range(2001):
        own = seen[indptr[user] : indptr[user + 1]]
        bounds = np.array([0, len(own)])
        begin = time.perf_counter()
        factor_top_k(users[user : user + 1], packed, 10, bounds, own)
        took.append((time.perf_counter() - begin) * 1e6)
    return [float(value) for value in np.percentile(took[1:], [50, 99])]


def main() -> None:
    what, name, folder, argument = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    if what == "als":
        answer: Any = als(name, folder, int(argument))
    elif what == "roofline":
        answer = roofline()
    else:
        answer = {"topk": topk, "single": single}[what](folder, argument)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
