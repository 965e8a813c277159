"""Claim: time and memory of what we learn grow no faster than the events, from one to thirty million.

Each size and model is a process of its own, with one thread, since a process's peak memory is that of all it ever did.
REGULARS_GROWTH="1,3" restricts the sizes (millions). Users are a fiftieth and items a two-hundredth of the events.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernels_data import interactions
from benchmarks.peers import ONE_THREAD
from regulars.interests import ALS, CoVisitation, ItemKNN

SIZES = tuple(float(one) for one in os.environ.get("REGULARS_GROWTH", "1,3,10,30").split(","))
MODELS: dict[str, Any] = {
    "als": lambda: ALS(embedding_size=64, epochs=3),
    "covisitation": CoVisitation,
    "knn": ItemKNN,
    "top-k": lambda: ALS(embedding_size=64, epochs=1),
}
TIME_LIMIT = 3600


def events(count: int) -> Any:
    """Draw histories without looking for repeats: lognormal customers, Zipf items; a user's events in any order."""
    random = np.random.default_rng(1)
    users, items = count // 50, count // 200
    activity = random.lognormal(0, 1.0, users)
    lengths = random.multinomial(count, activity / activity.sum())
    overall = np.cumsum((np.arange(items) + 20.0) ** -0.9)
    chosen = np.empty(count, np.int32)
    for begin in range(0, count, 1 << 20):
        part = chosen[begin : begin + (1 << 20)]
        part[:] = np.searchsorted(overall, random.random(len(part)) * overall[-1]).clip(0, items - 1)
    return interactions(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), chosen, items)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(model: str, count: int) -> dict[str, float]:
    """Compile on little, then time one fit (or, for top-k, ranking ten items for everyone)."""
    MODELS[model]().fit(events(2000)).recommend(events(2000).histories, 10)
    data = events(count)
    before, fitted = peak_mb(), MODELS[model]()
    if model == "top-k":
        fitted.fit(data)
        before = peak_mb()
    begin, wall = time.process_time(), time.perf_counter()
    if model == "top-k":
        fitted.recommend(data.histories, 10)
    else:
        fitted.fit(data)
    return {
        "events": count, "cpu": time.process_time() - begin, "wall": time.perf_counter() - wall,
        "before_mb": before, "peak_mb": peak_mb(),
    }  # fmt: skip


def run() -> dict[str, Any]:
    found: dict[str, Any] = {name: [] for name in MODELS}
    for name in MODELS:
        for millions in SIZES:
            environment = {k: v for k, v in os.environ.items() if k not in {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}}
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.growth", name, str(int(millions * 1e6))], check=False, text=True,
                capture_output=True, cwd=Path(__file__).parent.parent, timeout=TIME_LIMIT, env=environment | ONE_THREAD,
            )  # fmt: skip
            if done.returncode:
                print(
                    f"{name:13s} {millions:5.1f} M events: failed: {done.stderr.strip().splitlines()[-1:]}", flush=True
                )
                continue
            row = json.loads(done.stdout)
            found[name].append(row)
            print(f"{name:13s} {millions:5.1f} M events: {row['cpu']:7.2f} CPU-s, peak {row['peak_mb']:6.0f} MB"
                  f" ({row['before_mb']:.0f} MB before)", flush=True)  # fmt: skip
    return {"models": found}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
