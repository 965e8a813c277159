"""What each head of the behaviour model gives and costs: the same trunk, seed and budget with and without it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.core.progress import SILENT
from regulars.interests.comparing import against, compare
from regulars.interests.metrics import find_hits, ndcg
from regulars.interests.neural.ablation_baselines import (
    came_within,
    category_baselines,
    known_at,
    purchase_baselines,
    return_baselines,
)
from regulars.interests.neural.behaviour import BehaviourConfig, BehaviourModel
from regulars.interests.neural.behaviour_targets import categories_of, days_of, next_visit_buys
from regulars.interests.resampling import interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.comparing import Comparison
    from regulars.interests.interactions import Interactions
    from regulars.interests.splits import Split

ALONE = "item"
ALL = "all"
REGRESSION = "logistic regression"


def ablate(
    interactions: Interactions,
    split: Split,
    progress: Progress = SILENT,
    *,
    config: BehaviourConfig | None = None,
    horizons: Sequence[int] = (7, 28),
) -> dict[str, Any]:
    """Train the trunk with the item head alone, with each further head, and with all; judge them by what came after.

    Parameters
    ----------
    interactions
        Everything, what came after `split.now` included: the return, purchase and category are read from it.
    split
        By time (`regulars.interests.splits.by_time`).
    progress
        Where long work reports to.
    config
        Settings of all variants, their `predicts` apart.
    horizons
        Days within which a return is asked for; the events must reach so far beyond `split.now`.

    Returns
    -------
    report
        items: nDCG@10 of each variant with its interval and, against the item head alone, the paired difference with
        its interval and Holm's p. returns, purchase: log loss, Brier score and AUC of each variant with that head and
        of the baselines; the paired difference of each one's log loss from the logistic regression's. category:
        share of next events whose category was the one expected, and of next days that held it; "item" sums the item
        head's shares by category. cost_cpu_seconds of training. dropped: heads the data cannot teach.
    """
    base = config or BehaviourConfig()
    truth = _Truth(interactions, split, base, horizons)
    gains: dict[str, NDArray[np.float64]] = {}
    cost: dict[str, float] = {}
    dropped: dict[str, str] = {}
    for name, predicts in _variants(base.predicts):
        model = BehaviourModel(msgspec.structs.replace(base, predicts=predicts))
        began = time.process_time()
        model.fit(split.train, now=split.now, progress=progress)
        cost[name] = time.process_time() - began
        dropped |= model.dropped_
        lists, _ = model.recommend(split.histories, 10, exclude_known=False)
        gains[name] = ndcg(find_hits(lists, split.targets, len(interactions.items)), 10)
        truth.take(name, model)
    truth.take_baselines(split.train)
    return {
        "customers": len(truth.asked), "came_back": len(split.histories), "items": _items(gains),
        **truth.figures(), "cost_cpu_seconds": cost, "dropped": dropped,
    }  # fmt: skip


def _variants(predicts: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    each = [(f"+ {name}", (name,)) for name in predicts]
    return [(ALONE, ()), *each, *([(ALL, predicts)] if len(predicts) > 1 else [])]


def _items(gains: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    pairs = compare(gains)
    rows: dict[str, Any] = {}
    for name, values in gains.items():
        row: dict[str, Any] = {"ndcg@10": float(values.mean()), "interval": interval(values)}
        rows[name] = row | _difference(pairs, name, ALONE)
    return rows


def _difference(pairs: Sequence[Comparison], name: str, other: str) -> dict[str, Any]:
    pair = against(pairs, name, other)
    if pair is None:
        return {}
    return {f"minus {other}": pair.difference, "difference_interval": pair.interval, "p_holm": pair.p_holm}


class _Truth:
    """What came after the moment of asking, and what each model had expected of it."""

    def __init__(
        self, interactions: Interactions, split: Split, config: BehaviourConfig, horizons: Sequence[int]
    ) -> None:
        whole, self.config, self.now, self.horizons = interactions.histories, config, split.now, horizons
        rows, self.asked = known_at(whole, split.now)
        self.came = {days: came_within(whole, split.now, days)[rows] for days in horizons}
        self.bought = np.full(len(rows), -1, np.int64)
        self.purchase = interactions.kinds.index("purchase") if "purchase" in interactions.kinds else -1
        if whole.kinds is not None and self.purchase >= 0:
            found = next_visit_buys(whole, whole.kinds == self.purchase, config.visit_minutes)
            self.bought = found[whole.indptr[:-1][rows] + self.asked.lengths - 1]
        names, self.categories = categories_of(interactions, config.category_depth)
        self.n_categories = len(names)
        after = whole.keep(whole.times >= split.now).select(rows)
        self.back = np.flatnonzero(after.lengths > 0)
        first = after.indptr[:-1][self.back]
        self.next_category = self.categories[after.items[first]]
        self.next_day = after.select(self.back)
        day = days_of(self.next_day.times, config.utc_offset_minutes)
        self.next_day = self.next_day.keep(day == day[self.next_day.indptr[:-1]][self.next_day.owners])
        self.returns: dict[int, dict[str, NDArray[np.float64]]] = {days: {} for days in horizons}
        self.buys: dict[str, NDArray[np.float64]] = {}
        self.chosen: dict[str, NDArray[np.int64]] = {}

    def take(self, name: str, model: BehaviourModel) -> None:
        behaviour = model.predict(self.asked, now=self.now)
        if behaviour.return_hazard is not None:
            for days in self.horizons:
                self.returns[days][name] = behaviour.return_within(days)
        if behaviour.purchase_probability is not None:
            self.buys[name] = behaviour.purchase_probability.astype(np.float64)
        if behaviour.category_scores is not None:
            self.chosen[name] = behaviour.category_scores.argmax(1)
        elif name == ALONE and self.n_categories:
            self.chosen["item head, summed"] = self._summed(model)

    def _summed(self, model: BehaviourModel) -> NDArray[np.int64]:
        """Return the category that the shares of the item head's softmax add up to most."""
        labelled = np.flatnonzero(self.categories >= 0)
        order = labelled[np.argsort(self.categories[labelled], kind="stable")]
        numbers, starts = np.unique(self.categories[order], return_index=True)
        found = np.zeros(len(self.asked), np.int64)
        for begin in range(0, len(self.asked), 256):
            block = np.arange(begin, min(begin + 256, len(self.asked)))
            scores = model.score(self.asked.select(block))
            shares = np.exp(scores - scores.max(1, keepdims=True))[:, order]
            found[block] = numbers[np.add.reduceat(shares, starts, axis=1).argmax(1)]
        return found

    def take_baselines(self, train: Interactions) -> None:
        for days, chances in self.returns.items():
            if chances:
                offset = self.config.utc_offset_minutes
                chances.update(return_baselines(train.histories, self.now, days, offset))
        if self.buys:
            minutes = self.config.visit_minutes
            self.buys |= purchase_baselines(train.histories, self.asked, self.purchase, minutes)
        if self.chosen:
            self.chosen |= category_baselines(self.asked, self.categories, self.n_categories)

    def figures(self) -> dict[str, Any]:
        returns = {f"{days} days": chances_figures(found, self.came[days]) for days, found in self.returns.items()}
        known = self.bought >= 0
        buys = {name: chance[known] for name, chance in self.buys.items()}
        category = {name: self._category_figures(chosen[self.back]) for name, chosen in self.chosen.items()}
        return {"returns": returns, "purchase": chances_figures(buys, self.bought[known] == 1), "category": category}

    def _category_figures(self, chosen: NDArray[np.int64]) -> dict[str, Any]:
        there = self.categories[self.next_day.items] == chosen[self.next_day.owners]
        held = np.bincount(self.next_day.owners[there], minlength=len(chosen)) > 0
        right = (chosen == self.next_category).astype(np.float64)
        return {"top_1": float(right.mean()), "interval": interval(right), "in_next_day": float(held.mean())}


def chances_figures(chances: dict[str, NDArray[np.float64]], came: NDArray[np.bool_]) -> dict[str, Any]:
    """Return log loss, Brier score and AUC of predicted chances, float64 (rows), by name.

    Where there is a logistic regression, also how much each one's log loss differs from its (paired over rows).
    """
    losses = {name: log_losses(chance, came) for name, chance in chances.items()}
    pairs = compare(losses)
    rows: dict[str, Any] = {}
    for name, chance in chances.items():
        row = {
            "log_loss": float(losses[name].mean()), "brier": float(((chance - came) ** 2).mean()),
            "auc": auc(chance, came), "mean": float(chance.mean()), "came": float(came.mean()), "rows": len(came),
        }  # fmt: skip
        rows[name] = row | _difference(pairs, name, REGRESSION)
    return rows


def log_losses(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return −ln of the chance given to what happened, float64 (rows)."""
    return -np.log(np.clip(np.where(came, chance, 1 - chance), 1e-6, 1))


def auc(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> float:
    """Return how often one who came had the higher chance than one who did not, ties counting half (Hanley, 1982)."""
    _, place, counts = np.unique(chance, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    yes = int(came.sum())
    no = len(came) - yes
    if not yes or not no:
        return float("nan")
    return float((ranks[came].sum() - yes * (yes + 1) / 2) / (yes * no))
