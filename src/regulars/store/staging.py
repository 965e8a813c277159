"""Where the rows of one append wait until all of them are known.

Small appends wait in memory. Beyond `SPILL_BYTES` they wait in Arrow files, one for each bucket, and are read
back memory-mapped: memory holds one buffer, then the buckets being written, however many rows come.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import EVENTS
from regulars.store.parquet_files import buckets_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

SPILL_BYTES = 256 * 1024 * 1024

_ROW = pa.field("row", pa.int64(), nullable=False)
_STAGED = EVENTS.append(_ROW)
_IDS = pa.schema([EVENTS.field("id"), _ROW])
_ID_FILE = -1


class Staging:
    """The rows of one append, by bucket, each with its running number."""

    def __init__(self, directory: Path, buckets: int, spill_bytes: int = SPILL_BYTES) -> None:
        self._directory = directory
        self._buckets = buckets
        self._spill_bytes = spill_bytes
        self._held: dict[int, list[pa.Table]] = {}
        self._held_bytes = 0
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._open = ExitStack()
        self.rows = 0
        self.first: date | None = None
        self.last: date | None = None

    def add(self, rows: pa.Table) -> None:
        """Take in rows that already have the schema of `events`."""
        if rows.num_rows == 0:
            return
        bounds = pc.min_max(rows.column("day")).as_py()
        self.first = min(self.first or bounds["min"], bounds["min"])
        self.last = max(self.last or bounds["max"], bounds["max"])
        numbers = pa.array(np.arange(self.rows, self.rows + rows.num_rows, dtype=np.int64))
        self.rows += rows.num_rows
        rows = rows.append_column(_ROW, numbers)
        self._hold(_ID_FILE, rows.select(_IDS.names))
        bucket = buckets_of(rows.column("subject"), self._buckets)
        rows = rows.take(pa.array(np.argsort(bucket, kind="stable")))
        ends = np.cumsum(np.bincount(bucket, minlength=self._buckets))
        for number, (start, end) in enumerate(zip(np.concatenate(([0], ends[:-1])), ends, strict=True)):
            if end > start:
                self._hold(number, rows.slice(start, end - start))
        self._held_bytes += rows.nbytes
        if self._held_bytes > self._spill_bytes:
            self._spill()

    def finish(self) -> None:
        """Say that no more rows come."""
        if self._writers:
            self._spill()
        self._open.close()

    def ids(self) -> pa.Table:
        """Return every id with its row number."""
        return self._read(_ID_FILE, _IDS)

    def buckets(self) -> Iterator[tuple[int, pa.Table]]:
        """Yield each bucket that has rows, and its rows in the order they came."""
        for number in range(self._buckets):
            if number in self._held or number in self._writers:
                yield number, self._read(number, _STAGED)

    def _hold(self, number: int, rows: pa.Table) -> None:
        self._held.setdefault(number, []).append(rows)

    def _spill(self) -> None:
        for number, tables in self._held.items():
            if number not in self._writers:
                schema = _IDS if number == _ID_FILE else _STAGED
                sink = self._open.enter_context(pa.OSFile(str(self._path(number)), "wb"))
                self._writers[number] = self._open.enter_context(pa.ipc.new_stream(sink, schema))
            self._writers[number].write_table(pa.concat_tables(tables).combine_chunks())
        self._held, self._held_bytes = {}, 0

    def _read(self, number: int, schema: pa.Schema) -> pa.Table:
        if number in self._writers:
            with pa.memory_map(str(self._path(number))) as source, pa.ipc.open_stream(source) as reader:
                return reader.read_all()
        return pa.concat_tables(self._held.get(number, []) or [schema.empty_table()])

    def _path(self, number: int) -> Path:
        return self._directory / f"staged-{number}.arrow"
