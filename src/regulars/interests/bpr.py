"""Bayesian personalised ranking: vectors that put what was chosen before what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.bpr_kernel import epoch, fold_in
from regulars.interests.item_knn import distinct_items
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


class BPRConfig(Config, frozen=True, kw_only=True):
    """Settings of `BPR`."""

    embedding_size: int = 64
    """Length of the vectors."""
    epochs: int = 40
    """Passes over all pairs of customer and item."""
    rate: float = 0.05
    """Length of a step."""
    reg: float = 0.01
    """Pull of every vector towards zero."""
    candidates: int = 16
    """Items drawn of which the one scored best is learned from: 1 is the plain form, more are harder to tell apart."""
    fold_in_epochs: int = 20
    """Passes over a history when its vector is found."""
    history_decay: float = 0.8
    """When scoring, the r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 200
    """Events of a history that are looked at."""
    seed: int = 7
    """Start of the random numbers."""


class BPR(Recommender):
    """Pairwise ranking by matrix factorisation (Rendle et al., 2009), with hard negatives (Zhang et al., 2013).

    Maximises Σ ln σ(s(u, i) − s(u, j)) − reg/2 · (‖u‖² + ‖p‖²) over items i chosen and j not chosen,
    s(u, i) = b_i + ⟨u, p_i⟩. The vector of a history is found by the same steps with the items held fast, so that
    customers who came after training are served like all others.

    Attributes
    ----------
    user_factors_
        U, float32 (users × embedding_size).
    item_factors_
        P, float32 (items × embedding_size).
    item_biases_
        b, float32 (items).
    """

    name = "bpr"
    config_type = BPRConfig
    config: BPRConfig
    forgets_at_once = False

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        random = np.random.default_rng(self.config.seed)
        self.item_factors_ = self._start(random, self.n_items_)
        self.item_biases_ = np.zeros(self.n_items_, np.float32)
        self._learn(interactions, self.config.epochs, random, progress)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        random = np.random.default_rng(self.config.seed)
        factors, biases = self._start(random, self.n_items_), np.zeros(self.n_items_, np.float32)
        factors[was >= 0] = self.item_factors_[was[was >= 0]]
        biases[was >= 0] = self.item_biases_[was[was >= 0]]
        self.item_factors_, self.item_biases_ = factors, biases
        self._learn(interactions, max(1, self.config.epochs // 4), random, progress)

    def _start(self, random: np.random.Generator, rows: int) -> NDArray[np.float32]:
        size = self.config.embedding_size
        return random.normal(0, 0.1 / np.sqrt(size), (rows, size)).astype(np.float32)

    def _learn(self, interactions: Interactions, epochs: int, random: np.random.Generator, progress: Progress) -> None:
        config, histories = self.config, interactions.histories
        indptr, items = distinct_items(histories, self.n_items_)
        owners = np.repeat(np.arange(len(histories), dtype=np.int32), np.diff(indptr))
        weights = np.ones(len(items), np.float32)
        self.user_factors_ = self._start(random, len(histories))
        state = np.array([2 * config.seed + 1], np.uint64)
        with progress.task("Ranking chosen before not chosen", epochs) as step:
            for _ in range(epochs):
                order = random.permutation(len(items))
                epoch(
                    order, owners, items, weights, indptr, items, self.user_factors_, self.item_factors_,
                    self.item_biases_, np.float32(config.rate), np.float32(config.reg), config.candidates, state, True,
                )  # fmt: skip
                step.advance()

    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × embedding_size): U for anyone."""
        config = self.config
        latest = histories.latest(config.history_depth)
        weights = ((1.0 + latest.from_end) ** -config.history_decay).astype(np.float32)
        indptr, known = distinct_items(histories, self.n_items_)
        U = np.zeros((len(histories), config.embedding_size), np.float32)
        owners = latest.owners.astype(np.int32)
        fold_in(
            latest.indptr, owners, latest.items, weights, indptr, known, U, self.item_factors_, self.item_biases_,
            np.float32(config.rate), np.float32(config.reg), config.candidates, 2 * config.seed + 1,
            config.fold_in_epochs,
        )  # fmt: skip
        return U

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return self.vectors(histories) @ self.item_factors_.T + self.item_biases_

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "user_factors": self.user_factors_,
            "item_factors": self.item_factors_,
            "item_biases": self.item_biases_,
        }

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.user_factors_ = arrays["user_factors"]
        self.item_factors_ = arrays["item_factors"]
        self.item_biases_ = arrays["item_biases"]

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = BPRConfig()
        changes: list[dict[str, Any]] = [
            {"reg": 0.003}, {"reg": 0.03}, {"candidates": 1}, {"candidates": 4}, {"history_decay": 0.4},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]
