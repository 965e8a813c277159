"""Claim: the models reach the published figures and beyond, and the blend beats its best part; full ranking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from regulars.shop import EvaluateOptions, evaluate_path

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
MODELS = ("popularity", "knn", "als", "ease", "bpr", "covisitation", "neighbours", "transformer", "blend")
FEWER = ("popularity", "covisitation", "neighbours", "transformer", "blend")
BEAUTY = DATA / "amazon_5core_s3rec" / "Beauty.txt.gz"
MOVIES = DATA / "movielens_100k" / "ml-100k.inter.gz"
GROCERY = DATA / "amazon_grocery_timestamps" / "train.csv.gz"
SETS: dict[str, tuple[Path, EvaluateOptions]] = {
    "beauty": (BEAUTY, EvaluateOptions(format="sequences", models=MODELS, refit=True)),
    "movielens-100k": (MOVIES, EvaluateOptions(format="ratings", models=(*MODELS, "gru"), refit=True)),
    "grocery": (GROCERY, EvaluateOptions(models=MODELS, refit=True)),
    "movielens-100k, ties shuffled": (
        MOVIES,
        EvaluateOptions(format="ratings", models=FEWER, refit=True, shuffle_ties=True),
    ),
    "beauty, without refit": (BEAUTY, EvaluateOptions(format="sequences", models=FEWER)),
}


def measure(label: str) -> dict[str, Any]:
    """Evaluate on one of the sets."""
    path, options = SETS[label]
    report = evaluate_path(path, options)
    report["data"].pop("path")
    for row in report["models"]:
        low, high = row["ndcg@10_interval"]
        print(
            f"{label:30s} {row['model']:14s} HR@10 {row['hr@10']:.4f} nDCG@10 {row['ndcg@10']:.4f}"
            f" [{low:.4f}, {high:.4f}] fit {row['fit_cpu_seconds']:.1f} CPU-s",
            flush=True,
        )
    return report


def run() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for label, (path, _) in SETS.items():
        if path.exists():
            found[label] = measure(label)
        else:
            print(f"absent: {path}")
    return {"protocol": "leave-one-out, full ranking; refit: with the validation event", "sets": found}
