"""What models learn from: each customer's events on items, in the order they happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    kinds
        Kind of each event (a position in `Interactions.kinds`), int8 (events); None: all alike.
    places
        Where each customer is (a position in `Interactions.places`, -1 unknown), int32 (customers); None: not known.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    times: NDArray[np.int64]
    weights: NDArray[np.float32]
    kinds: NDArray[np.int8] | None = None
    places: NDArray[np.int32] | None = None

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
        kinds = None if self.kinds is None else self.kinds[take]
        places = None if self.places is None else self.places[rows]
        return Histories(indptr, self.items[take], self.times[take], self.weights[take], kinds, places)

    def keep(self, mask: NDArray[np.bool_]) -> Histories:
        """Return the same customers with only the events where `mask` is true."""
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask, dtype=np.int64)])
        kinds = None if self.kinds is None else self.kinds[mask]
        return Histories(
            before[self.indptr], self.items[mask], self.times[mask], self.weights[mask], kinds, self.places
        )

    def row(self, number: int) -> Histories:
        """Return one customer's history."""
        begin, end = int(self.indptr[number]), int(self.indptr[number + 1])
        part = slice(begin, end)
        indptr = np.array([0, end - begin], np.int64)
        kinds = None if self.kinds is None else self.kinds[part]
        places = None if self.places is None else self.places[number : number + 1]
        return Histories(indptr, self.items[part], self.times[part], self.weights[part], kinds, places)

    @property
    def from_end(self) -> NDArray[np.int64]:
        """How many events of the same customer follow each event, int64 (events): 0 for the latest."""
        return np.repeat(self.indptr[1:], self.lengths) - 1 - np.arange(len(self.items))

    def latest(self, count: int) -> Histories:
        """Return the same customers with their latest `count` events at most."""
        return self.keep(self.from_end < count)

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
class Catalogue:
    """What a shop says of its items, in the order of their numbers.

    Parameters
    ----------
    texts
        Title and description of each item; empty when the shop says nothing.
    categories
        Category of each item; empty when it has none.
    """

    texts: list[str]
    categories: list[str]


@dataclass(frozen=True)
class Interactions:
    """Histories with the names behind the numbers.

    Parameters
    ----------
    users, items
        Names; a number is a position in these lists. Items that nobody chose yet are in the list too when the
        catalogue names them.
    histories
        One history a user.
    kinds
        Names of the kinds of events that `histories.kinds` numbers.
    places
        Names of the places that `histories.places` numbers.
    catalogue
        What is said of the items; None: nothing.
    """

    users: list[str]
    items: list[str]
    histories: Histories
    kinds: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    catalogue: Catalogue | None = None

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
        return self.having(self.histories.keep(mask))

    def having(self, histories: Histories) -> Interactions:
        """Return the same names with other histories (one a user, as before)."""
        return replace(self, histories=histories)

    def numbers_before(self, items: Sequence[str]) -> NDArray[np.int32]:
        """Return the number that each item had in the list `items`, int32 (items); -1 where it had none."""
        had = {name: number for number, name in enumerate(items)}
        return np.array([had.get(name, -1) for name in self.items], np.int32)

    def before(self, time: int) -> Interactions:
        """Return the events strictly before `time`."""
        return self.keep(self.histories.times < time)


def from_events(
    events: pa.Table, weight_of: Callable[[str], float] | None = None, *, items: pa.Table | None = None
) -> Interactions:
    """Build interactions from event rows.

    Parameters
    ----------
    events
        Columns subject, item, time and, with `weight_of`, kind. Rows without an item are left out. A column `kind`
        becomes `histories.kinds`, a column `place` each customer's latest known place.
    weight_of
        Evidence of interest by kind, scaled so that the strongest kind that occurs has 1; None: 1 for every row.
    items
        The catalogue: columns item and, as far as they are there, title, description and category. Items that only the
        catalogue names become items that nobody chose yet.

    Raises
    ------
    InputError
        No row has an item.
    """
    events = events.filter(pc.is_valid(events.column("item")))
    if events.num_rows == 0:
        raise InputError("there is no event on an item to learn from")
    subjects, user_names = _encode(events.column("subject"))
    numbers, item_names = _encode(events.column("item"), _strings(items, "item") if items else ())
    times = events.column("time").cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
    weights = np.ones(len(numbers), np.float32)
    kinds, kind_names = _encode(events.column("kind")) if "kind" in events.column_names else (None, [])
    if weight_of is not None and kinds is not None:
        evidence = np.array([weight_of(k) for k in kind_names], np.float32)
        # Beside the strongest there is: where people only look, looking is all that can be known of them.
        weights = (evidence / evidence.max() if evidence.max() > 0 else evidence)[kinds]
    # A stable sort keeps the file's order inside a basket.
    order = np.lexsort((np.arange(len(times)), times, subjects))
    counts = np.bincount(subjects, minlength=len(user_names))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    places, place_names = None, []
    if "place" in events.column_names:
        places, place_names = _latest_places(events.column("place").take(pa.array(order)), subjects[order], len(counts))
    histories = Histories(
        indptr, numbers[order].astype(np.int32), times[order].astype(np.int64), weights[order],
        None if kinds is None else kinds[order].astype(np.int8), places,
    )  # fmt: skip
    return Interactions(
        user_names, item_names, histories, tuple(kind_names), tuple(place_names),
        _catalogue(item_names, items) if items else None,
    )  # fmt: skip


def _latest_places(
    column: pa.ChunkedArray, subjects: NDArray[np.int64], customers: int
) -> tuple[NDArray[np.int32], list[str]]:
    """Return the last place known of each customer; rows come by customer, oldest first."""
    known = pc.and_(pc.is_valid(column), pc.not_equal(column, "")).to_numpy()
    places = np.full(customers, -1, np.int32)
    if not known.any():
        return places, []
    numbers, names = _encode(column.filter(pa.array(known)))
    places[subjects[known]] = numbers
    return places, names


def _catalogue(names: list[str], items: pa.Table) -> Catalogue:
    said = {name: at for at, name in enumerate(_strings(items, "item"))}
    columns = {name: _strings(items, name) for name in ("title", "description", "category")}

    def of(name: str, item: str) -> str:
        at = said.get(item)
        return columns[name][at] if at is not None else ""

    texts = [" ".join(filter(None, (of("title", item), of("description", item)))) for item in names]
    return Catalogue(texts, [of("category", item) for item in names])


def _strings(table: pa.Table, name: str) -> list[str]:
    if name not in table.column_names:
        return [""] * table.num_rows
    return ["" if value is None else str(value) for value in table.column(name).to_pylist()]


def _encode(column: pa.ChunkedArray, more: Sequence[str] = ()) -> tuple[NDArray[np.int64], list[str]]:
    """Give each value of a column a number, in the order of the names: numbers do not depend on row order.

    Names in `more` get a number too, whether or not a row has them.
    """
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    found: list[str] = encoded.dictionary.to_pylist()
    names = sorted({*found, *more})
    number = {name: at for at, name in enumerate(names)}
    rank = np.array([number[name] for name in found], np.int64)
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], names
