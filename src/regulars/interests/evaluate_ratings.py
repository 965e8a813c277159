"""Models that predict ratings, side by side over random folds, with the baselines that they must beat."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.core.errors import InputError, UsageError
from regulars.core.progress import SILENT, Progress
from regulars.interests.svd import SVD, SVDPlusPlus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from regulars.interests.ratings import Ratings

RATING_MODELS: dict[str, type[SVD]] = {model.name: model for model in (SVD, SVDPlusPlus)}
"""Every model that predicts ratings, by its name."""
BASELINES = ("mean", "biases")
"""What no model is needed for: the overall mean, and it with the habits of customer and item."""
DAMPING = 10.0, 15.0
"""Ratings at the mean that every item's and every customer's bias starts from (Koren, 2010)."""
STUDENT = (0.0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5% quantiles of Student's t by degrees of freedom: folds are few."""


def evaluate_ratings(
    ratings: Ratings,
    models: Sequence[str] = (*BASELINES, *RATING_MODELS),
    folds: int = 5,
    seed: int = 7,
    progress: Progress = SILENT,
    *,
    tune: bool = False,
) -> list[dict[str, Any]]:
    """Predict each fold from the others; return one row of figures a model.

    Parameters
    ----------
    ratings
        Everything.
    models
        Names: `mean`, `biases`, `svd`, `svdpp`.
    folds
        Parts that ratings are dealt to at random; each is predicted once.
    seed
        Of the dealing.
    progress
        Where the work reports to.
    tune
        Try each model's grid on a tenth of what a fold may learn from, and learn again with the best.

    Returns
    -------
    rows
        model, rmse, rmse_interval (95%, over folds), mae, mae_interval, fit_seconds (of the processor, a fold, with
        the tuning), folds (RMSE of each), ratings, settings (those of the last fold).

    Raises
    ------
    UsageError
        A name is none of ours, or there are fewer than 2 folds.
    InputError
        There are fewer ratings than folds.
    """
    known = (*BASELINES, *RATING_MODELS)
    for name in models:
        if name not in known:
            raise UsageError(
                f"'{name}' does not predict ratings", where="models", fix=f"Choose from {', '.join(known)}."
            )
    if not 2 <= folds <= len(STUDENT):
        raise UsageError(f"{folds} folds cannot be used", where="folds", fix=f"Take 2 to {len(STUDENT)}.")
    if len(ratings) < 2 * folds:
        raise InputError(f"{len(ratings)} ratings are too few for {folds} folds")
    dealt = deal(len(ratings), folds, seed)
    rows: list[dict[str, Any]] = []
    with progress.task("Predicting ratings", len(models) * folds) as step:
        for name in models:
            parts: list[dict[str, Any]] = []
            for fold in range(folds):
                parts.append(_one(name, ratings.keep(dealt != fold), ratings.keep(dealt == fold), tune, seed))
                step.advance()
            rows.append(_row(name, parts, len(ratings)))
    return rows


def deal(count: int, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each rating, int64 (ratings): sizes differ by at most one."""
    dealt = np.arange(count) % folds
    np.random.default_rng(seed).shuffle(dealt)
    return dealt


def _one(name: str, learned: Ratings, asked: Ratings, tune: bool, seed: int) -> dict[str, Any]:
    started = time.process_time()
    settings: dict[str, Any] = {}
    if name in RATING_MODELS:
        config = _tuned(name, learned, seed) if tune else RATING_MODELS[name].config_type()
        model = RATING_MODELS[name](config).fit_ratings(learned)
        settings = msgspec.to_builtins(config)
        fitted = time.process_time()
        predicted = model.predict_many(asked.owners, asked.targets, asked.times)
    else:
        predicted = baseline(name, learned)(asked)
        fitted = time.process_time()
    errors = predicted - asked.values
    return {
        "rmse": float(np.sqrt(np.mean(errors.astype(np.float64) ** 2))),
        "mae": float(np.mean(np.abs(errors))),
        "fit_seconds": fitted - started,
        "settings": settings,
    }


def _tuned(name: str, learned: Ratings, seed: int) -> Any:
    model_type = RATING_MODELS[name]
    held = deal(len(learned), 10, seed) == 0

    def loss(config: Any) -> float:
        model, asked = model_type(config).fit_ratings(learned.keep(~held)), learned.keep(held)
        return float(np.mean((model.predict_many(asked.owners, asked.targets, asked.times) - asked.values) ** 2))

    return min(model_type.grid(), key=loss)


def baseline(name: str, learned: Ratings) -> Callable[[Ratings], NDArray[np.float32]]:
    """Return what predicts by the mean alone, or by mean and damped biases, from the ratings learned."""
    mean = float(learned.values.mean())
    of_item, of_user = np.zeros(len(learned.items)), np.zeros(len(learned.users))
    if name == "biases":
        rest = learned.values - mean
        # Alternating a few times settles who is strict and what is good; once would blame items for their customers.
        for _ in range(5):
            of_item = _damped(learned.targets, rest - of_user[learned.owners], len(of_item), DAMPING[0])
            of_user = _damped(learned.owners, rest - of_item[learned.targets], len(of_user), DAMPING[1])
    low, high = learned.scale

    def predict(asked: Ratings) -> NDArray[np.float32]:
        found = mean + of_item[asked.targets] + of_user[asked.owners]
        return np.clip(found, low, high).astype(np.float32)

    return predict


def _damped(
    groups: NDArray[np.int32], values: NDArray[np.floating[Any]], count: int, damping: float
) -> NDArray[np.float64]:
    sums = np.bincount(groups, weights=values, minlength=count)
    return sums / (np.bincount(groups, minlength=count) + damping)


def _row(name: str, parts: list[dict[str, Any]], ratings: int) -> dict[str, Any]:
    row: dict[str, Any] = {"model": name}
    for figure in ("rmse", "mae"):
        values = np.array([part[figure] for part in parts])
        half = STUDENT[len(values) - 1] * float(values.std(ddof=1)) / len(values) ** 0.5
        row[figure] = float(values.mean())
        row[f"{figure}_interval"] = [row[figure] - half, row[figure] + half]
    return row | {
        "fit_seconds": float(np.mean([part["fit_seconds"] for part in parts])),
        "folds": [part["rmse"] for part in parts],
        "ratings": ratings,
        "settings": parts[-1]["settings"],
    }
