"""Matrix factorisation R ≈ U × P by alternating least squares on implicit feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.als_kernel import solve_range, solve_rows
from regulars.interests.jit import cores
from regulars.interests.recommender import Config, Recommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


COLD_STEPS = 8
"""Conjugate-gradient steps for a history longer than the vectors, from zero."""


class ALSConfig(Config, frozen=True, kw_only=True):
    """Settings of `ALS`."""

    embedding_size: int = 128
    """Length of the vectors."""
    epochs: int = 8
    """Sweeps over both sides."""
    reg: float = 0.001
    """Regularisation, scaled by how much each row is involved in (see `reg_power`)."""
    reg_power: float = 1.0
    """λ_row = reg · (entries + unobserved_weight · rows of the other side)^reg_power (Rendle et al., 2021)."""
    unobserved_weight: float = 0.1
    """α₀: how much 'not chosen' counts beside 'chosen'."""
    steps: int = 3
    """Conjugate-gradient steps for rows longer than the vectors."""
    history_decay: float = 0.4
    """When scoring, the r-th latest item of a history weighs (1 + r)^-history_decay."""
    seed: int = 7
    """Start of the random vectors."""


class ALS(Recommender):
    """Implicit-feedback matrix factorisation (Hu, Koren and Volinsky, 2008) with frequency-scaled regularisation.

    Preference is the inner product ⟨u, p⟩. A customer's vector is always solved from the history given, so that
    customers who came after training are served like all others.

    Attributes
    ----------
    user_factors_
        U, float32 (users × embedding_size).
    item_factors_
        P, float32 (items × embedding_size).
    """

    name = "als"
    config_type = ALSConfig
    config: ALSConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        config = self.config
        users = _entries(interactions.histories, self.n_items_, 0.0)
        items = _transpose(users, self.n_items_)
        random = np.random.default_rng(config.seed)
        size = config.embedding_size
        shape = (self.n_items_, size)
        self.item_factors_ = random.normal(0, 1 / np.sqrt(size), shape).astype(np.float32)
        self.user_factors_ = np.zeros((len(interactions.users), size), np.float32)
        with progress.task("Factorising R ≈ U × P", config.epochs) as step:
            for _ in range(config.epochs):
                self.user_factors_ = self._solve(users, self.item_factors_, self.user_factors_)
                self.item_factors_ = self._solve(items, self.user_factors_, self.item_factors_)
                step.advance()
        self.user_factors_ = self._solve(users, self.item_factors_, self.user_factors_)
        self._prepare()

    def _prepare(self) -> None:
        """Rotate the items once, so that a history is solved without touching the whole catalogue."""
        self._spectrum, self._Q = _eigen(self.item_factors_)
        self._rotated_items = self.item_factors_ @ self._Q

    def _solve(self, rows: Entries, fixed: NDArray[np.float32], start: NDArray[np.float32]) -> NDArray[np.float32]:
        spectrum, Q = _eigen(fixed)
        rotated = start @ Q
        solve_rows(
            *rows, self._reg(rows, len(fixed)), np.float32(self.config.unobserved_weight),
            spectrum, fixed @ Q, rotated, self.config.steps, cores(),
        )  # fmt: skip
        return np.asarray(rotated @ Q.T, np.float32)

    def _reg(self, rows: Entries, others: int) -> NDArray[np.float32]:
        involved = np.diff(rows[0]) + self.config.unobserved_weight * others
        return np.asarray(self.config.reg * involved**self.config.reg_power, np.float32)

    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × embedding_size): U for anyone."""
        rows = _entries(histories, self.n_items_, self.config.history_decay)
        spectrum, Q = self._spectrum, self._Q
        rotated = np.zeros((len(histories), len(spectrum)), np.float32)
        # One core, since a server asks from its own threads; more steps, since there is no last solution to start from.
        solve_range(
            *rows, self._reg(rows, self.n_items_), np.float32(self.config.unobserved_weight),
            spectrum, self._rotated_items, rotated, COLD_STEPS, 0, 1,
        )  # fmt: skip
        return rotated @ Q.T

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        return self.vectors(histories) @ self.item_factors_.T

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {"user_factors": self.user_factors_, "item_factors": self.item_factors_}

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.user_factors_ = arrays["user_factors"]
        self.item_factors_ = arrays["item_factors"]
        self._prepare()

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = ALSConfig()
        changes: list[dict[str, float]] = [
            {"reg": 0.003}, {"unobserved_weight": 0.3}, {"unobserved_weight": 0.03}, {"history_decay": 0.0},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


Entries = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float32]"]


def _eigen(factors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    spectrum, Q = np.linalg.eigh((factors.T @ factors).astype(np.float64))
    return np.maximum(spectrum, 0).astype(np.float32), Q.astype(np.float32)


def _entries(histories: Histories, n_items: int, decay: float) -> Entries:
    """Return one entry for each (customer, item): weight 1 + ln(sum of evidence), at least a tenth."""
    rank = np.repeat(histories.indptr[1:], histories.lengths) - 1 - np.arange(len(histories.items))
    evidence = histories.weights * (1.0 + rank) ** -decay
    pairs, inverse = np.unique(histories.owners * n_items + histories.items, return_inverse=True)
    total = np.bincount(inverse, weights=evidence, minlength=len(pairs))
    weights = np.maximum(1 + np.log(np.maximum(total, 1e-3)), 0.1).astype(np.float32)
    counts = np.bincount(pairs // n_items, minlength=len(histories))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    return indptr, (pairs % n_items).astype(np.int32), weights


def _transpose(rows: Entries, n_columns: int) -> Entries:
    indptr, columns, weights = rows
    owners = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    order = np.argsort(columns, kind="stable")
    counts = np.bincount(columns, minlength=n_columns)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    return starts, owners[order], weights[order]
