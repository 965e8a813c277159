"""Matrix factorisation R ≈ U × P by alternating least squares on implicit feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.interests.als_entries import Entries, entries, transpose
from regulars.interests.als_exact import LANES
from regulars.interests.als_kernel import sizes, solve_range, solve_rows
from regulars.interests.factor_model import FactorModel
from regulars.interests.jit import cores
from regulars.interests.recommender import Config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions


COLD_STEPS = 8
"""Conjugate-gradient steps for a history longer than the vectors, from zero."""
START = 1.0
"""Length of an item's random vector before it has learned anything."""


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
    """Conjugate-gradient steps a row takes in each sweep."""
    partial_epochs: int = 2
    """Sweeps when learning goes on."""
    history_decay: float = 0.4
    """When scoring, the r-th latest item of a history weighs (1 + r)^-history_decay."""
    seed: int = 7
    """Start of the random vectors."""


class ALS(FactorModel):
    """Implicit-feedback matrix factorisation (Hu, Koren and Volinsky, 2008) with frequency-scaled regularisation.

    Preference is the inner product ⟨u, p⟩. A customer's vector is always solved from the history given, so that
    customers who came after training are served like all others. Learning goes on from the items' vectors: a customer
    whose events are gone has no vector any more, but the items' still show them a little until the next whole `fit`.

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
    forgets_at_once = False

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        random = np.random.default_rng(self.config.seed)
        size = self.config.embedding_size
        items = random.normal(0, START / np.sqrt(size), (self.n_items_, size)).astype(np.float32)
        self._sweep(interactions, items, self.config.epochs, self.config.steps, progress)

    def _partial_fit(self, interactions: Interactions, was: NDArray[np.int32], since: int, progress: Progress) -> None:
        random = np.random.default_rng(self.config.seed)
        size = self.config.embedding_size
        items = random.normal(0, START / np.sqrt(size), (self.n_items_, size)).astype(np.float32)
        items[was >= 0] = self.item_factors_[was[was >= 0]]
        # Customers start from nothing, since their numbers may have changed: more steps bring them to where they were.
        self._sweep(interactions, items, self.config.partial_epochs, COLD_STEPS, progress)

    def _sweep(
        self, interactions: Interactions, items: NDArray[np.float32], epochs: int, first_steps: int, progress: Progress
    ) -> None:
        """Solve customers and items in turn, from the items given; U and P stay in one frame, which is free."""
        by_user = entries(interactions.histories, self.n_items_, 0.0)
        by_item = transpose(by_user, self.n_items_)
        steps = self.config.steps
        items = _padded(items)
        users = np.zeros((len(interactions.users), items.shape[1]), np.float32)
        with progress.task("Factorising R ≈ U × P", epochs) as step:
            for epoch in range(epochs):
                items, users = self._solve(by_user, items, users, steps if epoch else first_steps)
                users, items = self._solve(by_item, users, items, steps)
                step.advance()
        items, users = self._solve(by_user, items, users, steps)
        self._keep(users, items)

    def _keep(self, users: NDArray[np.float32], items: NDArray[np.float32]) -> None:
        """Turn both sides back to the embedding size and keep them."""
        size = self.config.embedding_size
        if items.shape[1] > size:
            # The frame may have put the empty columns anywhere: the eigenvectors of PᵀP put them first.
            _, Q = _eigen(items)
            users, items = (users @ Q)[:, -size:], (items @ Q)[:, -size:]
        self.user_factors_, self.item_factors_ = np.ascontiguousarray(users), np.ascontiguousarray(items)
        self._prepare()

    def _prepare(self) -> None:
        """Turn the items once, so that a history is solved without touching the whole catalogue."""
        padded = _padded(self.item_factors_)
        self._spectrum, self._Q = _eigen(padded)
        self._turned_items = padded @ self._Q

    def _solve(
        self, rows: Entries, fixed: NDArray[np.float32], start: NDArray[np.float32], steps: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the fixed and the solved side, both in the eigenvectors of the fixed one."""
        spectrum, Q = _eigen(fixed)
        fixed, solved = fixed @ Q, start @ Q
        solve_rows(
            *rows, self._reg(rows, len(fixed)), np.float32(self.config.unobserved_weight), spectrum, fixed, solved,
            steps, cores(),
        )  # fmt: skip
        return fixed, solved

    def _reg(self, rows: Entries, others: int) -> NDArray[np.float32]:
        involved = np.diff(rows[0]) + self.config.unobserved_weight * others
        return np.asarray(self.config.reg * involved**self.config.reg_power, np.float32)

    def vectors(self, histories: Histories) -> NDArray[np.float32]:
        """Return the vector of each history, float32 (histories × embedding_size): U for anyone."""
        rows = entries(histories, self.n_items_, self.config.history_decay)
        size = self.item_factors_.shape[1]
        turned = np.zeros((len(histories), len(self._spectrum)), np.float32)
        # One core, since a server asks from its own threads; more steps, since there is no last solution to start from.
        solve_range(
            *rows, self._reg(rows, self.n_items_), np.float32(self.config.unobserved_weight), self._spectrum,
            self._turned_items, turned, COLD_STEPS, size, sizes(size), 0, len(histories),
        )  # fmt: skip
        return np.ascontiguousarray((turned @ self._Q.T)[:, :size])

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = ALSConfig()
        changes: list[dict[str, float]] = [
            {"reg": 0.003}, {"unobserved_weight": 0.3}, {"unobserved_weight": 0.03}, {"history_decay": 0.0},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


def _padded(factors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add columns of zeros up to what the kernels work with."""
    return np.pad(factors, ((0, 0), (0, -factors.shape[1] % LANES)))


def _eigen(factors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    spectrum, Q = np.linalg.eigh((factors.T @ factors).astype(np.float64))
    # Never quite zero: without regularisation the kernels would divide by it.
    floor = max(1e-9, 1e-9 * float(spectrum[-1]))
    return np.maximum(spectrum, floor).astype(np.float32), Q.astype(np.float32)
