"""Histories as rectangles of numbers: windows of the latest events, batches of similar length, targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

TIME_BUCKETS = 32
"""Intervals are told apart by 1.5·log₂ of their minutes: from a minute to some three years."""
EVALUATION_TOKENS = 16_384
"""Positions computed at once without gradients."""


class Inputs(NamedTuple):
    """What a trunk reads; row r is one customer, position 0 the start, the rest events, oldest first.

    Parameters
    ----------
    items
        int64 (rows × positions): item numbers; `n_items` is the start, `n_items + 1` anything unknown or no event.
    times
        float32 (rows × positions): minutes since the row's first event.
    kinds
        int64 (rows × positions): kind of each event + 1; 0 where it is not known.
    """

    items: Tensor
    times: Tensor
    kinds: Tensor


class Batch(NamedTuple):
    """Inputs and what follows each position.

    Parameters
    ----------
    items, times, kinds
        As in `Inputs`.
    targets
        int64 (rows × positions × next events).
    weights
        float32, the same shape: a position's sum to 1, or are all 0 where nothing follows.
    """

    items: Tensor
    times: Tensor
    kinds: Tensor
    targets: Tensor
    weights: Tensor

    @property
    def inputs(self) -> Inputs:
        """What a trunk reads."""
        return Inputs(self.items, self.times, self.kinds)

    @property
    def asked(self) -> Tensor:
        """Which positions have a target, bool (rows × positions)."""
        return self.weights.sum(-1) > 0


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What rectangles are made of.

    Parameters
    ----------
    n_items, n_kinds
        Items and kinds known to the model.
    length
        Positions at most; longer histories are cut into windows when learning, and when asked only their latest
        events count.
    next_events
        Following events that are targets of a position.
    gap_decay
        The g-th following event weighs g^-gap_decay.
    tokens
        Positions in a batch, about.
    """

    n_items: int
    n_kinds: int = 0
    length: int = 50
    next_events: int = 1
    gap_decay: float = 0.5
    tokens: int = 2048


def windows(histories: Histories, length: int) -> NDArray[np.int64]:
    """Cut each history, from its end, into windows of at most `length` events: (windows × 2) of begin and end."""
    found: list[NDArray[np.int64]] = []
    begin, end = histories.indptr[:-1], histories.indptr[1:].copy()
    while len(begin):
        left = end > begin
        begin, end = begin[left], end[left]
        start = np.maximum(begin, end - length)
        found.append(np.stack([start, end], axis=1))
        end = start
    return np.concatenate(found) if found else np.empty((0, 2), np.int64)


class Epochs:
    """Batches of one epoch after another: `epochs(number)` depends on the seed and the number alone.

    Windows of similar length share a batch, so that little is computed for nothing; which ones do, and the order of
    the batches, is drawn anew every epoch.
    """

    def __init__(self, histories: Histories, shape: Shape, seed: int) -> None:
        self.histories, self.shape, self.seed = histories, shape, seed
        self.windows = windows(histories, shape.length)

    def __call__(self, epoch: int) -> Epoch:
        """Return the batches of an epoch."""
        random = np.random.default_rng([self.seed, epoch])
        shuffled = self.windows[random.permutation(len(self.windows))]
        lengths = shuffled[:, 1] - shuffled[:, 0]
        # Sorting a stretch of some sixteen batches keeps their make-up random and their padding small.
        stretch = max(1, int(16 * self.shape.tokens / max(1.0, float(lengths.mean()) if len(lengths) else 1.0)))
        order = np.lexsort((lengths, np.arange(len(lengths)) // stretch))
        parts: list[NDArray[np.int64]] = []
        begin = widest = 0
        for at, number in enumerate(order):
            widest = max(widest, int(lengths[number]))
            if at > begin and (at + 1 - begin) * widest > self.shape.tokens:
                parts.append(shuffled[order[begin:at]])
                begin, widest = at, int(lengths[number])
        if len(order):
            parts.append(shuffled[order[begin:]])
        turn = random.permutation(len(parts))
        return Epoch(self.histories, self.shape, [parts[number] for number in turn])


class Epoch:
    """The batches of one epoch, built as they are asked for."""

    def __init__(self, histories: Histories, shape: Shape, parts: list[NDArray[np.int64]]) -> None:
        self.histories, self.shape, self.parts = histories, shape, parts

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Batch]:
        for part in self.parts:
            yield make_batch(self.histories, part, self.shape)


def make_batch(histories: Histories, part: NDArray[np.int64], shape: Shape) -> Batch:
    """Build the batch of these windows: position p has seen the start and p events, and is asked for the next ones.

    Events whose evidence is not positive (a return, a dislike) are read, but nobody learns to expect them.
    """
    lengths = part[:, 1] - part[:, 0]
    positions = int(lengths.max())
    items, times, kinds = rectangle(histories, part[:, 1] - 1, lengths - 1, positions, shape)
    # Rows are left-aligned: the g-th event after position p is the window's event p + g - 1.
    targets = np.zeros((len(part), positions, shape.next_events), np.int64)
    weights = np.zeros(targets.shape, np.float32)
    for gap in range(shape.next_events):
        at = np.arange(positions)[None, :] + gap
        there = at < lengths[:, None]
        event = np.where(there, part[:, :1] + at, 0)
        targets[..., gap] = np.where(there, histories.items[event], 0)
        evidence = np.maximum(histories.weights[event], 0)
        weights[..., gap] = np.where(there, evidence * np.float32(1.0 + gap) ** np.float32(-shape.gap_decay), 0)
    weights /= np.maximum(weights.sum(-1, keepdims=True), 1e-9)
    return Batch(items, times, kinds, torch.from_numpy(targets), torch.from_numpy(weights))


def latest(histories: Histories, shape: Shape) -> Iterator[tuple[NDArray[np.int64], Inputs]]:
    """Yield (customer numbers, inputs) over all customers, those of equal length together, so that nothing is padded.

    The state of a customer is the one at the last position.
    """
    lengths = np.minimum(histories.lengths, shape.length - 1)
    order = np.argsort(lengths, kind="stable")
    ordered = lengths[order]
    for length in np.unique(ordered):
        begin, end = np.searchsorted(ordered, [length, length + 1])
        rows = max(1, EVALUATION_TOKENS // int(length + 1))
        for at in range(int(begin), int(end), rows):
            numbers = order[at : min(at + rows, int(end))]
            ends = histories.indptr[1:][numbers]
            yield numbers, rectangle(histories, ends, lengths[numbers], int(length) + 1, shape)


def rectangle(
    histories: Histories, ends: NDArray[np.int64], lengths: NDArray[np.int64], positions: int, shape: Shape
) -> Inputs:
    """Lay the `lengths` events before `ends` behind a start, one row each; what is unknown becomes nothing.

    Parameters
    ----------
    histories
        All events.
    ends, lengths
        Where each row's events end, and how many they are, int64 (rows).
    positions
        Of the rectangle: the longest row and one.
    shape
        What is known.
    """
    at = np.arange(positions)[None, :] - 1
    there = (at >= 0) & (at < lengths[:, None])
    event = np.where(there, (ends - lengths)[:, None] + at, 0)
    items = np.full(there.shape, shape.n_items + 1, np.int64)
    times = np.zeros(there.shape, np.float32)
    kinds = np.zeros(there.shape, np.int64)
    if len(histories.items):
        known = there & (histories.items[event] >= 0) & (histories.items[event] < shape.n_items)
        items[known] = histories.items[event][known]
        # Float32 minutes hold a second over years only as a difference: from the row's own first event.
        first = histories.times[np.where(lengths > 0, ends - lengths, 0)]
        minutes = (histories.times[event] - first[:, None]) / 60.0
        # Places after the end repeat the last moment; they are asked nothing.
        times = np.maximum.accumulate(np.where(there, minutes, 0.0), axis=1).astype(np.float32)
        if shape.n_kinds and histories.kinds is not None:
            kinds[there] = np.clip(histories.kinds[event][there], -1, shape.n_kinds - 1) + 1
    items[:, 0] = shape.n_items
    return Inputs(torch.from_numpy(items), torch.from_numpy(times), torch.from_numpy(kinds))


def without_last(
    histories: Histories, share: float, most: int, random: np.random.Generator
) -> tuple[Histories, Histories, NDArray[np.int64]]:
    """Hold back the last event of a sample of customers who have at least three.

    Returns
    -------
    learned
        All histories without the events held back.
    asked
        What is left of the sampled customers' histories.
    answers
        The items held back, int64 (sampled customers).
    """
    able = np.flatnonzero(histories.lengths >= 3)
    drawn = np.sort(random.permutation(able)[: max(1, min(most, int(share * len(able))))])
    last = histories.indptr[1:][drawn] - 1
    mask = np.ones(len(histories.items), np.bool_)
    mask[last] = False
    learned = histories.keep(mask)
    return learned, learned.select(drawn), histories.items[last].astype(np.int64)
