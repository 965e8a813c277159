"""Rating prediction R ≈ μ + b_u + b_i + U × P: SVD, and SVD++ with what the mere fact of rating says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from regulars.core.errors import InputError, NotLearnedError
from regulars.core.progress import SILENT, Progress
from regulars.interests.recommender import Config, Recommender
from regulars.interests.svd_kernel import fold_in
from regulars.interests.svd_sampler import Chain, Draws, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.ratings import Ratings

HOUR = 3600
"""Seconds."""


class SVDConfig(Config, frozen=True, kw_only=True):
    """Settings of `SVD`. There is no regularisation among them: it is learned."""

    embedding_size: int = 10
    """Length of the vectors."""
    burn_in: int = 50
    """Sweeps that are thrown away, in which the chain forgets its start."""
    sweeps: int = 120
    """Sweeps after them."""
    draws: int = 24
    """States kept of these; a prediction is the mean over them, a vector all of them side by side."""
    negatives: float = 6.0
    """Learning from events without ratings: items drawn that a customer did not choose, for each one chosen."""
    history_decay: float = 0.8
    """When recommending, the r-th latest event of a history weighs (1 + r)^-history_decay."""
    seed: int = 7
    """Start of the random numbers."""


class SVD(Recommender):
    """Matrix factorisation with biases, drawn from its posterior by Gibbs sampling.

    r̂(u, i) = μ + b_u + b_i + ⟨p_i, q_u⟩ (Funk, 2006; Paterek, 2007), with normal priors whose means and variances are
    learned as well (Salakhutdinov and Mnih, 2008), one coordinate at a time (Rendle, 2012). A prediction is the mean
    over draws: factors that the ratings leave open disagree from draw to draw and cancel, where one best-fitting
    solution would have trusted them.

    Numbers of customers and items are those of the `Ratings` learned from; -1, or any number beyond them, is someone
    unknown, who gets what the prior says: biases alone, near enough.

    Attributes
    ----------
    scale_
        Lowest and highest rating; predictions stay between.
    draws_
        The states kept.
    """

    name = "svd"
    config_type = SVDConfig
    config: SVDConfig
    implicit = False
    forgets_at_once = False

    def fit_ratings(self, ratings: Ratings, *, progress: Progress = SILENT) -> Self:
        """Learn from ratings.

        Raises
        ------
        InputError
            There are none.
        """
        if len(ratings) == 0:
            raise InputError("there are no ratings to learn from")
        self.n_items_ = len(ratings.items)
        self.now_ = 0 if ratings.times is None else int(ratings.times.max())
        values = ratings.values.astype(np.float64)
        self.scale_ = np.array(ratings.scale, np.float32)
        self.liked_ = np.float32(values[values >= values.mean()].mean())
        self._blank = 0.0
        sittings = self._learn_sittings(ratings)
        task = Task(len(ratings.users), self.n_items_, ratings.owners, ratings.targets, values, sittings, self.implicit)
        self._draw(task, None, progress)
        return self

    def _learn_sittings(self, ratings: Ratings) -> NDArray[np.int32] | None:
        self.sitting_keys_ = np.zeros(0, np.int64)
        return None

    def _draw(self, task: Task, start: NDArray[np.float64] | None, progress: Progress) -> None:
        config = self.config
        burn_in = config.burn_in if start is None else config.burn_in // 4
        chain = Chain(task, config.embedding_size, config.seed, start)
        self.draws_ = chain.run(config.sweeps, burn_in, config.draws, progress)
        self._prepare()

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        self._draw(self._task_of(interactions), None, progress)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        start = self.draws_.items[-1][np.where(was >= 0, was, -1)].T.astype(np.float64)
        self._draw(self._task_of(interactions), start, progress)

    def _task_of(self, interactions: Interactions) -> Task:
        """Make ratings of events: 1 for what a customer chose, 0 for items drawn of those not chosen."""
        n_items, histories = self.n_items_, interactions.histories
        chosen = np.unique(histories.owners * n_items + histories.items)
        random = np.random.default_rng(self.config.seed)
        owners = np.repeat(chosen // n_items, round(self.config.negatives))
        drawn = owners * n_items + random.integers(0, n_items, len(owners))
        at = np.minimum(np.searchsorted(chosen, drawn), len(chosen) - 1)
        drawn = drawn[chosen[at] != drawn]
        self.scale_ = np.array([0, 1], np.float32)
        self.liked_ = np.float32(1)
        self._blank = self.config.negatives
        self.sitting_keys_ = np.zeros(0, np.int64)
        pairs = np.concatenate([chosen, drawn])
        values = (np.arange(len(pairs)) < len(chosen)).astype(np.float64)
        numbers = (pairs // n_items).astype(np.int32), (pairs % n_items).astype(np.int32)
        # An item's implicit vector would only learn that what was chosen was chosen: with zeros drawn at random the set
        # of what a customer met gives the answer away. So it is left to real ratings.
        return Task(len(interactions.users), n_items, *numbers, values, None, False)

    def _prepare(self) -> None:
        """Work out what scoring a history needs of every draw."""
        items = self.draws_.items[:, :-1]
        self._x = items.copy()
        self._x[:, :, 0] = 1
        self._gram = np.einsum("sif,sig->sfg", self._x, self._x) / items.shape[1]
        base = self.draws_.mean[:, None] + items[:, :, 0]
        self._right = -np.einsum("si,sif->sf", base, self._x) / items.shape[1]

    @property
    def user_factors_(self) -> NDArray[np.float32]:
        """U, float32 (users × draws · embedding_size): the draws side by side, so that U × P is their mean."""
        return _side_by_side(self.draws_.users[:, :-1])

    @property
    def item_factors_(self) -> NDArray[np.float32]:
        """P, float32 (items × draws · embedding_size)."""
        return _side_by_side(self.draws_.items[:, :-1])

    @property
    def user_biases_(self) -> NDArray[np.float32]:
        """b_u, float32 (users)."""
        return self.draws_.users[:, :-1, 0].mean(axis=0)

    @property
    def item_biases_(self) -> NDArray[np.float32]:
        """b_i, float32 (items)."""
        return self.draws_.items[:, :-1, 0].mean(axis=0)

    def predict(self, user: int, item: int, time: int | None = None) -> float:
        """Return the rating expected of a customer for an item, on the scale."""
        times = None if time is None else np.array([time], np.int64)
        return float(self.predict_many(np.array([user]), np.array([item]), times)[0])

    def predict_many(
        self, users: NDArray[Any], items: NDArray[Any], times: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        """Return the rating expected of each pair, float32 (pairs).

        Parameters
        ----------
        users, items
            Numbers, int (pairs); -1 for unknown.
        times
            When the rating would be given, seconds since 1970, int64 (pairs); None: at no moment in particular.
        """
        if self.n_items_ == 0:
            raise NotLearnedError(f"{self.name} has not been learned", fix="Call fit_ratings first.")
        draws = self.draws_
        users = np.where(users < draws.users.shape[1] - 1, users, -1)
        items = np.where(items < self.n_items_, items, -1)
        total = np.zeros(len(users), np.float32)
        for mean, U, P in zip(draws.mean, draws.users, draws.items, strict=True):
            u, p = U[users], P[items]
            total += mean + u[:, 0] + p[:, 0] + np.einsum("nf,nf->n", u[:, 1:], p[:, 1:])
        total = total / np.float32(len(draws.mean)) + self._moods(users, times)
        return np.clip(total, *self.scale_).astype(np.float32)

    def _moods(self, users: NDArray[Any], times: NDArray[np.int64] | None) -> NDArray[np.float32] | float:
        return 0.0

    def vectors(self, histories: Histories, ratings: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × 2 + draws · embedding_size): 1, base, U.

        Parameters
        ----------
        histories
            What each customer rated, or chose.
        ratings
            Stars of each event, float32 (events); None: every event counts as a rating of someone who likes the item.
        """
        draws, items = self.draws_, histories.items
        weights = ((1.0 + histories.from_end) ** -self.config.history_decay).astype(np.float32)
        values = np.full(len(items), self.liked_) if ratings is None else ratings
        found = np.zeros((len(draws.mean), len(histories), draws.items.shape[2]), np.float32)
        for at in range(len(draws.mean)):
            start = self._start(histories, at)
            targets = (values - draws.mean[at] - draws.items[at, items, 0]).astype(np.float32)
            fold_in(
                histories.indptr, items, targets, weights * draws.noise[at], self._x[at], self._gram[at],
                self._right[at], np.float32(self._blank), draws.prior_mean[at], draws.prior_precision[at],
                start, found[at],
            )  # fmt: skip
            found[at] += start
        base = (found[:, :, 0] + draws.mean[:, None]).mean(axis=0)[:, None]
        return np.hstack([np.ones_like(base), base, _side_by_side(found)])

    def _start(self, histories: Histories, draw: int) -> NDArray[np.float32]:
        """Return what the set of items alone says of each customer, bias first, float32 (histories × columns)."""
        start = np.zeros((len(histories), self.draws_.items.shape[2]), np.float32)
        implicit = self.draws_.implicit[draw]
        if len(implicit):
            share = 1 / np.sqrt(np.maximum(histories.lengths, 1)).astype(np.float32)
            np.add.at(start, histories.owners, implicit[histories.items])
            start *= share[:, None]
        return start

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        vectors = self.vectors(histories)
        items = np.hstack([self.item_biases_[:, None], np.ones((self.n_items_, 1), np.float32), self.item_factors_])
        return vectors @ items.T

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays = {name: getattr(self.draws_, name) for name in Draws.__dataclass_fields__}
        facts = np.array([self.liked_, self._blank], np.float32)
        return {**arrays, "scale": self.scale_, "targets": facts, "sitting_keys": self.sitting_keys_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.draws_ = Draws(**{name: arrays[name] for name in Draws.__dataclass_fields__})
        self.scale_, self.sitting_keys_ = arrays["scale"], arrays["sitting_keys"]
        self.liked_, self._blank = np.float32(arrays["targets"][0]), float(arrays["targets"][1])
        self._prepare()

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = cls.config_type()
        return [base, *(msgspec.structs.replace(base, embedding_size=size) for size in (6, 16))]


class SVDPlusPlusConfig(SVDConfig, frozen=True, kw_only=True):
    """Settings of `SVDPlusPlus`."""

    sitting_hours: float = 1.0
    """Ratings that a customer gave within the same span of this length share a mood; 0: times are not looked at."""


class SVDPlusPlus(SVD):
    """SVD whose vectors also sum up what was rated, by whom and when, whatever the stars were.

    q_u = own_u + |N(u)|^-½ Σ_{j ∈ N(u)} y_j (Koren, 2008), the same for items over the customers who rated them
    (Rendle, Zhang and Koren, 2019), and a bias of each sitting: Koren's (2009) bias of a customer's day, by the hour.
    The bias of a sitting serves moments near ratings that are known; at any other it is nothing, as the moods of
    each customer add up to nothing.
    """

    name = "svdpp"
    config_type = SVDPlusPlusConfig
    config: SVDPlusPlusConfig  # pyright: ignore[reportIncompatibleVariableOverride]
    implicit = True

    def _learn_sittings(self, ratings: Ratings) -> NDArray[np.int32] | None:
        self.sitting_keys_ = np.zeros(0, np.int64)
        if ratings.times is None or self.config.sitting_hours == 0:
            return None
        self.sitting_keys_, numbers = np.unique(self._sitting(ratings.owners, ratings.times), return_inverse=True)
        return numbers.astype(np.int32)

    def _sitting(self, users: NDArray[Any], times: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one number for a customer and a span of time; spans of 2³² are enough for minutes."""
        spans = (times / (self.config.sitting_hours * HOUR)).astype(np.int64)
        return np.asarray(users, np.int64) << 32 | (spans & 0xFFFFFFFF)

    def _moods(self, users: NDArray[Any], times: NDArray[np.int64] | None) -> NDArray[np.float32] | float:
        if times is None or len(self.sitting_keys_) == 0:
            return 0.0
        keys = self._sitting(users, times)
        at = np.minimum(np.searchsorted(self.sitting_keys_, keys), len(self.sitting_keys_) - 1)
        return np.where(self.sitting_keys_[at] == keys, self.draws_.sittings[at], np.float32(0))


def _side_by_side(draws: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay vectors (draws × rows × columns), less their biases, side by side: inner products become means over draws."""
    factors = draws[:, :, 1:].transpose(1, 0, 2).reshape(draws.shape[1], -1)
    return np.ascontiguousarray(factors / np.float32(np.sqrt(len(draws))))
