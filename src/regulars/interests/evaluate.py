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
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.blend import Blend, holdout_of
from regulars.interests.blend_parts import usual_parts
from regulars.interests.interactions import DAY, Interactions
from regulars.interests.judging import TRIVIAL, Evaluation, Judge
from regulars.interests.models import MODELS
from regulars.interests.popularity import Popularity
from regulars.interests.splits import Split, by_time, leave_one_out
from regulars.interests.tuning import tune

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
    `tune` chooses each model's settings on the validation split, never on the test: from its grid, and with `trials`
    by a seeded search of so many settings. `exclude_known` leaves out of the lists what a customer already had.
    `minutes` is the time each model may take that can be told to stop.
    """

    protocol: Literal["leave-one-out", "time"] = "leave-one-out"
    refit: bool = False
    tune: bool = False
    trials: int = 0
    cutoff: int | None = None
    horizon_days: float = 28.0
    exclude_known: bool = True
    minutes: float | None = None
    seed: int = 7


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


def with_baselines(names: Sequence[str], protocol: str) -> list[str]:
    """Return the names with trivial baselines before them when none is among them.

    On a time split the last week's bestsellers and a customer's own favourites are the ones to beat; leave-one-out
    has no moment that 'the last week' could be before.
    """
    if any(name in TRIVIAL for name in names):
        return list(dict.fromkeys(names))
    added = [RecentPopularity.name, OwnFrequency.name] if protocol == "time" else [Popularity.name]
    return [*added, *dict.fromkeys(names)]


def evaluate(
    interactions: Interactions, models: Sequence[str], plan: Plan, progress: Progress = SILENT
) -> list[dict[str, Any]]:
    """Fit and rank; return one row of figures a model (`run` has the comparisons of the models too).

    Returns
    -------
    rows
        model; what `metrics.figures` and `beyond.beyond_accuracy` return; vs and vs_best (see `judging.Evaluation`);
        slices (see `slices.sliced`); fit_seconds, fit_cpu_seconds, users_per_second, settings; tuned with `plan.tune`
        (trials, value: nDCG@10 on the validation split); on a time split with known items allowed also
        recall@20_repeat and recall@20_new: the same lists against what a customer bought again and bought for the
        first time.

    Raises
    ------
    InputError
        Nobody can be asked.
    UsageError
        A model's name is none of ours.
    """
    return run(interactions, models, plan, progress).rows


def run(interactions: Interactions, models: Sequence[str], plan: Plan, progress: Progress = SILENT) -> Evaluation:
    """Evaluate, and compare every pair of models on the same customers; see `evaluate`."""
    types = model_types(with_baselines(models, plan.protocol))
    test, validation = _splits(interactions, plan)
    if len(test.users) == 0:
        raise InputError(
            "no customer has something to learn from and something to predict",
            fix="Leave-one-out needs 3 events of a customer; a time split needs events on both sides of the cutoff.",
        )
    judge = Judge(test, plan.seed)
    with progress.task("Evaluating", len(types)) as step:
        for model_type in types:
            config, tuned = _settings(model_type, test, validation, plan, progress)
            lists, facts = _ranked(model_type(config), test, plan, progress)
            judge.add(model_type.name, lists, **facts, **({"tuned": tuned} if tuned else {}))
            step.advance()
    return judge.conclude()


def _splits(interactions: Interactions, plan: Plan) -> tuple[Split, Split]:
    if plan.protocol == "leave-one-out":
        return leave_one_out(interactions, refit=plan.refit), leave_one_out(interactions, back=1)
    horizon = int(plan.horizon_days * DAY)
    cutoff = interactions.last_time + 1 - horizon if plan.cutoff is None else plan.cutoff
    return by_time(interactions, cutoff, horizon), by_time(interactions.before(cutoff), cutoff - horizon, horizon)


def _default(model_type: type[Recommender], plan: Plan, train: Interactions) -> Config:
    config = model_type.config_type()
    if plan.minutes is not None and "minutes" in config.__struct_fields__:
        config = msgspec.structs.replace(config, minutes=plan.minutes)
    if model_type is Blend:
        hidden = holdout_of(train, round(plan.horizon_days))
        if plan.protocol == "leave-one-out":
            hidden["holdout"] = "last"
        parts = usual_parts(len(train.histories.items))
        return msgspec.structs.replace(config, **hidden, parts=parts, repeat=not plan.exclude_known)
    return config


def _settings(
    model_type: type[Recommender], test: Split, validation: Split, plan: Plan, progress: Progress
) -> tuple[Config, dict[str, Any] | None]:
    base = _default(model_type, plan, test.train)
    if not plan.tune or not model_type.space():
        return base, None
    if len(validation.users) == 0:
        raise InputError("nobody is left to tune on", fix="Leave tuning out, or choose a later cutoff.")

    def judge(config: Config) -> float:
        model = model_type(config).fit(validation.train, now=validation.now, progress=progress)
        lists, _ = model.recommend(validation.histories, LIST, exclude_known=plan.exclude_known)
        hits = metrics.find_hits(lists, validation.targets, model.n_items_)
        return float(metrics.ndcg(hits, 10).mean())

    found = tune(model_type, base, judge, trials=plan.trials, seed=plan.seed, progress=progress)
    return found.config, {"value": found.value, "trials": msgspec.to_builtins(found.trials)}


def _ranked(
    model: Recommender, split: Split, plan: Plan, progress: Progress
) -> tuple[NDArray[np.int32], dict[str, Any]]:
    """Return the lists of a model, and what making them took."""
    started, worked = time.perf_counter(), time.process_time()
    _ = model.fit(split.train, now=split.now, progress=progress)
    fitted, fit_cpu = time.perf_counter(), time.process_time() - worked
    lists, _ = model.recommend(split.histories, LIST, exclude_known=plan.exclude_known)
    ranked = time.perf_counter()
    facts: dict[str, Any] = {
        "fit_seconds": fitted - started,
        "fit_cpu_seconds": fit_cpu,
        "users_per_second": len(lists) / max(ranked - fitted, 1e-9),
        "settings": msgspec.to_builtins(model.config),
    }
    if plan.protocol == "time" and not plan.exclude_known:
        facts |= _repeat_and_new(lists, split, model.n_items_)
    return lists, facts


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
