"""Models on items that nobody chose yet: a fifth of the catalogue is hidden with everything that happened to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.core.errors import UsageError
from regulars.core.progress import SILENT, Progress
from regulars.interests import metrics
from regulars.interests.cold_split import ColdPlan, ColdSplit, split_cold
from regulars.interests.popularity_in_category import PopularityInCategory
from regulars.interests.resampling import interval
from regulars.interests.text import TextModel
from regulars.interests.top_k import top_k

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.recommender import Recommender

    Scores = NDArray[np.float32]
    Score = Callable[[Histories], Scores]
    Prepare = Callable[[Progress], tuple[Score, dict[str, Any]]]

LIST = 20
"""Items ranked for each customer."""
BLOCK = 64 * 1024 * 1024
"""Bytes of scores held at once."""
BASELINES = ("random", "newest")
"""Known here alone: any order, and the latest first."""
BASELINE = "popularity-in-category"
"""What every other row is compared with, customer by customer."""


def evaluate_cold(
    interactions: Interactions, models: Sequence[str | Recommender], plan: ColdPlan, progress: Progress = SILENT
) -> list[dict[str, Any]]:
    """Fit each model without the hidden items and rank them; return one row of figures a model.

    Parameters
    ----------
    interactions
        With a catalogue, for models that look at it.
    models
        Names, or models not yet fitted. 'random' and 'newest' (hidden items by their first event, which stands for the
        day they were put up) are known here alone; popularity-in-category is added if it is not among them.
    plan
        What is hidden.
    progress
        Told about each model.

    Returns
    -------
    rows
        model, fit_seconds, settings, and three rankings. `cold` ranks the hidden items alone against those that a
        customer chose; `full` ranks the whole catalogue against the same; `mixed` ranks the whole catalogue against
        each customer's last event, hidden item or not. Each has hr@10, ndcg@10, ndcg@10_interval, recall@20, customers
        and, beside popularity-in-category, ndcg@10_gain with its paired bootstrap interval (95%) ndcg@10_gain_interval.

    Raises
    ------
    UsageError
        A name is none of ours.
    InputError
        The data are too small.
    """
    split = split_cold(interactions, plan)
    rankers = _rankers(models, split, plan)
    kept: dict[str, dict[str, NDArray[np.float64]]] = {}
    rows: list[dict[str, Any]] = []
    with progress.task("Evaluating on cold items", len(rankers)) as step:
        for name, prepare in rankers.items():
            started = time.perf_counter()
            score, settings = prepare(progress)
            fitted = time.perf_counter() - started
            figures, kept[name] = _ranked(score, split, plan)
            rows.append({"model": name, **figures, "fit_seconds": fitted, "settings": settings})
            step.advance()
    for row in rows:
        for ranking in ("cold", "full", "mixed"):
            difference = kept[row["model"]][ranking] - kept[BASELINE][ranking]
            row[ranking]["ndcg@10_gain"] = float(difference.mean())
            row[ranking]["ndcg@10_gain_interval"] = list(interval(difference))
    return rows


def _ranked(score: Score, split: ColdSplit, plan: ColdPlan) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    n_items = len(split.train.items)
    order = np.random.default_rng(plan.seed).permutation(n_items)
    # In random order, so that equal scores are no matter of the items' names.
    is_cold = np.isin(order, split.cold)
    cold, full = _lists(score, split.histories, (order[is_cold], order))
    mixed = _lists(score, split.before, (order,))[0]
    figures: dict[str, Any] = {}
    each: dict[str, NDArray[np.float64]] = {}
    for name, lists, targets in (
        ("cold", cold, split.hidden),
        ("full", full, split.hidden),
        ("mixed", mixed, split.last),
    ):
        hits = metrics.find_hits(lists, targets, n_items)
        each[name] = metrics.ndcg(hits, 10)
        figures[name] = {
            "hr@10": float(metrics.hit_rate(hits, 10).mean()),
            "ndcg@10": float(each[name].mean()),
            "ndcg@10_interval": list(interval(each[name])),
            "recall@20": float(metrics.recall(hits, 20).mean()),
            "customers": len(lists),
        }
    return figures, each


def _lists(score: Score, histories: Histories, candidates: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int32]]:
    """Rank each list of candidates for every customer, what the customer had left out."""
    rows = max(1, BLOCK // (4 * max(len(numbers) for numbers in candidates)))
    found: list[list[NDArray[np.int32]]] = [[] for _ in candidates]
    for begin in range(0, len(histories), rows):
        block = histories.select(np.arange(begin, min(begin + rows, len(histories))))
        values = score(block)
        values[block.owners, block.items] = -np.inf
        for lists, numbers in zip(found, candidates, strict=True):
            best, _ = top_k(np.ascontiguousarray(values[:, numbers]), LIST)
            lists.append(np.where(best >= 0, numbers[best], -1).astype(np.int32))
    return [np.concatenate(lists) for lists in found]


def _rankers(models: Sequence[str | Recommender], split: ColdSplit, plan: ColdPlan) -> dict[str, Prepare]:
    """Return for each row of the table what fits it and gives its scores."""
    found: dict[str, Prepare] = {}
    for model in models:
        if isinstance(model, str):
            found[model] = _baseline(model, split, plan) if model in BASELINES else _fitted(_model(model), split)
        else:
            found[model.name if model.name not in found else f"{model.name} {len(found)}"] = _fitted(model, split)
    if BASELINE not in found:
        found[BASELINE] = _fitted(PopularityInCategory(), split)
    return found


def _model(name: str) -> Recommender:
    from regulars.interests.models import MODELS

    known = {**MODELS, **{model.name: model for model in (PopularityInCategory, TextModel)}}
    if name not in known:
        raise UsageError(
            f"there is no model '{name}'", where="models", fix=f"Choose from {', '.join((*known, *BASELINES))}."
        )
    return known[name]()


def _fitted(model: Recommender, split: ColdSplit) -> Prepare:
    def prepare(progress: Progress) -> tuple[Score, dict[str, Any]]:
        fitted = model.fit(split.train, progress=progress)
        return fitted.score, msgspec.to_builtins(model.config)

    return prepare


def _baseline(name: str, split: ColdSplit, plan: ColdPlan) -> Prepare:
    n_items = len(split.train.items)
    random = np.random.default_rng(plan.seed)
    newest = np.argsort(np.argsort(split.launched, kind="stable"), kind="stable").astype(np.float32)

    def score(histories: Histories) -> Scores:
        if name == "newest":
            return np.tile(newest, (len(histories), 1))
        return random.random((len(histories), n_items), np.float32)

    return lambda _: (score, {})
