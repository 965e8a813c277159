"""The shop's default recommender: every part's opinion, weighed by what customers then chose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec
import numpy as np

from regulars.core.errors import DamagedError
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.blend_features import Candidates, Featurizer, Signals, feature_owners
from regulars.interests.blend_parts import PART_SETTINGS, PART_TYPES, PARTS, UNSCORED
from regulars.interests.blend_trees import Trees
from regulars.interests.blend_weights import Lesson, Weighing, learn_weighing
from regulars.interests.cost import Meter
from regulars.interests.covisitation import CoVisitation
from regulars.interests.interactions import DAY
from regulars.interests.judging import Judge
from regulars.interests.neural.sequence_recommender import SequenceConfig
from regulars.interests.popularity import customers_per_item
from regulars.interests.recommender import Config, Recommender
from regulars.interests.repeat import Repeat
from regulars.interests.replay import daily_hits
from regulars.interests.splits import Split, by_time, leave_one_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.core.records import Cost
    from regulars.interests.interactions import Histories, Interactions

TREND_DAYS = 28.0
EVENTS_SEEN = 3_200_000
"""Events that a sequence model sees while it learns, passes times events, about."""
FEWEST_EPOCHS = 2
MIN_DAYS = 2
"""With fewer days than this to learn from, no day of them can be hidden."""
DAILY_CUSTOMERS = 300
"""Customers of a day, at most, by whom the quality of that day is told."""


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
    customers: int = 12_000
    """At most so many customers teach how to weigh; three tenths of all, at most 4,000, judge."""
    reg: float = 1.0
    """Pull of the weights towards zero."""
    minutes: float | None = None
    """Wall-clock budget of each training of a part that is trained in epochs; None: its own number of epochs."""
    seed: int = 7
    """Which customers teach, when there are more."""


JUDGES = 4000
"""Customers at most by whom the parts and the blend are judged."""


def holdout_of(interactions: Interactions, days: int) -> dict[str, Any]:
    """Return the settings `holdout` and `holdout_days` with which a blend hides at most so many days from itself.

    Of a short training a third; of one of less than two days none, but each customer's last event.
    """
    span = (interactions.last_time - int(interactions.histories.times.min())) // DAY
    return {"holdout": "time" if span >= MIN_DAYS else "last", "holdout_days": max(1, min(days, span // 3))}


class Blend(Recommender):
    """Parts weighed by a conditional logit (McFadden, 1974), corrected by boosted trees where that ranks better.

    P(customer u chooses j) ∝ exp(⟨w, x_uj⟩) over u's candidates; w maximises the likelihood of what the held-out days
    chose, with a Gaussian prior. Trees (LambdaMART) add what a sum cannot say: whom to trust for whom, as facts of the
    customer (length of the history, days since the last event) and each part's own confidence are among the features.
    Both are judged on customers that taught nothing, beside each part alone, and the best is kept. The parts are then
    fitted again on everything. The share of each part in a score is exact, as weights and trees are sums: what a page
    gives as the reason is the reason.

    Attributes
    ----------
    weighing_
        How candidates are scored.
    parts_
        The fitted parts.
    costs_
        What fitting each part cost, the blend's own work under its name.
    quality_
        Figures of every part, two baselines and the blend on customers that taught nothing.
    """

    name = "blend"
    config_type = BlendConfig
    forgets_at_once = False
    config: BlendConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        self.costs_: dict[str, Cost] = {}
        with Meter() as meter:
            split = self._split(interactions)
            taught = self._featurizer(split.train, self._fit_parts(split.train, split.now, progress), split.now)
            teachers, judges = self._halves(len(split.users))
            self.weighing_, self.centre_ = self._learn(taught, split, teachers, progress)
            self.featurizer_ = taught
            self.quality_ = self._judge(taught, split, judges)
            if self.quality_ and self.config.holdout == "time":
                self.quality_[-1]["daily"] = self._daily(interactions, split, judges)
        self.costs_ = {self.name: meter.cost}
        self.parts_ = self._fit_parts(interactions, self.now_, progress, settled=taught.parts)
        self.featurizer_ = self._featurizer(interactions, self.parts_, self.now_)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        """Let the parts go on learning; how they are weighed stays, until the next whole fit."""
        self.costs_ = {}
        with progress.task("Going on learning the parts", len(self.parts_)) as step:
            for name, part in self.parts_.items():
                with Meter() as meter:
                    _ = part.partial_fit(interactions, was=was, now=self.now_, progress=progress)
                self.costs_[name] = meter.cost
                step.advance()
        self.featurizer_ = self._featurizer(interactions, self.parts_, self.now_)

    def _halves(self, customers: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Split customers into those who teach the weights and those who judge every model, the blend included."""
        order = np.random.default_rng(self.config.seed).permutation(customers)
        judges = min(customers * 3 // 10, JUDGES)
        return order[judges : judges + self.config.customers], np.sort(order[:judges])

    def _judge(self, featurizer: Featurizer, split: Split, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Rank for customers whose choices taught nothing; return a row of figures a model and baseline."""
        if len(rows) == 0:
            return []
        histories, targets = split.histories.select(rows), split.targets.select(rows)
        judge = Judge(Split(split.train, histories, targets, split.users[rows], split.now))
        rivals: dict[str, Recommender] = {
            **featurizer.parts,
            RecentPopularity.name: RecentPopularity().fit(split.train, now=split.now),
            OwnFrequency.name: OwnFrequency().fit(split.train, now=split.now),
            self.name: self,
        }
        for name, model in rivals.items():
            lists, _ = model.recommend(histories, 20, exclude_known=not self.config.repeat)
            judge.add(name, lists)
        return judge.conclude().rows

    def _daily(self, interactions: Interactions, split: Split, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Replay the first held-out days for the customers who judge: what a shop sees of its days is held against."""
        users = split.users[rows]
        judges = replace(interactions.having(interactions.histories.select(users)), users=[""] * len(users))
        days = [
            (split.now + day * DAY, split.now + (day + 1) * DAY) for day in range(min(14, self.config.holdout_days))
        ]
        return daily_hits(
            self, judges, days, exclude_known=not self.config.repeat, customers=DAILY_CUSTOMERS, seed=self.config.seed
        )

    def _split(self, interactions: Interactions) -> Split:
        if self.config.holdout == "last":
            return leave_one_out(interactions)
        horizon = self.config.holdout_days * DAY
        return by_time(interactions, self.now_ - horizon, horizon + 1)

    def _fit_parts(
        self,
        interactions: Interactions,
        now: int,
        progress: Progress,
        settled: Mapping[str, Recommender] | None = None,
    ) -> dict[str, Recommender]:
        """Fit every part; those in `settled` have chosen their settings already."""
        fitted: dict[str, Recommender] = {}
        with progress.task("Learning the parts", len(self.config.parts)) as step:
            for name in self.config.parts:
                with Meter() as meter:
                    part = self._part(name, len(interactions.histories.items))
                    chosen = (settled or {}).get(name)
                    if isinstance(chosen, CoVisitation):
                        part.config = msgspec.structs.replace(part.config, **msgspec.structs.asdict(chosen.powers_))
                    fitted[name] = part.fit(interactions, now=now, progress=progress)
                self.costs_[name] = meter.cost
                step.advance()
        return fitted

    def _part(self, name: str, events: int) -> Recommender:
        part = PART_TYPES[name](**PART_SETTINGS.get(name, {}))
        if isinstance(part.config, SequenceConfig):
            # Many events say in few passes what few say in many; the work stays about the same.
            epochs = max(FEWEST_EPOCHS, min(part.config.epochs, EVENTS_SEEN // events))
            minutes = part.config.minutes if self.config.minutes is None else self.config.minutes
            part.config = msgspec.structs.replace(part.config, epochs=epochs, minutes=minutes)
        return part

    def _featurizer(self, interactions: Interactions, parts: dict[str, Recommender], now: int) -> Featurizer:
        histories, n_items = interactions.histories, len(interactions.items)

        def customers(days: float) -> NDArray[np.float32]:
            return customers_per_item(histories.keep(histories.times >= now - days * DAY), n_items)

        trend = Repeat(trend_power=1.0, trend_days=TREND_DAYS).fit(interactions, now=now).trend_
        ever = customers_per_item(histories, n_items)
        return Featurizer(parts, Signals(customers(7), customers(28), ever, trend), now, self.config.depth)

    def _learn(
        self, featurizer: Featurizer, split: Split, rows: NDArray[np.int64], progress: Progress
    ) -> tuple[Weighing, NDArray[np.float64]]:
        found: list[Candidates] = []
        chosen: list[NDArray[np.float64]] = []
        histories, targets = split.histories.select(rows), split.targets.select(rows)
        with progress.task("Weighing the parts", len(rows)) as step:
            for number, candidates in enumerate(featurizer.candidates(histories, known=self.config.repeat)):
                hit = np.isin(candidates.items, targets.row(number).items)
                if hit.any():
                    found.append(candidates)
                    chosen.append(hit.astype(np.float64))
                step.advance()
        names = list(featurizer.owners)
        if not found:
            weights = np.zeros(len(names))
            weights[names.index("season")] = 1.0
            return Weighing(weights, Trees.none(), "weights"), np.zeros(len(names))
        X = np.concatenate([c.features for c in found])
        lesson = Lesson(X, np.concatenate(chosen), np.array([len(c.items) for c in found], np.int64))
        places = {part: names.index(f"{part}_place") for part in featurizer.parts if part not in UNSCORED}
        weighing = learn_weighing(lesson, places, self.config.reg, self.config.seed)
        return weighing, X.mean(axis=0, dtype=np.float64)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        out = np.full((len(histories), self.n_items_), -np.inf, np.float32)
        for row, candidates in enumerate(self.featurizer_.candidates(histories, known=self.config.repeat)):
            out[row, candidates.items] = self.rate(candidates)
        return out

    def rate(self, candidates: Candidates) -> NDArray[np.float32]:
        """Return the score of each candidate, float32 (candidates)."""
        return self.weighing_.score(candidates.features).astype(np.float32)

    def shares(self, candidates: Candidates) -> dict[str, NDArray[np.float32]]:
        """Return how much each part adds to each candidate's score, against an average candidate."""
        added = self.weighing_.added(candidates.features, self.centre_)
        owners = list(self.featurizer_.owners.values())
        parts = dict.fromkeys(("repeat", *self.config.parts, "popularity"))
        return {part: added[:, [o == part for o in owners]].sum(axis=1).astype(np.float32) for part in parts}

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
        model.featurizer_ = Featurizer(model.parts_, model.signals_, model.now_, model.config.depth)
        return model

    def _arrays(self) -> dict[str, NDArray[Any]]:
        signals = self.featurizer_.signals
        return {
            "weights": self.weighing_.weights,
            "centre": self.centre_,
            "trusts": np.frombuffer(self.weighing_.trusts.encode(), np.uint8),
            "week": signals.week,
            "season": signals.season,
            "ever": signals.ever,
            "trend": signals.trend,
            **self.weighing_.trees.arrays(),
        }

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        expected = len(feature_owners(self.config.parts))
        if len(arrays["weights"]) != expected:
            raise DamagedError(
                f"weighs {len(arrays['weights'])} features, this program computes {expected}",
                fix="Learn it again with `regulars learn`.",
            )
        trusts = arrays["trusts"].tobytes().decode()
        self.weighing_ = Weighing(arrays["weights"], Trees.restored(arrays), trusts)
        self.centre_ = arrays["centre"]
        self.signals_ = Signals(arrays["week"], arrays["season"], arrays["ever"], arrays["trend"])
