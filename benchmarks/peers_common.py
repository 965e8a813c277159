"""What every peer's runner shares: the data it is given, the clock, the lists it leaves.

A runner is `PYTHON peers_NAME.py FOLDER MODEL SETTINGS OUT`, run by the peer's own interpreter; it imports NumPy, SciPy
and the peer, nothing of ours. SETTINGS is a JSON list: one fit for each. It writes OUT/0.npy, 1.npy … (int32, customers
asked × 20, -1 for nothing) and OUT/figures.json (CPU-seconds of each fit and of each ranking).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LIST = 20
BLOCK = 1000
"""Customers whose scores are held at once."""

Settings = dict[str, Any]
Lists = Callable[[], np.ndarray | None]
"""Ranks for all asked customers (None: only the fit was of interest). Its attribute `figures`, if any, is reported."""
Fit = Callable[["Data", Settings], Lists]


@dataclass(frozen=True)
class Data:
    """Events in each customer's order of time: rows of customer u are indptr[u]:indptr[u + 1].

    `asked` are the customers to rank for: their history is what they have here, and is left out of their list.
    """

    indptr: np.ndarray
    items: np.ndarray
    times: np.ndarray
    asked: np.ndarray
    n_items: int

    @property
    def n_users(self) -> int:
        return len(self.indptr) - 1

    @property
    def users(self) -> np.ndarray:
        return np.repeat(np.arange(self.n_users), np.diff(self.indptr))

    @property
    def positions(self) -> np.ndarray:
        """0, 1, 2 … inside each customer's history: a time without ties, for peers that sort by time."""
        return np.arange(len(self.items)) - np.repeat(self.indptr[:-1], np.diff(self.indptr))

    def matrix(self) -> Any:
        """Return customers × items as SciPy's CSR, float32, 1 where there was at least one event."""
        from scipy.sparse import csr_matrix

        values = np.ones(len(self.items), np.float32)
        found = csr_matrix((values, self.items, self.indptr), shape=(self.n_users, self.n_items))
        found.sum_duplicates()
        found.data[:] = 1.0
        found.sort_indices()
        return found

    def frame(self, **names: str) -> Any:
        """Return a pandas table with columns of these names for user, item and time (the position)."""
        import pandas as pd

        columns = {"user": self.users, "item": self.items.astype(np.int64), "time": self.positions}
        return pd.DataFrame({name: columns[role] for role, name in names.items()})

    def first(self, customers: int) -> Data:
        """Return the first customers with only the items that they have: a small thing to warm up on."""
        end = self.indptr[min(customers, self.n_users)]
        names, items = np.unique(self.items[:end], return_inverse=True)
        asked = self.asked[self.asked < customers]
        indptr = self.indptr[: customers + 1]
        return Data(indptr, items.astype(np.int32), self.times[:end], asked, len(names))


def read(folder: Path) -> Data:
    with np.load(folder / "data.npz") as file:
        return Data(file["indptr"], file["items"], file["times"], file["asked"], int(file["n_items"]))


def write(folder: Path, data: Data) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "data.npz",
        indptr=data.indptr, items=data.items, times=data.times, asked=data.asked, n_items=data.n_items,
    )  # fmt: skip


def best(scores: np.ndarray, seen: Any) -> np.ndarray:
    """Return the 20 best columns of each row, best first, without those in the rows of `seen` (CSR)."""
    rows = np.repeat(np.arange(len(scores)), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf
    top = np.argpartition(-scores, LIST, axis=1)[:, :LIST]
    values = np.take_along_axis(scores, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    found = np.take_along_axis(top, order, axis=1)
    found[~np.isfinite(np.take_along_axis(values, order, axis=1))] = -1
    return found.astype(np.int32)


def ranked(data: Data, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the lists of all asked customers, a block at a time, from a function of customer numbers."""
    seen = data.matrix()
    blocks = np.array_split(data.asked, max(1, -(-len(data.asked) // BLOCK)))
    return np.concatenate([best(np.array(score(block), np.float32), seen[block]) for block in blocks])


def epoch(seconds: float, batches: int, timed: int) -> Lists:
    """Return what stands for the lists of a model of which a few batches were timed: nothing, and the whole epoch."""

    def nothing() -> None:
        return None

    nothing.figures = {  # type: ignore[attr-defined]
        "epoch_cpu": seconds / timed * batches, "timed_cpu": seconds, "timed_batches": timed, "batches": batches,
    }  # fmt: skip
    return nothing


def padded(lists: Any, rows: np.ndarray, ranks: np.ndarray, customers: int) -> np.ndarray:
    """Return lists from a long table: item, row and place (from 0) of each recommendation."""
    found = np.full((customers, LIST), -1, np.int32)
    found[rows, ranks] = lists
    return found


def main(models: dict[str, Fit], warm: int = 100) -> None:
    """Fit and rank once for each settings, after a first time on `warm` customers (0: all) that nobody sees."""
    folder, model, settings, out = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), Path(sys.argv[4])
    data, fit = read(folder), models[model]
    out.mkdir(parents=True, exist_ok=True)
    # What is compiled or loaded on first use is nobody's cost.
    _ = fit(data.first(warm) if warm else data, settings[0])()
    figures: list[dict[str, Any]] = []
    for number, one in enumerate(settings):
        begin = time.process_time()
        recommend = fit(data, one)
        fitted = time.process_time()
        lists = recommend()
        figures.append({"fit_cpu": fitted - begin, "recommend_cpu": time.process_time() - fitted})
        figures[-1] |= getattr(recommend, "figures", {})
        if lists is None:
            continue
        if lists.shape != (len(data.asked), LIST):
            raise ValueError(f"{model} returned lists of shape {lists.shape}")
        np.save(out / f"{number}.npy", lists.astype(np.int32))
    (out / "figures.json").write_text(json.dumps(figures))
