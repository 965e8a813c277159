"""Claim: on a grocer's year, slates beat own frequency, popular last week and ALS alone over the next four weeks."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from regulars.shop import EvaluateOptions, Shop, evaluate_path

MODELS = ("popular-last-week", "own-frequency", "covisitation", "knn", "als", "repeat", "blend")
CUTOFF = date(2017, 11, 13)
"""The Monday after week 46."""


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        Shop.demo(Path(folder) / "shop").close()
        found: dict[str, Any] = {}
        for repeat in ("allow", "exclude"):
            options = EvaluateOptions(protocol="time", models=MODELS, cutoff=CUTOFF, horizon_days=28, repeat=repeat)
            report = evaluate_path(Path(folder) / "shop", options)
            report["data"].pop("path")
            found["all products" if repeat == "allow" else "new products only"] = report
            for row in report["models"]:
                low, high = row["ndcg@20_interval"]
                print(
                    f"{repeat:8s} {row['model']:18s} recall@20 {row['recall@20']:.4f} nDCG@20 {row['ndcg@20']:.4f}"
                    f" [{low:.4f}, {high:.4f}] repeat {row.get('recall@20_repeat', 0):.4f}"
                    f" new {row.get('recall@20_new', 0):.4f}",
                    flush=True,
                )
    return {"protocol": "time split, full ranking, customers known before the cutoff who bought after it", **found}
