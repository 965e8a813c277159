"""What questions cost on ten million events, beside the best SQL we can write by hand for the same engine.

Both sides read the same Parquet files with two threads, in turns, and must come to the same numbers. CPU-seconds of the
process, the least of several runs. The same on a million events shows how the cost grows.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from benchmarks.generated_events import batches
from benchmarks.insights_sql import SQL
from regulars.insights import Sources, ask
from regulars.store import Store
from regulars.store.engine import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = {"1M": (1_000_000, 24_600), "10M": (10_000_000, 246_000)}
RUNS = 5
THREADS = 2
ASKED: dict[str, tuple[str, dict[str, str]]] = {
    "trend": ("trends", {"period": "day", "measure": "customers", "from": "2024-01-01"}),
    "stickiness": ("stickiness", {"from": "2024-01-01"}),
    "retention": ("retention", {}),
    "funnel": ("funnel", {}),
    "sessions": ("sessions", {}),
}


def ours(sources: Sources, name: str) -> list[dict[str, Any]]:
    """Ask a question as a shop does, which keeps its sources, and so the days there are, while no event comes in."""
    question, params = ASKED[name]
    return ask(question, sources, params).rows.to_pylist()


def by_hand(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(SQL[name]).fetchall()


def cpu_seconds(work: Callable[[], Any]) -> float:
    started = time.process_time()
    _ = work()
    return time.process_time() - started


def same(name: str, rows: list[dict[str, Any]], found: list[tuple[Any, ...]]) -> bool:
    """Say whether both sides came to the same numbers."""
    columns: dict[str, tuple[str, ...]] = {
        "trend": ("period", "value", "events"),
        "stickiness": ("day", "dau", "wau", "mau"),
        "retention": ("cohort", "period", "returned"),
        "funnel": ("reached", "mean_seconds", "median_seconds", "p90_seconds"),
        "sessions": ("period", "sessions", "customers", "bounces", "mean_seconds", "median_seconds", "bought"),
    }
    kept = rows if name != "retention" else [row for row in rows if row["returned"]]
    mine = [tuple(row[column] for column in columns[name]) for row in kept]
    theirs = [tuple(row) for row in found]
    if name == "retention":
        shown = {pair[:2] for pair in mine}
        theirs = [row for row in theirs if row[:2] in shown]
    return len(mine) == len(theirs) and all(
        a == b or (a is not None and b is not None and abs(float(a) - float(b)) <= 1e-6 * max(1.0, abs(float(b))))
        if isinstance(a, float) or isinstance(b, float)
        else a == b
        for left, right in zip(mine, theirs, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def measure(directory: Path, events: int, customers: int, runs: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with Store.create(directory, threads=THREADS) as store:
        if not store.rows("events"):
            _ = store.append_events(batches(events, customers))
        files = [str(store.root / entry.path) for entry in store.manifest.files("events")]
        connection = duckdb.connect(config={"threads": THREADS})
        _ = connection.execute("SET TimeZone = 'UTC'")
        connection.read_parquet(files).create_view("events")
        sources = Sources(store.table("events"), store.run, micros=microseconds, days=store.days())
        for name in ASKED:
            agree = same(name, ours(sources, name), by_hand(connection, name))
            mine, theirs = [], []
            for _ in range(runs):
                mine.append(cpu_seconds(lambda name=name: ours(sources, name)))
                theirs.append(cpu_seconds(lambda name=name: by_hand(connection, name)))
            row = {"ours": round(min(mine), 3), "by_hand": round(min(theirs), 3), "same_numbers": agree}
            row["ratio"] = round(row["ours"] / row["by_hand"], 3)
            found[name] = row
            print(f"{events:>10,} {name:<11} ours {row['ours']:.2f}  by hand {row['by_hand']:.2f}  "
                  f"ratio {row['ratio']:.2f}  same {agree}", flush=True)  # fmt: skip
        connection.close()
    return found


def run(folder: str | None = None, runs: int = RUNS) -> dict[str, Any]:
    """Measure both sizes; `folder` keeps the generated shops for another run."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(folder or temporary)
        sizes = {name: measure(root / name.lower(), *size, runs) for name, size in SIZES.items()}
    growth = {name: round(sizes["10M"][name]["ours"] / sizes["1M"][name]["ours"], 2) for name in ASKED}
    print("growth from 1M to 10M:", growth, flush=True)
    return {"threads": THREADS, "runs": runs, "sizes": sizes, "growth": growth}
