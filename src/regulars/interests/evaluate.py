"""Models side by side on one split: full ranking, baselines in the table, an interval at every figure."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from regulars.core.errors import InputError, UsageError
from regulars.core.progress import SILENT, Progress
from regulars.interests import metrics
from regulars.interests.blend import Blend
from regulars.interests.interactions import DAY, Interactions
from regulars.interests.models import MODELS
from regulars.interests.splits import Split, by_time, leave_one_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.recommender import Config, Recommender

LIST = 20
"""Items ranked for each customer."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to evaluate.

    `leave-one-out` hides each customer's last event; `time` hides everything from `cutoff` on (seconds since 1970)
    and asks for the following `horizon_days`. `refit` lets the final model learn from the validation event too.
    `tune` tries each model's grid on the validation split, never on the test. `exclude_known` leaves out of the
    lists what a customer already had.
    """

    protocol: Literal["leave-one-out", "time"] = "leave-one-out"
    refit: bool = False
    tune: bool = False
    cutoff: int | None = None
    horizon_days: float = 28.0
    exclude_known: bool = True


def model_types(names: Sequence[str]) -> list[type[Recommender]]:
    """Return the models of these names.

    Raises
    ------
    UsageError
        A name is none of ours.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise UsageError(f"there is no model '{unknown[0]}'", where="models", fix=f"Choose from {', '.join(MODELS)}.")
    return [MODELS[name] for name in names]


def evaluate(
    interactions: Interactions, models: Sequence[str], plan: Plan, progress: Progress = SILENT
) -> list[dict[str, Any]]:
    """Fit and rank; return one row of figures a model.

    Returns
    -------
    rows
        model, hr@10, ndcg@10, recall@20, ndcg@20, ndcg@10_interval (95%, over customers), coverage (share of the
        catalogue somebody was shown in the first 10), fit_seconds, users_per_second, customers, settings; on a time
        split with known items allowed also recall@20_repeat and recall@20_new: the same lists against what a
        customer bought again and bought for the first time.
    """
    types = model_types(models)
    test, validation = _splits(interactions, plan)
    if len(test.users) == 0:
        raise InputError(
            "no customer has something to learn from and something to predict",
            fix="Leave-one-out needs 3 events of a customer; a time split needs events on both sides of the cutoff.",
        )
    rows: list[dict[str, Any]] = []
    with progress.task("Evaluating", len(types)) as step:
        for model_type in types:
            config = _tuned(model_type, validation, plan, progress) if plan.tune else _default(model_type, plan)
            rows.append(_figures(model_type(config), test, plan, progress))
            step.advance()
    return rows


def _splits(interactions: Interactions, plan: Plan) -> tuple[Split, Split]:
    if plan.protocol == "leave-one-out":
        return leave_one_out(interactions, refit=plan.refit), leave_one_out(interactions, back=1)
    horizon = int(plan.horizon_days * DAY)
    cutoff = interactions.last_time + 1 - horizon if plan.cutoff is None else plan.cutoff
    return by_time(interactions, cutoff, horizon), by_time(interactions.before(cutoff), cutoff - horizon, horizon)


def _default(model_type: type[Recommender], plan: Plan) -> Config:
    config = model_type.config_type()
    if model_type is Blend:
        return msgspec.structs.replace(
            config,
            holdout="last" if plan.protocol == "leave-one-out" else "time",
            holdout_days=max(1, round(plan.horizon_days)),
            repeat=not plan.exclude_known,
        )
    return config


def _tuned(model_type: type[Recommender], validation: Split, plan: Plan, progress: Progress) -> Config:
    if model_type is Blend:
        return _default(model_type, plan)
    best, best_value = model_type.config_type(), -1.0
    for config in model_type.grid():
        value = _figures(model_type(config), validation, plan, progress)["ndcg@10"]
        if value > best_value:
            best, best_value = config, value
    return best


def _figures(model: Recommender, split: Split, plan: Plan, progress: Progress) -> dict[str, Any]:
    started = time.perf_counter()
    _ = model.fit(split.train, now=split.now, progress=progress)
    fitted = time.perf_counter()
    lists, _ = model.recommend(split.histories, LIST, exclude_known=plan.exclude_known)
    ranked = time.perf_counter()
    row: dict[str, Any] = {
        "model": model.name,
        **metrics.figures(lists, split.targets, model.n_items_),
        "fit_seconds": fitted - started,
        "users_per_second": len(lists) / (ranked - fitted),
        "settings": msgspec.to_builtins(model.config),
    }
    if plan.protocol == "time" and not plan.exclude_known:
        row |= _repeat_and_new(lists, split, model.n_items_)
    return row


def _repeat_and_new(lists: NDArray[np.int32], split: Split, n_items: int) -> dict[str, float]:
    known = np.isin(
        split.targets.owners * n_items + split.targets.items,
        split.histories.owners * n_items + split.histories.items,
    )
    found: dict[str, float] = {}
    for name, mask in (("repeat", known), ("new", ~known)):
        targets: Histories = split.targets.keep(mask)
        hits = metrics.find_hits(lists, targets, n_items)
        asked = hits.wanted > 0
        found[f"recall@20_{name}"] = float(metrics.recall(hits, 20)[asked].mean()) if asked.any() else 0.0
    return found


def shuffle_ties(interactions: Interactions, seed: int) -> Interactions:
    """Return the same events with those of equal time in random order.

    Data with whole days for times keeps, inside a day, the order of some export; a model that gains from it gains
    nothing in a shop.
    """
    histories = interactions.histories
    random = np.random.default_rng(seed).random(len(histories.items))
    order = np.lexsort((random, histories.times, histories.owners))
    kinds = None if histories.kinds is None else histories.kinds[order]
    return interactions.having(
        replace(
            histories,
            items=histories.items[order],
            times=histories.times[order],
            weights=histories.weights[order],
            kinds=kinds,
        )
    )
