"""Peers' kernels on the arrays of a folder, run by a peer's own interpreter: nothing of ours is imported.

`PYTHON kernels_peers.py als|topk NAME FOLDER ARGUMENT`; ARGUMENT is the number of factors, or the name of the vectors.
Prints one JSON line; leaves factors of the last iteration (als) or lists (topk) in the folder.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

ITERATIONS = 3
LAMBDA, WEIGHT = 1.0, 10.0
THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


def matrix(folder: Path, value: float) -> Any:
    indptr, items = np.load(folder / "indptr.npy"), np.load(folder / "items.npy")
    shape = (len(indptr) - 1, int(np.load(folder / "n_items.npy")))
    return csr_matrix((np.full(len(items), value, np.float32), items, indptr), shape=shape)


def clock() -> np.ndarray:
    return np.array([time.process_time(), time.perf_counter()])


def implicit_als(folder: Path, factors: int, keep: Any) -> list[Any]:
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors, regularization=LAMBDA, alpha=1.0, iterations=1, num_threads=THREADS,
                                    random_state=7)  # fmt: skip
    data = matrix(folder, 1 + WEIGHT)
    took, last = [], clock()

    def after(iteration: int, *_: Any) -> None:
        nonlocal last
        took.append((clock() - last).tolist())
        keep(iteration, model.user_factors, model.item_factors)
        last = clock()

    model.iterations = ITERATIONS
    model.fit(data, show_progress=False, callback=after)
    return took[1:]  # the first has the transposing in it


def irspack_als(folder: Path, factors: int, keep: Any) -> list[Any]:
    from irspack.recommenders.ials import IALSTrainer, str_to_loss_type, str_to_solver_type

    trainer = IALSTrainer(
        matrix(folder, WEIGHT), factors, 1.0, LAMBDA, 0.0, 0.1, str_to_solver_type("CG"), 3, 64,
        str_to_loss_type("ORIGINAL"), 7, THREADS, 5, 1,
    )  # fmt: skip
    took = []
    for iteration in range(ITERATIONS):
        begin = clock()
        trainer.run_epoch()
        took.append((clock() - begin).tolist())
        keep(iteration, trainer.core_trainer.user, trainer.core_trainer.item)
    return took


def rusket_als(folder: Path, factors: int, keep: Any) -> list[Any]:
    import rusket

    whole = {}
    for iterations in (1, ITERATIONS):  # it tells nothing between iterations
        model = rusket.ALS(
            factors=factors, regularization=LAMBDA, alpha=WEIGHT, iterations=iterations, seed=7, cg_iters=3
        )
        data, begin = matrix(folder, 1.0), clock()
        model.fit(data)
        whole[iterations] = clock() - begin
        keep(iterations - 1, model.user_factors, model.item_factors)
    return [((whole[ITERATIONS] - whole[1]) / (ITERATIONS - 1)).tolist()] * (ITERATIONS - 1)


def implicit_topk(folder: Path, users: np.ndarray, items: np.ndarray, seen: Any, n: int) -> np.ndarray:
    from implicit.cpu.topk import topk

    return topk(items, users, n, filter_query_items=seen, num_threads=THREADS)[0]


def rusket_topk(folder: Path, users: np.ndarray, items: np.ndarray, seen: Any, n: int) -> np.ndarray:
    import rusket._rusket as core

    found = core.als_recommend_all(users, items, n, seen.indptr.astype(np.int64), seen.indices.astype(np.int32))
    return found[1]


def main() -> None:
    what, name, folder, argument = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    if what == "als":

        def keep(iteration: int, users: Any, items: Any) -> None:
            for side, array in (("users", users), ("items", items)):
                np.save(folder / f"{name}-{argument}-{iteration}-{side}.npy", np.asarray(array, np.float32))

        print(json.dumps(globals()[f"{name}_als"](folder, int(argument), keep)))
        return
    users, items = (np.load(folder / f"{argument}-{side}.npy") for side in ("users", "items"))
    indptr, columns = (np.load(folder / f"{argument}-seen-{part}.npy") for part in ("indptr", "items"))
    seen = csr_matrix((np.ones(len(columns), np.float32), columns, indptr), shape=(len(users), len(items)))
    function = globals()[f"{name}_topk"]
    function(folder, users[:64], items, seen[:64], 10)
    took = []
    for _ in range(3):
        begin = clock()
        lists = function(folder, users, items, seen, 10)
        took.append((clock() - begin).tolist())
    np.save(folder / f"{argument}-{name}-lists.npy", np.asarray(lists).reshape(len(users), -1))
    print(json.dumps(min(took)))


if __name__ == "__main__":
    main()
