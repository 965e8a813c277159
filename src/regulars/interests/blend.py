"""The shop's default recommender: every part's opinion, weighed by what customers then chose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy.optimize import minimize

from regulars.core.errors import DamagedError
from regulars.interests.als import ALS
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.blend_features import FEATURES, PARTS, Candidates, Featurizer
from regulars.interests.covisitation import CoVisitation
from regulars.interests.interactions import DAY
from regulars.interests.item_knn import ItemKNN
from regulars.interests.metrics import figures
from regulars.interests.popularity import Popularity
from regulars.interests.recommender import Config, Recommender
from regulars.interests.repeat import Repeat
from regulars.interests.splits import by_time, leave_one_out

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.splits import Split

PART_TYPES: dict[str, type[Recommender]] = {
    "repeat": Repeat,
    "covisitation": CoVisitation,
    "knn": ItemKNN,
    "als": ALS,
    "popularity": Popularity,
}
PART_SETTINGS: dict[str, dict[str, Any]] = {
    "als": {"embedding_size": 64},
    "covisitation": {"history_depth": 64, "neighbours": 256},
    "knn": {"history_depth": 128, "neighbours": 128},
}
"""Sizes at which a request stays short; the sizes of the parts alone gain the blend less than its interval."""
TREND_DAYS = 28.0


class BlendConfig(Config, frozen=True, kw_only=True):
    """Settings of `Blend`."""

    parts: tuple[str, ...] = PARTS
    """Models that have a say."""
    holdout: Literal["time", "last"] = "time"
    """Weights are learned by predicting the last days, or each customer's last event."""
    holdout_days: int = 28
    """How many last days."""
    repeat: bool = True
    """May what a customer already had be recommended?"""
    depth: int = 150
    """Candidates taken from each part."""
    customers: int = 4000
    """At most so many customers teach the weights; three tenths of all, at most as many, judge."""
    reg: float = 1.0
    """Pull of the weights towards zero."""
    seed: int = 7
    """Which customers teach, when there are more."""


class Blend(Recommender):
    """A conditional logit over the candidates of all parts (McFadden, 1974).

    P(customer u chooses j) ∝ exp(⟨w, x_uj⟩) over u's candidates; w maximises the likelihood of what the held-out days
    chose, with a Gaussian prior. The parts are then fitted again on everything. The share of each part in a score is
    exact, as the score is a sum: what a page gives as the reason is the reason.

    Attributes
    ----------
    weights_
        w, float64 (features).
    parts_
        The fitted parts.
    quality_
        Figures of every part, two baselines and the blend on customers that taught nothing.
    """

    name = "blend"
    config_type = BlendConfig
    config: BlendConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        split = self._split(interactions)
        taught = self._featurizer(split.train, self._fit_parts(split.train, split.now, progress), split.now)
        teachers, judges = self._halves(len(split.users))
        self.weights_, self.centre_ = self._learn(taught, split, teachers, progress)
        self.featurizer_ = taught
        self.quality_ = self._judge(taught, split, judges)
        self.parts_ = self._fit_parts(interactions, self.now_, progress)
        self.featurizer_ = self._featurizer(interactions, self.parts_, self.now_)

    def _halves(self, customers: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Split customers into those who teach the weights and those who judge every model, the blend included."""
        order = np.random.default_rng(self.config.seed).permutation(customers)
        judges = min(customers * 3 // 10, self.config.customers)
        return np.sort(order[judges : judges + self.config.customers]), np.sort(order[:judges])

    def _judge(self, featurizer: Featurizer, split: Split, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Rank for customers whose choices taught nothing; return a row of figures a model and baseline."""
        if len(rows) == 0:
            return []
        histories, targets = split.histories.select(rows), split.targets.select(rows)
        rivals: dict[str, Recommender] = {
            **featurizer.parts,
            RecentPopularity.name: RecentPopularity().fit(split.train, now=split.now),
            OwnFrequency.name: OwnFrequency().fit(split.train, now=split.now),
            self.name: self,
        }
        found: list[dict[str, Any]] = []
        for name, model in rivals.items():
            lists, _ = model.recommend(histories, 20, exclude_known=not self.config.repeat)
            found.append({"model": name, **figures(lists, targets, self.n_items_)})
        return found

    def _split(self, interactions: Interactions) -> Split:
        if self.config.holdout == "last":
            return leave_one_out(interactions)
        horizon = self.config.holdout_days * DAY
        return by_time(interactions, self.now_ - horizon, horizon + 1)

    def _fit_parts(self, interactions: Interactions, now: int, progress: Progress) -> dict[str, Recommender]:
        fitted: dict[str, Recommender] = {}
        with progress.task("Learning the parts", len(self.config.parts)) as step:
            for name in self.config.parts:
                fitted[name] = PART_TYPES[name](**PART_SETTINGS.get(name, {})).fit(
                    interactions, now=now, progress=progress
                )
                step.advance()
        return fitted

    def _featurizer(self, interactions: Interactions, parts: dict[str, Recommender], now: int) -> Featurizer:
        def customers(days: float) -> NDArray[np.float32]:
            recent = interactions.histories.times >= now - days * DAY
            if not recent.any():
                return np.zeros(len(interactions.items), np.float32)
            return np.asarray(Popularity().fit(interactions.keep(recent), now=now).popularity_, np.float32)

        trend = Repeat(trend_power=1.0, trend_days=TREND_DAYS).fit(interactions, now=now).trend_
        return Featurizer(parts, customers(7), customers(28), trend, now, self.config.depth)

    def _learn(
        self, featurizer: Featurizer, split: Split, rows: NDArray[np.int64], progress: Progress
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        found: list[Candidates] = []
        chosen: list[NDArray[np.float64]] = []
        with progress.task("Weighing the parts", len(rows)) as step:
            for row in rows:
                candidates = featurizer.candidates(split.histories.row(row), known=self.config.repeat)
                hit = np.isin(candidates.items, split.targets.row(row).items)
                if hit.any():
                    found.append(candidates)
                    chosen.append(hit.astype(np.float64))
                step.advance()
        if not found:
            weights = np.zeros(len(FEATURES))
            weights[list(FEATURES).index("season")] = 1.0
            return weights, np.zeros(len(FEATURES))
        X = np.concatenate([c.features for c in found]).astype(np.float64)
        lengths = np.array([len(c.items) for c in found])
        return conditional_logit(X, np.concatenate(chosen), lengths, self.config.reg), X.mean(axis=0)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        out = np.full((len(histories), self.n_items_), -np.inf, np.float32)
        for row in range(len(histories)):
            candidates = self.featurizer_.candidates(histories.row(row), known=self.config.repeat)
            out[row, candidates.items] = candidates.features @ self.weights_.astype(np.float32)
        return out

    def shares(self, candidates: Candidates) -> dict[str, NDArray[np.float32]]:
        """Return how much each part adds to each candidate's score, against an average candidate."""
        added = (candidates.features - self.centre_.astype(np.float32)) * self.weights_.astype(np.float32)
        owners = list(FEATURES.values())
        return {part: added[:, [o == part for o in owners]].sum(axis=1) for part in PARTS}

    def save(self, directory: Path) -> None:
        """Write the blend and its parts, each in a folder of its own."""
        super().save(directory)
        for name, part in self.parts_.items():
            part.save(directory / name)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read a blend that `save` wrote."""
        model = super().load(directory)
        model.parts_ = {name: PART_TYPES[name].load(directory / name) for name in model.config.parts}
        week, season, trend = model.signals_
        model.featurizer_ = Featurizer(model.parts_, week, season, trend, model.now_, model.config.depth)
        return model

    def _arrays(self) -> dict[str, NDArray[Any]]:
        made = self.featurizer_
        return {
            "weights": self.weights_,
            "centre": self.centre_,
            "week": np.expm1(made.log_week),
            "season": np.expm1(made.log_season),
            "trend": np.exp(made.log_trend),
        }

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.weights_ = arrays["weights"]
        if len(self.weights_) != len(FEATURES):
            raise DamagedError(
                f"weighs {len(self.weights_)} features, this program computes {len(FEATURES)}",
                fix="Learn it again with `regulars learn`.",
            )
        self.centre_ = arrays["centre"]
        self.signals_ = (arrays["week"], arrays["season"], arrays["trend"])


def conditional_logit(
    X: NDArray[np.float64], chosen: NDArray[np.float64], lengths: NDArray[np.int64], reg: float
) -> NDArray[np.float64]:
    """Return the weights that make the choices most likely.

    Parameters
    ----------
    X
        Features, float64 (candidates of all customers, one customer after the other × features).
    chosen
        1 for what was chosen, float64 (candidates); several choices of a customer count equally, in total one.
    lengths
        Candidates of each customer, int64.
    reg
        Weight of ½|w|², on features scaled to unit deviation.

    Returns
    -------
    w
        float64 (features), in the features' own units.
    """
    scale = X.std(axis=0)
    scale[scale == 0] = 1.0
    Z = (X - X.mean(axis=0)) / scale
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    customer = np.repeat(np.arange(len(lengths)), lengths)
    share = chosen / np.add.reduceat(chosen, starts)[customer]

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        utility = Z @ w
        utility -= np.maximum.reduceat(utility, starts)[customer]
        odds = np.exp(utility)
        total = np.add.reduceat(odds, starts)
        value = -share @ utility + np.log(total).sum() + 0.5 * reg * w @ w
        return float(value), Z.T @ (odds / total[customer] - share) + reg * w

    found = minimize(loss, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x) / scale
