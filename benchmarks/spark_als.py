"""Claim: our ALS takes a small part of the processor time of Spark MLlib's on one machine's data; both tuned alike."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.progress import SILENT
from regulars.interests import ALS, from_events, metrics
from regulars.interests.als import ALSConfig
from regulars.interests.cost import Meter
from regulars.interests.spark_als import SparkALS, SparkALSConfig, session
from regulars.interests.splits import leave_one_out
from regulars.shop import EvaluateOptions
from regulars.shop.evaluating import _read  # pyright: ignore[reportPrivateUsage]

if TYPE_CHECKING:
    from regulars.interests.recommender import Config, Recommender
    from regulars.interests.splits import Split

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SETS = {
    "movielens-100k": (DATA / "movielens_100k" / "ml-100k.inter.gz", "ratings"),
    "beauty": (DATA / "amazon_5core_s3rec" / "Beauty.txt.gz", "sequences"),
}
FACTORS = 64
DECAYS = (0.0, 0.4, 0.8)
OURS = [
    ALSConfig(embedding_size=FACTORS, unobserved_weight=weight, reg=reg)
    for weight, reg in product((0.01, 0.03, 0.1, 0.3, 1.0), (0.0003, 0.001, 0.003, 0.01, 0.03))
]
SPARKS = [
    SparkALSConfig(rank=FACTORS, iterations=10, alpha=alpha, reg=reg)
    for alpha, reg in product((3.0, 30.0), (0.1, 0.3, 3.0, 10.0))
]


def ranked(model: Recommender, split: Split) -> dict[str, Any]:
    lists, _ = model.recommend(split.histories, 20)
    return metrics.figures(lists, split.targets, model.n_items_)


def chosen(kind: type[Recommender], grid: list[Any], split: Split) -> Config:
    """Return the settings of the grid that rank best on a validation split, then the best decay for them."""
    fitted = [kind(config).fit(split.train) for config in grid]
    best = max(fitted, key=lambda model: ranked(model, split)["ndcg@10"])
    values: dict[float, float] = {}
    for decay in DECAYS:
        best.config = msgspec.structs.replace(best.config, history_decay=decay)
        values[decay] = ranked(best, split)["ndcg@10"]
    print(f"  {kind.name} on validation: {max(values.values()):.4f}", flush=True)
    return msgspec.structs.replace(best.config, history_decay=max(values, key=lambda decay: values[decay]))


def run() -> dict[str, Any]:
    found: dict[str, Any] = {}
    with session(1, "1g"):
        for name, (path, form) in SETS.items():
            if not path.exists():
                print(f"absent: {path}")
                continue
            _, rows, _ = _read(path, EvaluateOptions(format=form), SILENT)
            data = from_events(rows)
            test, validation = leave_one_out(data), leave_one_out(data, back=1)
            table: list[dict[str, Any]] = []
            for kind, grid in ((ALS, OURS), (SparkALS, SPARKS)):
                # By now the code of both is compiled: what is timed is the work.
                config = chosen(kind, grid, validation)
                with Meter() as fitting:
                    model = kind(config).fit(test.train)
                with Meter() as ranking:
                    figures = ranked(model, test)
                row = {"model": kind.name, **figures, "settings": msgspec.to_builtins(config)}
                row |= {"fit": msgspec.to_builtins(fitting.cost), "rank": msgspec.to_builtins(ranking.cost)}
                table.append(row)
                low, high = row["ndcg@10_interval"]
                print(
                    f"{name:15s} {kind.name:10s} HR@10 {row['hr@10']:.4f} nDCG@10 {row['ndcg@10']:.4f}"
                    f" [{low:.4f}, {high:.4f}] fit {fitting.cost.cpu_seconds:.2f} CPU-s",
                    flush=True,
                )
            found[name] = table
    return {
        "protocol": "leave-one-out, full ranking, refit with the validation event; settings chosen on validation",
        "factors": FACTORS,
        "sets": found,
    }
