"""One state of a customer, several answers: what they want next, when they come back, whether they then buy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from regulars.core.errors import NotLearnedError, UsageError
from regulars.interests.neural.sequence_recommender import one_thread
from regulars.interests.neural.transformer import SequenceTransformer, TransformerConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.neural.behaviour_targets import BehaviourBatch, Targets
    from regulars.interests.neural.sequences import Batch, Epochs
    from regulars.interests.neural.trunks import SequenceModule
    from regulars.interests.recommender import Config

PURCHASE = "purchase"
PREDICTIONS = ("time", "purchase", "category")


class BehaviourConfig(TransformerConfig, frozen=True, kw_only=True):
    """Settings of `BehaviourModel`; `heads` are the attention's, `predicts` names the further ones."""

    predicts: tuple[str, ...] = PREDICTIONS
    """What is learned beside the next item; what the data cannot teach is left out (`dropped_` says why)."""
    time_weight: float = 1.0
    """How much a visit's time to the next one counts in the loss, a next item counting 1."""
    purchase_weight: float = 1.0
    """The same of the purchase."""
    category_weight: float = 1.0
    """The same of the category."""
    category_depth: int = 2
    """Levels of category paths that are told apart."""
    utc_offset_minutes: int = 0
    """How far the shop's clocks are ahead of UTC: days begin at their midnight."""
    visit_minutes: float = 30.0
    """A visit, of which a purchase is predicted, ends when nothing happened for so long. (Time counts in days.)"""


@dataclass(frozen=True)
class Behaviour:
    """What is expected of customers, each seen at the same moment.

    Parameters
    ----------
    return_hazard
        Chance of coming on a day when they have not come before it, since the last visit, float32 (histories × bins
        of `heads.EDGES`); NaN for who was never here. None: not learned.
    days_away
        Whole days that have passed without them since their last visit, int64 (histories).
    purchase_probability
        Chance that the next visit holds a purchase, float32 (histories); None: not learned.
    category_scores
        Chance of each category for the next event, float32 (histories × categories); None: not learned.
    categories
        Names of the categories.
    """

    return_hazard: NDArray[np.float32] | None
    days_away: NDArray[np.int64]
    purchase_probability: NDArray[np.float32] | None
    category_scores: NDArray[np.float32] | None
    categories: tuple[str, ...]

    def stays_away(self, days: NDArray[np.int64] | Sequence[int]) -> NDArray[np.float64]:
        """Return the chance of not coming in the next so many days, float64 (histories × days).

        S(away + d) ÷ S(away): who has been away for long is judged by those who were away as long.

        Raises
        ------
        NotLearnedError
            The time to the next visit was not learned.
        """
        if self.return_hazard is None:
            raise NotLearnedError("the time to the next visit was not learned", where="behaviour")
        from regulars.interests.neural.heads import days_in_bins

        ahead = np.asarray(days, np.int64)[None, :] + self.days_away[:, None]
        more = days_in_bins(ahead) - days_in_bins(self.days_away)[:, None, :]
        return np.exp(np.einsum("hdb,hb->hd", more, np.log1p(-self.return_hazard.astype(np.float64))))

    def return_within(self, days: int) -> NDArray[np.float64]:
        """Return the chance of a visit in the next so many days, float64 (histories)."""
        return 1 - self.stays_away([days])[:, 0]

    def median_days(self, most: int = 365) -> NDArray[np.float64]:
        """Return the day by which half would have come, 1 being the next, float64 (histories); inf after `most`."""
        came = self.stays_away(np.arange(1, most + 1)) <= 0.5
        return np.where(came.any(1), 1.0 + came.argmax(1), np.inf)

    def expected_days(self, most: int = 365) -> NDArray[np.float64]:
        """Return the mean days to the next visit, one after `most` counting as `most`, float64 (histories)."""
        return self.stays_away(np.arange(most)).sum(1)


class BehaviourModel(SequenceTransformer):
    """The sequence transformer with further heads on its states (multi-task learning, Caruana, 1997).

    L = L_item + Σ_head weight · L_head, all trained at once by one optimiser: the time to the next visit by a
    discrete-time hazard with censoring, asked after the last event of a calendar day; the purchase, asked after a
    visit; the category of the next event. All losses are sums over their targets ÷ next items: the likelihood of all
    that was seen. (A head with few targets that counts as much as the items learns them by heart.)

    Attributes
    ----------
    predicts_
        The heads that were learned.
    dropped_
        Why each other head that was asked for was not.
    categories_
        Names of the categories.
    """

    name = "behaviour"
    config_type = BehaviourConfig
    config: BehaviourConfig  # pyright: ignore[reportIncompatibleVariableOverride]
    predicts_: tuple[str, ...] = ()
    categories_: tuple[str, ...] = ()

    def __init__(self, config: Config | None = None, **settings: Any) -> None:
        super().__init__(config, **settings)
        self.dropped_: dict[str, str] = {}
        unknown = set(self.config.predicts) - set(PREDICTIONS)
        if unknown:
            raise UsageError(
                f"predicts has {', '.join(sorted(unknown))}", where="settings", fix=f"Choose of {PREDICTIONS}."
            )

    def predict(self, histories: Histories, *, now: int | None = None) -> Behaviour:
        """Return what is expected of each customer.

        Parameters
        ----------
        histories
            Their events so far.
        now
            The moment of asking, seconds since 1970; None: the one learned at. Today's visit counts as the last one;
            chances of coming start with today for who was not here yet, else with tomorrow.

        Raises
        ------
        NotLearnedError
            `fit` was not called.
        """
        if self.n_items_ == 0:
            raise NotLearnedError(f"{self.name} has not been learned", fix="Call fit first.")
        import torch

        from regulars.interests.neural.behaviour_targets import days_of, last_whole_day
        from regulars.interests.neural.sequences import latest

        heads, offset = cast("Any", self.module_).heads, self.config.utc_offset_minutes
        # Items that nobody learned of stay in: that the customer was here counts for the time.
        parts: dict[str, NDArray[np.float32]] = {
            name: np.zeros((len(histories), head.outcomes), np.float32) for name, head in heads.items()
        }
        self.module_.eval()
        with one_thread(), torch.inference_mode():
            for numbers, inputs in latest(histories, self._shape()):
                states = self.module_.trunk(inputs)[:, -1]
                for name, part in parts.items():
                    logits = heads[name](states)
                    part[numbers] = logits.softmax(-1) if name == "category" else logits.sigmoid()

        here, away = histories.lengths > 0, np.zeros(len(histories), np.int64)
        last = histories.times[histories.indptr[1:][here] - 1]
        today = last_whole_day(self.now_ if now is None else now, offset)
        away[here] = np.maximum(0, today - days_of(last, offset))
        if "time" in parts:
            parts["time"][~here] = np.nan
        bought = parts.get("purchase")
        return Behaviour(
            parts.get("time"), away, None if bought is None else bought[:, 0], parts.get("category"), self.categories_
        )

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        self.predicts_ = self._choose(interactions)
        super()._fit(interactions, progress)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        before = self.predicts_, self.categories_
        self.predicts_ = self._choose(interactions)
        # Heads of other outcomes have nothing to go on from.
        if before != (self.predicts_, self.categories_):
            super()._fit(interactions, progress)
        else:
            super()._partial_fit(interactions, was, since, progress)

    def _choose(self, interactions: Interactions) -> tuple[str, ...]:
        """Return the heads that the data can teach; keeps what else they need and why the others cannot be taught."""
        from regulars.interests.neural.behaviour_targets import categories_of, targets_in

        config, histories = self.config, interactions.histories
        names, self._category_of = categories_of(interactions, config.category_depth)
        self.categories_ = names if "category" in config.predicts else ()
        self._purchase = interactions.kinds.index(PURCHASE) if PURCHASE in interactions.kinds else -1
        targets = self._targets(histories)
        found = targets_in(targets)
        self.dropped_ = {name: reason for name, reason in found.items() if reason and name in config.predicts}
        if "category" in self.dropped_:
            self.categories_ = ()
        return tuple(name for name in config.predicts if name not in self.dropped_)

    def _targets(self, histories: Histories) -> Targets:
        from regulars.interests.neural.behaviour_targets import Targets, days_to_next, next_visit_buys

        config = self.config
        days, came = days_to_next(histories, self.now_, config.utc_offset_minutes)
        bought = np.full(len(histories.items), -1, np.int64)
        if histories.kinds is not None and self._purchase >= 0:
            bought = next_visit_buys(histories, histories.kinds == self._purchase, config.visit_minutes)
        return Targets(days, came, bought, self._category_of[histories.items])

    def _module(self) -> SequenceModule:
        from regulars.interests.neural.heads import BehaviourModule

        return BehaviourModule(self._trunk(len(self.kinds_)), self.predicts_, len(self.categories_))

    def _news(self, histories: Histories, since: int) -> Histories:
        # Who did not come since tells as much of the time to the next visit as who did.
        return histories if "time" in self.predicts_ else super()._news(histories, since)

    def _train(self, histories: Histories, epochs: int, rate: float, progress: Progress) -> None:
        self._lengths = histories.lengths
        super()._train(histories, epochs, rate, progress)

    def _batches(self, histories: Histories) -> Epochs:
        from regulars.interests.neural.behaviour_targets import BehaviourEpochs

        targets = self._targets(histories)
        # Whose last event is held back for validation has not stayed away since the one before.
        cut = histories.indptr[1:][(histories.lengths < self._lengths) & (histories.lengths > 0)] - 1
        targets.days[cut], targets.came[cut] = -1, False
        cast("Any", self.module_).start(targets)
        return BehaviourEpochs(histories, self._shape(len(histories.items)), self.config.seed, targets)

    def _loss(self, batch: Batch) -> Any:
        import torch

        states = self.module_.trunk(batch.inputs)
        loss = self._item_loss(states, batch)
        weights = {
            "time": self.config.time_weight, "purchase": self.config.purchase_weight,
            "category": self.config.category_weight,
        }  # fmt: skip
        behaviour, asked = cast("BehaviourBatch", batch), max(1, int(batch.asked.sum()))
        with torch.autocast("cpu", enabled=False):
            for name, losses in cast("Any", self.module_).losses(states.float(), behaviour).items():
                loss = loss + weights[name] / asked * losses.sum()
        return loss

    def _arrays(self) -> dict[str, NDArray[Any]]:
        facts = {"predicts": self.predicts_, "dropped": self.dropped_, "categories": self.categories_}
        return {"behaviour": np.frombuffer(json.dumps(facts).encode(), np.uint8), **super()._arrays()}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        facts = json.loads(arrays["behaviour"].tobytes())
        self.predicts_, self.categories_ = tuple(facts["predicts"]), tuple(facts["categories"])
        self.dropped_ = facts["dropped"]
        super()._restore(arrays)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = BehaviourConfig()
        changes: list[dict[str, float]] = [{"embedding_size": 64}, {"embedding_size": 256}, {"dropout": 0.5}]
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]
