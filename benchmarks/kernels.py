"""Claim: an iteration of ALS takes less than a third of implicit's time and reaches a lower loss; top-k is exact.

Peers run by their own interpreters, from the environments of `benchmarks.peers` (`--install implicit irspack rusket`);
those absent are named and left out. Every figure is of one process with one thread, in CPU-seconds, the best of its
repetitions; two threads are measured too when the machine has two cores free. REGULARS_KERNELS_EVENTS (default 10
million) makes a smaller shop. The roofline is of the same run: one core's sgemm and triad.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernels_data import loss, power_law
from benchmarks.kernels_peers import ITERATIONS
from benchmarks.peers import ONE_THREAD, interpreter

HERE = Path(__file__).parent
EVENTS = int(os.environ.get("REGULARS_KERNELS_EVENTS", "10_000_000"))
USERS, ITEMS = EVENTS // 50, EVENTS // 200
ALS_PEERS, TOPK_PEERS = ("implicit", "irspack", "rusket"), ("implicit", "rusket")
OURS = {"ours-2": 2, "ours-3": 3}
"""Our runs by conjugate-gradient steps; three is the default."""
FLAT = {"ML-100k size": (943, 1682), "ML-1M size": (6040, 3706)}
SAMPLE = 20_000
"""Customers of the power-law shop that everyone ranks for: enough to time, and the peers take seconds for them."""


def ask(what: str, name: str, folder: Path, argument: str, threads: int) -> Any:
    """Run one measurement in a process of its own; None: the peer is not there or failed (and why is printed)."""
    ours = name.startswith("ours")
    python = interpreter("ours" if ours else name)
    if not python.exists():
        print(f"{name}: not installed, left out")
        return None
    script = ["-m", "benchmarks.kernels_ours"] if ours else [str(HERE / "kernels_peers.py")]
    environment = {k: v for k, v in os.environ.items() if k not in {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}}
    done = subprocess.run(
        [str(python), *script, what, name, str(folder), argument], check=False, capture_output=True, text=True,
        cwd=HERE.parent, env=environment | dict.fromkeys(ONE_THREAD, str(threads)),
    )  # fmt: skip
    if done.returncode:
        print(f"{name} {what}: failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1][:200]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def als(folder: Path, factors: int, threads: int, roof: dict[str, float]) -> dict[str, Any]:
    """Time an iteration of everyone and the loss after each; ours is also set beside the machine's limits."""
    indptr, items = np.load(folder / "indptr.npy"), np.load(folder / "items.npy")
    rows: dict[str, Any] = {}
    for name in (*OURS, *ALS_PEERS):
        took = ask("als", name, folder, str(factors), threads)
        if took is None:
            continue
        losses: dict[int, float] = {}
        for iteration in range(ITERATIONS):
            sides = [folder / f"{name}-{factors}-{iteration}-{side}.npy" for side in ("users", "items")]
            if sides[0].exists():
                losses[iteration + 1] = loss(*(np.load(side) for side in sides), indptr, items)
        cpu, wall = np.min(took, axis=0)
        row: dict[str, Any] = {"cpu": float(cpu), "wall": float(wall), "loss": losses}
        if name in OURS:
            row["gather_share_of_triad"] = 2 * EVENTS * factors * 4 / cpu / 1e9 / roof["triad_gb_s"]
            row["flops_share_of_sgemm"] = 8 * (OURS[name] + 1) * EVENTS * factors / cpu / 1e9 / roof["sgemm_gflops"]
        rows[name] = row
    for name, row in rows.items():
        row["times_ours"] = row["cpu"] / rows["ours-2"]["cpu"]
        said = ", ".join(f"{at}: {value:.5g}" for at, value in row["loss"].items())
        print(f"ALS {factors} factors, {threads} thread(s), {name:9s} {row['cpu']:6.2f} CPU-s {row['wall']:6.2f} s wall"
              f" an iteration, {row['times_ours']:.2f} × ours-2; loss after {said}", flush=True)  # fmt: skip
    return rows


def topk(folder: Path, argument: str, threads: int, roof: dict[str, float]) -> dict[str, Any]:
    """Time ranking of everyone, and how many of ours lists the peers agree with as sets."""
    users, factors = np.load(folder / f"{argument}-users.npy").shape
    n_items = len(np.load(folder / f"{argument}-items.npy"))
    rows: dict[str, Any] = {}
    for name in ("ours", *TOPK_PEERS):
        took = ask("topk", name, folder, argument, threads)
        if took is None:
            continue
        lists = np.sort(np.load(folder / f"{argument}-{name}-lists.npy"), axis=1)
        mine = lists if name == "ours" else np.sort(np.load(folder / f"{argument}-ours-lists.npy"), axis=1)
        rows[name] = {"users_per_cpu_s": users / took[0], "users_per_wall_s": users / took[1],
                      "same_sets": float((lists == mine).all(axis=1).mean())}  # fmt: skip
    flops = 2 * n_items * factors * rows["ours"]["users_per_cpu_s"] / 1e9
    rows["ours"]["flops_share_of_sgemm_if_all_were_scored"] = flops / roof["sgemm_gflops"]
    for name, row in rows.items():
        ratio = rows["ours"]["users_per_cpu_s"] / row["users_per_cpu_s"]
        print(f"top-10 {argument}, {threads} thread(s), {name:9s} {row['users_per_cpu_s']:9.0f} customers a CPU-s,"
              f" ours {ratio:.1f} ×; same sets {row['same_sets']:.4f}", flush=True)  # fmt: skip
    return rows


def write_vectors(folder: Path, name: str, users: Any, items: Any, indptr: Any, seen: Any) -> None:
    for part, array in (("users", users), ("items", items), ("seen-indptr", indptr), ("seen-items", seen)):
        np.save(folder / f"{name}-{part}.npy", array)


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        indptr, items = power_law(USERS, ITEMS, EVENTS)
        for name, array in (("indptr", indptr), ("items", items), ("n_items", np.array(ITEMS))):
            np.save(folder / f"{name}.npy", array)
        roof = ask("roofline", "ours", folder, "", 1)
        load = os.getloadavg()[0]
        print(f"{EVENTS:,} entries; load {load:.1f}; sgemm {roof['sgemm_gflops']:.0f} GFLOP/s,"
              f" triad {roof['triad_gb_s']:.1f} GB/s", flush=True)  # fmt: skip
        threads = (1, 2) if (os.cpu_count() or 1) > 1 and load < 1.0 else (1,)
        found: dict[str, Any] = {"entries": EVENTS, "load": load, "roofline": roof, "als": {}, "topk": {}}
        for factors in (64, 128):
            for count in threads:
                found["als"][f"{factors} factors, {count} thread(s)"] = als(folder, factors, count, roof)
        users, own = (np.load(folder / f"ours-3-64-{ITERATIONS - 1}-{side}.npy") for side in ("users", "items"))
        sample = min(SAMPLE, USERS)
        write_vectors(folder, "power-law", users[:sample], own, indptr[: sample + 1], items[: indptr[sample]])
        random = np.random.default_rng(3)
        for name, (rows, columns) in FLAT.items():
            factors = [random.normal(size=(n, 64)).astype(np.float32) for n in (rows, columns)]
            factors = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in factors]
            seen = np.arange(rows + 1, dtype=np.int64) * 20
            write_vectors(folder, name, *factors, seen, random.integers(0, columns, 20 * rows).astype(np.int32))
        for name in ("power-law", *FLAT):
            for count in threads:
                found["topk"][f"{name}, {count} thread(s)"] = topk(folder, name, count, roof)
        p50, p99 = ask("single", "ours", folder, "power-law", 1)
        found["single"] = {"p50_us": p50, "p99_us": p99}
        print(f"one customer, top-10 of {ITEMS:,}: p50 {p50:.0f} µs, p99 {p99:.0f} µs the call")
        return found


if __name__ == "__main__":
    sys.exit("run it as python -m benchmarks kernels")
