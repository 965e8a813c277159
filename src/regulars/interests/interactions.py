"""What models learn from: each customer's events on items, in the order they happened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

DAY = 86_400
"""Seconds."""


@dataclass(frozen=True)
class Histories:
    """Events of many customers, one after the other, each customer's oldest first.

    Parameters
    ----------
    indptr
        Where each customer begins and ends, int64 (customers + 1).
    items
        Item numbers, int32 (events). Repeats are kept: they say more than a set.
    times
        Seconds since 1970, int64 (events). Equal times are one basket.
    weights
        Evidence of interest, float32 (events).
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    times: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Events of each customer, int64 (customers)."""
        return np.diff(self.indptr)

    def select(self, rows: NDArray[Any]) -> Histories:
        """Return the histories of the numbered customers, in the order asked."""
        lengths = self.lengths[rows]
        indptr = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=indptr[1:])
        take = np.repeat(self.indptr[:-1][rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return Histories(indptr, self.items[take], self.times[take], self.weights[take])

    def keep(self, mask: NDArray[np.bool_]) -> Histories:
        """Return the same customers with only the events where `mask` is true."""
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask, dtype=np.int64)])
        return Histories(before[self.indptr], self.items[mask], self.times[mask], self.weights[mask])

    def row(self, number: int) -> Histories:
        """Return one customer's history."""
        begin, end = int(self.indptr[number]), int(self.indptr[number + 1])
        part = slice(begin, end)
        indptr = np.array([0, end - begin], np.int64)
        return Histories(indptr, self.items[part], self.times[part], self.weights[part])

    @property
    def owners(self) -> NDArray[np.int64]:
        """The customer number of each event, int64 (events)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    @staticmethod
    def of(rows: Sequence[Sequence[int]], times: Sequence[Sequence[int]] | None = None) -> Histories:
        """Build histories from lists of item numbers, oldest first (and their times; else 0, 1, 2 …)."""
        lengths = [len(row) for row in rows]
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
        items = np.array([item for row in rows for item in row], np.int32)
        if times is None:
            stamps = np.array([at for row in rows for at in range(len(row))], np.int64)
        else:
            stamps = np.array([at for row in times for at in row], np.int64)
        return Histories(indptr, items, stamps, np.ones(len(items), np.float32))


@dataclass(frozen=True)
class Interactions:
    """Histories with the names behind the numbers.

    Parameters
    ----------
    users, items
        Names; a number is a position in these lists.
    histories
        One history a user.
    """

    users: list[str]
    items: list[str]
    histories: Histories

    @cached_property
    def user_index(self) -> dict[str, int]:
        """Name → number of each user."""
        return {name: number for number, name in enumerate(self.users)}

    @cached_property
    def item_index(self) -> dict[str, int]:
        """Name → number of each item."""
        return {name: number for number, name in enumerate(self.items)}

    @property
    def last_time(self) -> int:
        """The latest event, seconds since 1970 (0 when there are none)."""
        times = self.histories.times
        return int(times.max()) if len(times) else 0

    def keep(self, mask: NDArray[np.bool_]) -> Interactions:
        """Return the same users and items with only the events where `mask` is true."""
        return Interactions(self.users, self.items, self.histories.keep(mask))

    def before(self, time: int) -> Interactions:
        """Return the events strictly before `time`."""
        return self.keep(self.histories.times < time)


def from_events(events: pa.Table, weight_of: Callable[[str], float] | None = None) -> Interactions:
    """Build interactions from event rows.

    Parameters
    ----------
    events
        Columns subject, item, time and, with `weight_of`, kind. Rows without an item are left out.
    weight_of
        Evidence of interest by kind; None: 1 for every row.

    Raises
    ------
    InputError
        No row has an item.
    """
    events = events.filter(pc.is_valid(events.column("item")))
    if events.num_rows == 0:
        raise InputError("there is no event on an item to learn from")
    subjects, user_names = _encode(events.column("subject"))
    items, item_names = _encode(events.column("item"))
    times = events.column("time").cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
    weights = np.ones(len(items), np.float32)
    if weight_of is not None:
        kinds, kind_names = _encode(events.column("kind"))
        weights = np.array([weight_of(k) for k in kind_names], np.float32)[kinds]
    # A stable sort keeps the file's order inside a basket.
    order = np.lexsort((np.arange(len(times)), times, subjects))
    counts = np.bincount(subjects, minlength=len(user_names))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    histories = Histories(indptr, items[order].astype(np.int32), times[order].astype(np.int64), weights[order])
    return Interactions(user_names, item_names, histories)


def _encode(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Give each value of a column a number, in the order of the names: numbers do not depend on row order."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    names: list[str] = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], [names[i] for i in order]
