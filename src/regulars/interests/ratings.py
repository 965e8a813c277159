"""Ratings: who gave which item how many stars, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBER = r'"rating":\s*"?(?P<rating>-?[0-9]+(?:\.[0-9]+)?)'
"""Where the JSON of an event's properties holds its rating."""


@dataclass(frozen=True)
class Ratings:
    """Ratings with the names behind the numbers.

    Parameters
    ----------
    users, items
        Names; a number is a position in these lists.
    owners
        The user number of each rating, int32 (ratings).
    targets
        The item number of each rating, int32 (ratings).
    values
        Stars, float32 (ratings).
    times
        Seconds since 1970, int64 (ratings); None: not known.
    """

    users: list[str]
    items: list[str]
    owners: NDArray[np.int32]
    targets: NDArray[np.int32]
    values: NDArray[np.float32]
    times: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def user_index(self) -> dict[str, int]:
        """Name → number of each user."""
        return {name: number for number, name in enumerate(self.users)}

    @cached_property
    def item_index(self) -> dict[str, int]:
        """Name → number of each item."""
        return {name: number for number, name in enumerate(self.items)}

    @property
    def scale(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.values.min()), float(self.values.max())

    def keep(self, mask: NDArray[np.bool_]) -> Ratings:
        """Return the same names with only the ratings where `mask` is true."""
        times = None if self.times is None else self.times[mask]
        return replace(
            self, owners=self.owners[mask], targets=self.targets[mask], values=self.values[mask], times=times
        )


def ratings_from_events(events: pa.Table) -> Ratings:
    """Build ratings from event rows.

    Parameters
    ----------
    events
        Columns subject, item, time, and a number `rating`, or `properties`: JSON that holds it, as imports store it.
        Rows without an item or a rating are left out. Of several ratings of one item by one customer the last stands.

    Raises
    ------
    InputError
        No row has a rating.
    """
    stars = _stars(events)
    valid = np.isfinite(stars) & pc.is_valid(events.column("item")).to_numpy(zero_copy_only=False)
    if not valid.any():
        raise InputError(
            "there is no rating to learn from", fix="Ratings need a column such as rating, score or stars."
        )
    rows, stars = events.filter(pa.array(valid)), stars[valid]
    owners, users = _numbers(rows.column("subject"))
    targets, items = _numbers(rows.column("item"))
    times = rows.column("time").cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
    order = np.argsort(times, kind="stable")[::-1]
    pairs = owners.astype(np.int64) * len(items) + targets
    _, first = np.unique(pairs[order], return_index=True)
    last = order[first]
    return Ratings(users, items, owners[last], targets[last], stars[last].astype(np.float32), times[last])


def _stars(events: pa.Table) -> NDArray[np.float64]:
    if "rating" in events.column_names:
        found = events.column("rating").cast(pa.float64())
    elif "properties" in events.column_names:
        found = pc.struct_field(pc.extract_regex(events.column("properties"), NUMBER), "rating").cast(pa.float64())
    else:
        return np.full(events.num_rows, np.nan)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.float64)


def _numbers(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    names, numbers = np.unique(column.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    return numbers.astype(np.int32), names.tolist()
