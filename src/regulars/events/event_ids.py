"""Ids of events that come without one: the same content gets the same id, so importing again adds nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc
from regulars.core.ids import content_id
from regulars.core.schema import EVENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEPARATOR = "\x1f"
_BYTES = 16
_CONTENT = [name for name in EVENTS.names if name not in {"id", "day"}]


class EventIds:
    """Gives ids to the events of one import.

    The id is the hash of all fields but id and day; the second event with that same content in the import gets
    the hash of content and number 2, and so on, so that two identical lines are two events.
    """

    def __init__(self) -> None:
        self._seen = Seen()
        self._times: dict[int, int] = {}

    def of(self, columns: dict[str, pa.Array]) -> pa.Array:
        """Return one id for each row.

        Parameters
        ----------
        columns
            The content as it came; a column that is missing is empty in every row.
        """
        contents = _contents(columns).cast(pa.binary()).to_pylist()
        digests = b"".join([blake2b(content, digest_size=_BYTES).digest() for content in contents])
        keys = np.frombuffer(digests, dtype=np.uint64)[::2]
        ids = _hexadecimal(digests)
        again = self._seen.again(keys)
        return self._numbered(ids, contents, keys, again) if again else ids

    def _numbered(self, ids: pa.Array, contents: list[bytes], keys: NDArray[np.uint64], again: list[int]) -> pa.Array:
        texts = ids.to_pylist()
        for row in again:
            key = int(keys[row])
            self._times[key] = self._times.get(key, 1) + 1
            texts[row] = content_id(f"{contents[row].decode()}{_SEPARATOR}{self._times[key]}")
        return pa.array(texts, pa.string())


class Seen:
    """Which 64-bit keys were there before: sorted runs, merged when they are of like size.

    Eight bytes a key: an import of 100 million events needs 0.8 GB here, a Python set would need ten times that.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def again(self, keys: NDArray[np.uint64]) -> list[int]:
        """Return the places, in order, of keys seen before, in this call or an earlier one; remember all."""
        unique, first = np.unique(keys, return_index=True)
        repeated = np.ones(len(keys), dtype=np.bool_)
        repeated[first] = False
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, unique), len(run) - 1)
            repeated[first[run[place] == unique]] = True
        if len(unique):
            self._runs.append(unique)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            merged = np.concatenate([self._runs.pop(), self._runs.pop()])
            # The stable sort finds that both halves are sorted, and only merges them.
            merged.sort(kind="stable")
            self._runs.append(merged)
        return np.flatnonzero(repeated).tolist()


def _hexadecimal(digests: bytes) -> pa.Array:
    """Return each digest as a text, all at once: every one has the same length."""
    count, width = len(digests) // _BYTES, 2 * _BYTES
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digests.hex().encode()))


def _contents(columns: dict[str, pa.Array]) -> pa.Array:
    parts = [_text(columns[name]) if name in columns else pa.scalar("") for name in _CONTENT]
    return pc.binary_join_element_wise(*parts, _SEPARATOR, null_handling="replace", null_replacement="")


def _text(column: pa.Array) -> pa.Array:
    if pt.is_floating(column.type):
        # The bits of the number: how it is printed may change with a library. Adding 0 makes -0 the same as 0.
        column = pc.add(column, 0.0).view(pa.int64())
    elif pt.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.cast(pa.string())
