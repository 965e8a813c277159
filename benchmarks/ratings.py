"""Claim: SVD and SVD++ predict ratings better than Surprise's, on the same folds, tuned or not.

Surprise (BSD-3-Clause) is a peer to be measured against, run by the interpreter that REGULARS_SURPRISE names, in an
environment that has scikit-surprise and pandas; without one its rows are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import DATA
from regulars.core.settings import Settings
from regulars.events import read_files
from regulars.interests.evaluate_ratings import deal, evaluate_ratings
from regulars.interests.ratings import Ratings, ratings_from_events
from regulars.interests.svd import SVDPlusPlus

PATH = DATA / "movielens_100k" / "ml-100k.inter.gz"
FOLDS, SEED = 5, 7
PEER = os.environ.get("REGULARS_SURPRISE", "")


def movielens() -> Ratings:
    from datetime import UTC, datetime

    import pyarrow as pa

    settings = Settings()
    batches = read_files(
        [PATH], table="events", format="ratings", mapping=None, settings=settings, now=datetime.now(UTC)
    )
    return ratings_from_events(pa.concat_tables([batch.rows for batch in batches]))


def run() -> dict[str, Any]:
    if not PATH.exists():
        print(f"absent: {PATH}")
        return {"models": []}
    ratings = movielens()
    rows = evaluate_ratings(ratings, folds=FOLDS, seed=SEED)
    rows += [row | {"model": f"{row['model']}, tuned"} for row in _tuned(ratings)]
    rows.append(_without_times(ratings))
    rows += _surprise(ratings)
    for row in rows:
        low, high = row["rmse_interval"]
        print(
            f"{row['model']:34s} RMSE {row['rmse']:.4f} [{low:.4f}, {high:.4f}] MAE {row['mae']:.4f}"
            f" fit {row['fit_seconds']:.2f} CPU-s",
            flush=True,
        )
    return {
        "protocol": f"{FOLDS} random folds of MovieLens-100k, each predicted from the others; the same for all; "
        "intervals 95% over folds",
        "models": rows,
    }


def _tuned(ratings: Ratings) -> list[dict[str, Any]]:
    return evaluate_ratings(ratings, ("svd", "svdpp"), FOLDS, SEED, tune=True)


def _without_times(ratings: Ratings) -> dict[str, Any]:
    """Surprise does not look at times; here ours does not either."""
    dealt = deal(len(ratings), FOLDS, SEED)
    found: list[dict[str, float]] = []
    for fold in range(FOLDS):
        learned, asked = ratings.keep(dealt != fold), ratings.keep(dealt == fold)
        started = time.process_time()
        model = SVDPlusPlus(sitting_hours=0.0).fit_ratings(learned)
        seconds = time.process_time() - started
        found.append(_figures(model.predict_many(asked.owners, asked.targets), asked.values) | {"seconds": seconds})
    return _row("svdpp, times unseen", found)


def _surprise(ratings: Ratings) -> list[dict[str, Any]]:
    if not PEER:
        print("Surprise is left out: REGULARS_SURPRISE names no interpreter.")
        return []
    dealt = deal(len(ratings), FOLDS, SEED)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "ratings.txt"
        np.savetxt(table, np.column_stack([ratings.owners, ratings.targets, ratings.values, dealt]), fmt="%g")
        script = Path(__file__).with_name("ratings_surprise.py")
        out = subprocess.run([PEER, str(script), str(table)], check=True, capture_output=True, text=True)
    found: dict[str, list[dict[str, float]]] = json.loads(out.stdout)
    return [_row(name, parts) for name, parts in found.items()]


def _figures(predicted: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> dict[str, float]:
    errors = (predicted - values).astype(np.float64)
    return {"rmse": float(np.sqrt((errors**2).mean())), "mae": float(np.abs(errors).mean())}


def _row(name: str, parts: list[dict[str, float]]) -> dict[str, Any]:
    rmse = np.array([part["rmse"] for part in parts])
    half = 2.776 * float(rmse.std(ddof=1)) / len(rmse) ** 0.5
    return {
        "model": name,
        "rmse": float(rmse.mean()),
        "rmse_interval": [float(rmse.mean()) - half, float(rmse.mean()) + half],
        "mae": float(np.mean([part["mae"] for part in parts])),
        "fit_seconds": float(np.mean([part["seconds"] for part in parts])),
        "folds": rmse.tolist(),
    }
