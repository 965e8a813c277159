"""What the heads of the behaviour model learn to expect: of each event, what followed it and what has not yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from regulars.core.schema import CATEGORY_SEPARATOR
from regulars.interests.categories import ALTERNATIVES
from regulars.interests.interactions import DAY
from regulars.interests.neural.sequences import Epoch, Epochs, Inputs, make_batch, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.neural.sequences import Shape


class BehaviourBatch(NamedTuple):
    """A `Batch` whose rows go one position further: the state after the last event is asked when they come back.

    Parameters
    ----------
    items, times, kinds, targets, weights
        As in `regulars.interests.neural.sequences.Batch`.
    days
        Days to the next visit, or without one so far; -1: not asked. float32 (rows × positions), as all below.
    came
        Whether there was a next visit, bool.
    bought
        1: the next visit holds a purchase, 0: it does not, -1: not asked; int64.
    categories
        Category of the next event's item, -1: not asked; int64.
    """

    items: Tensor
    times: Tensor
    kinds: Tensor
    targets: Tensor
    weights: Tensor
    days: Tensor
    came: Tensor
    bought: Tensor
    categories: Tensor

    @property
    def inputs(self) -> Inputs:
        """What a trunk reads."""
        return Inputs(self.items, self.times, self.kinds)

    @property
    def asked(self) -> Tensor:
        """Which positions have an item as target, bool (rows × positions)."""
        return self.weights.sum(-1) > 0


@dataclass(frozen=True)
class Targets:
    """What followed each event, in the order of `Histories.items`; -1 where nothing is to be learned from it.

    Parameters
    ----------
    days, came, bought
        As in `BehaviourBatch`, int64, bool and int64 (events).
    categories
        Category of the event's own item, int64 (events).
    """

    days: NDArray[np.int64]
    came: NDArray[np.bool_]
    bought: NDArray[np.int64]
    categories: NDArray[np.int64]


def days_of(times: NDArray[np.int64], offset_minutes: int) -> NDArray[np.int64]:
    """Return the calendar day of each moment, days since 1970, where clocks are `offset_minutes` ahead of UTC."""
    return (times + 60 * offset_minutes) // DAY


def last_whole_day(now: int, offset_minutes: int) -> int:
    """Return the last day that is over at `now`: the one that still runs can tell nothing of who stays away."""
    return int(days_of(np.array([now], np.int64), offset_minutes)[0]) - 1


def days_to_next(histories: Histories, now: int, offset_minutes: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the days from each visit to the next one, a visit being a calendar day with an event.

    Only the last event of a day is asked, where the visit is known in full. The latest visit of each customer is
    censored: nobody has come after it in the days that are over.

    Returns
    -------
    days
        int64 (events): days to the next visit, or over without one; -1: not asked.
    came
        bool (events): whether there was a next visit.
    """
    day = days_of(histories.times, offset_minutes)
    last = last_whole_day(now, offset_minutes)
    following = np.full(len(day), np.iinfo(np.int64).max)
    if len(day):
        same = histories.owners[1:] == histories.owners[:-1]
        following[:-1] = np.where(same, day[1:], following[:-1])
    ends = following != day
    came = ends & (following <= last)
    days = np.where(came, following - day, last - day)
    return np.where(ends & (days > 0), days, -1), came


def next_visit_buys(histories: Histories, purchase: NDArray[np.bool_], minutes: float) -> NDArray[np.int64]:
    """Return whether the visit after each one holds a purchase: 1 or 0 at the last event of a visit, else -1.

    A visit ends where the customer does nothing for more than `minutes`; that of the latest one is not known.
    """
    owners = histories.owners
    starts = np.ones(len(owners), np.bool_)
    starts[1:] = (owners[1:] != owners[:-1]) | (np.diff(histories.times) > 60 * minutes)
    visit = np.cumsum(starts) - 1
    holds = np.bincount(visit, weights=purchase, minlength=1) > 0
    found = np.full(len(owners), -1, np.int64)
    begin = np.flatnonzero(starts)[1:]
    followed = begin[owners[begin] == owners[begin - 1]]
    found[followed - 1] = holds[visit[followed]]
    return found


def targets_in(targets: Targets) -> dict[str, str]:
    """Return, for each head, why these targets cannot teach it; empty where they can."""
    bought = targets.bought[targets.bought >= 0]
    return {
        "time": "" if targets.came.any() else "no customer came on a later day",
        "purchase": ""
        if len(np.unique(bought)) == 2
        else "no event is named 'purchase', or nobody came back"
        if not bought.any()
        else "every visit that followed another held a purchase",
        "category": "" if len(np.unique(targets.categories[targets.categories >= 0])) > 1 else "no two categories",
    }


def categories_of(interactions: Interactions, depth: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of categories, paths cut after `depth` levels, and the number of each item's; -1: it has none.

    Of an item in several categories at once the first counts.
    """
    paths = interactions.catalogue.categories if interactions.catalogue else [""] * len(interactions.items)
    cut = [CATEGORY_SEPARATOR.join(path.split(ALTERNATIVES)[0].split(CATEGORY_SEPARATOR)[:depth]) for path in paths]
    names = tuple(sorted(set(cut) - {""}))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers.get(name, -1) for name in cut], np.int64)


class BehaviourEpochs(Epochs):
    """Batches with the targets of all heads."""

    def __init__(self, histories: Histories, shape: Shape, seed: int, targets: Targets) -> None:
        super().__init__(histories, shape, seed)
        self.targets = targets

    def __call__(self, epoch: int) -> Epoch:
        """Return the batches of an epoch."""
        return _Epoch(self.histories, self.shape, super().__call__(epoch).parts, self.targets)


class _Epoch(Epoch):
    def __init__(self, histories: Histories, shape: Shape, parts: list[NDArray[np.int64]], targets: Targets) -> None:
        super().__init__(histories, shape, parts)
        self.behaviour = targets

    def __iter__(self) -> Iterator[BehaviourBatch]:  # pyright: ignore[reportIncompatibleMethodOverride]
        for part in self.parts:
            yield behaviour_batch(self.histories, part, self.shape, self.behaviour)


def behaviour_batch(histories: Histories, part: NDArray[np.int64], shape: Shape, targets: Targets) -> BehaviourBatch:
    """Build the batch of these windows: position p has seen p events, the last position all of them."""
    plain = make_batch(histories, part, shape)
    lengths = part[:, 1] - part[:, 0]
    positions = int(lengths.max()) + 1
    read = rectangle(histories, part[:, 1], lengths, positions, shape)

    at = np.arange(positions)[None, :]
    # Of what came after an event: at the position that has seen it. Of the next event itself: one before.
    seen = (at >= 1) & (at <= lengths[:, None])
    event = np.where(seen, part[:, :1] + at - 1, 0)
    there = at < lengths[:, None]
    following = np.where(there, part[:, :1] + at, 0)

    def of(values: NDArray[np.int64], numbers: NDArray[np.int64], mask: NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(np.where(mask, values[numbers], -1))

    def longer(tensor: Tensor) -> Tensor:
        return torch.cat([tensor, torch.zeros_like(tensor[:, :1])], 1)

    return BehaviourBatch(
        *read, longer(plain.targets), longer(plain.weights),
        of(targets.days, event, seen).float(), torch.from_numpy(seen & targets.came[event]),
        of(targets.bought, event, seen), of(targets.categories, following, there),
    )  # fmt: skip
