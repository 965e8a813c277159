"""Choosing how co-visitation counts are weighed, on events that are hidden from the counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.jit import kernel
from regulars.interests.neighbours import Neighbours, fading
from regulars.interests.splits import leave_one_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.splits import Split

CUSTOMERS = 12_000
"""Customers whose last event is predicted: enough that a choice moves less than what it gains."""
LEAST = 100
"""With fewer customers than this a choice would follow their chance."""
DEPTH = 128
"""Events of a history that are looked at."""
PLACES = 50
"""Targets further down than this say nothing about a list."""


class Powers(msgspec.Struct, frozen=True, kw_only=False):
    """How counts become strengths; see `CoVisitationConfig`. The defaults serve when there is too little to choose."""

    backward: float = 0.3
    popularity_power: float = 0.15
    source_power: float = 0.5
    count_power: float = 1.0
    history_decay: float = 1.4


GRID: dict[str, tuple[float, ...]] = {
    "popularity_power": (0.0, 0.05, 0.1, 0.15, 0.25, 0.4, 0.55),
    "source_power": (0.0, 0.15, 0.3, 0.5, 0.7),
    "history_decay": (0.6, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0),
    "count_power": (0.7, 0.85, 1.0, 1.15),
    "backward": (0.1, 0.2, 0.3, 0.5, 0.7, 1.0),
}
RAW = {"popularity_power": 0.0, "source_power": 0.0, "count_power": 1.0}


def tuned(
    interactions: Interactions, given: dict[str, float | None], count: Callable[[Histories, Powers], Neighbours]
) -> Powers:
    """Return the settings that rank held-out last events highest, moving one at a time from the defaults.

    Parameters
    ----------
    interactions
        What the model learns from.
    given
        Settings by name; those that are None are chosen.
    count
        Makes a table from histories and settings.
    """
    fixed = {name: value for name, value in given.items() if value is not None}
    best = msgspec.structs.replace(Powers(), **fixed)
    split = leave_one_out(interactions, back=0)
    if len(split.users) < LEAST:
        return best
    judge = _Judge(split, count)
    value = judge(best)
    for _ in range(2):
        before = value
        for name, candidate in _moves(best, fixed):
            tried = msgspec.structs.replace(best, **{name: candidate})
            found = judge(tried)
            if found > value:
                best, value = tried, found
        if value == before:
            break
    return best


def _moves(best: Powers, fixed: dict[str, float]) -> Iterator[tuple[str, float]]:
    for name, values in GRID.items():
        if name not in fixed:
            for candidate in values:
                if candidate != getattr(best, name):
                    yield name, candidate


class _Judge:
    """Says how well settings rank what was held out. Tables are counted once for each `backward`."""

    def __init__(self, split: Split, count: Callable[[Histories, Powers], Neighbours]) -> None:
        self._train = split.train.histories
        self._count = count
        self._tables: dict[float, Neighbours] = {}
        rows = np.arange(len(split.users))
        if len(rows) > CUSTOMERS:
            rows = np.sort(np.random.default_rng(0).permutation(len(rows))[:CUSTOMERS])
        self._histories = split.histories.select(rows)
        self._targets = split.targets.select(rows).items
        popular = np.maximum(np.bincount(self._train.items, minlength=len(split.train.items)), 1)
        self._log_popular = np.log(popular).astype(np.float32)

    def __call__(self, powers: Powers) -> float:
        table = self._table(powers)
        log = self._log_popular
        source = np.repeat(log, np.diff(table.indptr))
        weights = powers.count_power * np.log(table.strengths)
        weights -= powers.popularity_power * log[table.items] + powers.source_power * source
        recency = fading(DEPTH, powers.history_decay)
        ranks = _ranks(
            self._histories.indptr, self._histories.items, self._targets, recency,
            table.indptr, table.items, np.exp(weights).astype(np.float32), len(log),
        )  # fmt: skip
        return float(np.where((ranks > 0) & (ranks <= PLACES), 1 / np.log2(1.0 + np.maximum(ranks, 1)), 0.0).mean())

    def _table(self, powers: Powers) -> Neighbours:
        if powers.backward not in self._tables:
            raw: dict[str, Any] = RAW
            self._tables[powers.backward] = self._count(self._train, msgspec.structs.replace(powers, **raw))
        return self._tables[powers.backward]


@kernel
def _ranks(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    targets: NDArray[np.int32],
    recency: NDArray[np.float32],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    strengths: NDArray[np.float32],
    n_items: int,
) -> NDArray[np.int64]:
    """Return the place of each target among the items its customer does not have; 0: not found, or had before."""
    ranks = np.zeros(len(targets), np.int64)
    row = np.zeros(n_items, np.float32)
    touched = np.empty(n_items, np.int32)
    for customer in range(len(targets)):
        count = 0
        begin, end = indptr[customer], indptr[customer + 1]
        for at in range(max(begin, end - len(recency)), end):
            weight = recency[end - 1 - at]
            for there in range(starts[items[at]], starts[items[at] + 1]):
                other = neighbours[there]
                if row[other] == 0:
                    touched[count] = other
                    count += 1
                row[other] += weight * strengths[there]
        for at in range(begin, end):
            row[items[at]] = np.float32(-1)
        mine = row[targets[customer]]
        if mine > 0:
            place = 1
            for index in range(count):
                place += row[touched[index]] > mine
            ranks[customer] = place
        for index in range(count):
            row[touched[index]] = 0
        for at in range(begin, end):
            row[items[at]] = 0
    return ranks
