"""The Markov chain behind SVD and SVD++: what is drawn in which order, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.svd_kernel import Features, Side, met_features, own_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress

ONE = np.ones(1)
NOBODY = np.zeros(1, np.int32)


@dataclass(frozen=True)
class Task:
    """What a chain learns from.

    Parameters
    ----------
    users, items
        How many there are.
    owners, targets
        Customer and item of each rating, int32 (ratings).
    values
        Stars, float64 (ratings).
    sittings
        The sitting that each rating was given in, int32 (ratings); None: not looked at.
    implicit
        Do the items a customer rated, and the customers who rated an item, say something by themselves?
    """

    users: int
    items: int
    owners: NDArray[np.int32]
    targets: NDArray[np.int32]
    values: NDArray[np.float64]
    sittings: NDArray[np.int32] | None
    implicit: bool


@dataclass(frozen=True)
class Draws:
    """What is kept of a chain: a few of its states, evenly spaced.

    Parameters
    ----------
    mean, noise
        Overall mean and the precision of a rating, float32 (draws).
    users, items
        Vectors, bias first, float32 (draws × users + 1 × columns) and alike; the last row stands for whoever is not
        known.
    implicit
        What an item says of a customer who rated it, float32 (draws × items × columns); empty without it.
    prior_mean, prior_precision
        Of a customer's own vector, float32 (draws × columns).
    sittings
        Bias of each sitting, the mean over the draws, float32 (sittings).
    """

    mean: NDArray[np.float32]
    noise: NDArray[np.float32]
    users: NDArray[np.float32]
    items: NDArray[np.float32]
    implicit: NDArray[np.float32]
    prior_mean: NDArray[np.float32]
    prior_precision: NDArray[np.float32]
    sittings: NDArray[np.float32]


class Chain:
    """One chain of draws from p(everything | ratings), a column of one side at a time.

    Parameters
    ----------
    task
        What to learn from.
    size
        Length of the vectors, without the bias.
    seed
        Of all random numbers: the same seed gives the same draws.
    start
        The items' own vectors to start from, float64 (columns × items); None: near zero.
    """

    def __init__(self, task: Task, size: int, seed: int, start: NDArray[np.float64] | None = None) -> None:
        self._task = task
        self._random = np.random.default_rng(seed)
        of_users, of_items = [own_features(task.users)], [own_features(task.items)]
        if task.implicit:
            of_users.append(met_features(task.items, task.targets, task.owners))
            of_items.append(met_features(task.users, task.owners, task.targets))
        self._users = Side(task.users, of_users, size + 1, self._random)
        self._items = Side(task.items, of_items, size + 1, self._random)
        if start is not None:
            self._items.values[:, : task.items] = start
            self._items.sum_up()
        self._sittings = _sittings(task, self._random)
        self._ones = np.ones(max(task.users, task.items))
        self._mean = float(task.values.mean())
        self._errors = task.values - self._mean - self._products()
        self._noise = 1.0

    def _products(self) -> NDArray[np.float64]:
        users, items, task = self._users.vectors, self._items.vectors, self._task
        total = users[0, task.owners] + items[0, task.targets]
        for column in range(1, len(users)):
            total += users[column, task.owners] * items[column, task.targets]
        return total

    def run(self, sweeps: int, burn_in: int, draws: int, progress: Progress) -> Draws:
        """Sweep `burn_in` times to forget the start, then `sweeps` times, keeping `draws` states."""
        keep = set(np.linspace(burn_in + sweeps, burn_in, draws, endpoint=False).round().astype(int).tolist())
        kept: list[tuple[NDArray[np.float32], ...]] = []
        sittings = np.zeros(0 if self._sittings is None else self._sittings.vectors.shape[1])
        with progress.task("Drawing R ≈ U × P", burn_in + sweeps) as step:
            for number in range(1, burn_in + sweeps + 1):
                self._sweep()
                if number in keep:
                    kept.append(self._state())
                    if self._sittings is not None:
                        sittings += self._sittings.vectors[0] / len(keep)
                step.advance()
        mean, noise, users, *rest = (np.stack([state[at] for state in kept]) for at in range(7))
        items, implicit, prior_mean, prior_precision = rest
        if self._task.sittings is not None:
            users[:, :-1, 0] += _centre(sittings, self._task.sittings, self._task.owners, self._task.users)
        return Draws(mean, noise, users, items, implicit, prior_mean, prior_precision, sittings.astype(np.float32))

    def _sweep(self) -> None:
        random, task = self._random, self._task
        sides = [
            (self._users, task.owners, self._items, task.targets),
            (self._items, task.targets, self._users, task.owners),
        ]
        for side, _, _, _ in sides:
            side.draw_priors(random)
        self._noise = float(random.gamma((1 + len(self._errors)) / 2, 2 / (1 + self._errors @ self._errors)))
        moved = float(random.normal(self._errors.mean(), 1 / np.sqrt(self._noise * len(self._errors))))
        self._mean += moved
        self._errors -= moved
        if self._sittings is not None and task.sittings is not None:
            self._sittings.draw_priors(random)
            normals = random.standard_normal(self._sittings.values.shape[1])
            nobody = np.zeros(len(self._errors), np.int32)
            self._sittings.draw(0, self._errors, task.sittings, nobody, ONE, self._noise, normals)
        for column in range(len(self._users.vectors)):
            for side, rows, other, others in sides:
                factors = self._ones if column == 0 else other.vectors[column]
                normals = random.standard_normal(side.values.shape[1])
                side.draw(column, self._errors, rows, others, factors, self._noise, normals)

    def _state(self) -> tuple[NDArray[np.float32], ...]:
        users, items, n_users = self._users, self._items, self._task.users
        unknown = [side.mean[0][:, None] for side in (users, items)]
        parts = (
            np.float64(self._mean), np.float64(self._noise),
            np.hstack([users.vectors, unknown[0]]).T, np.hstack([items.vectors, unknown[1]]).T,
            users.values[:, n_users:].T, users.mean[0], users.precision[0],
        )  # fmt: skip
        return tuple(np.asarray(part, np.float32) for part in parts)


def _sittings(task: Task, random: np.random.Generator) -> Side | None:
    if task.sittings is None:
        return None
    groups: list[Features] = [own_features(int(task.sittings.max()) + 1)]
    return Side(groups[0].count, groups, 1, random)


def _centre(
    sittings: NDArray[np.float64], numbers: NDArray[np.int32], owners: NDArray[np.int32], users: int
) -> NDArray[np.float32]:
    """Take each customer's mean mood out of the sittings and return it, float32 (users).

    A customer's bias and the biases of the sittings are told apart only by their priors; without this a prediction
    for no sitting in particular would lack the part that went into the sittings.
    """
    counts = np.maximum(np.bincount(owners, minlength=users), 1)
    usual = np.bincount(owners, weights=sittings[numbers], minlength=users) / counts
    sittings[numbers] -= usual[owners]
    return usual.astype(np.float32)
