"""Which ids are stored already: asked of memory, and of the files only when memory is not sure.

Each round of the compactor would otherwise read the ids of days. Kept are 64 bits of a hash of each id of the last
days; a match is looked up exactly, and so is an event from before those days.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.events.event_ids import Seen
from regulars.store.engine import reading

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from regulars.store.manifest import FileEntry, Manifest

KEEP = timedelta(days=3)
"""Ids of events of this many days are in memory."""
SLACK = timedelta(days=2)
"""A clock corrected anew, or midnight, moves an event that is sent again no further than this."""
RELOAD = 30_000_000
"""Keys (8 bytes each) after which the days are read anew, without those that have passed."""


class RecentIds:
    """The ids of the latest days of one shop.

    Parameters
    ----------
    manifest, root
        Which files there are, and where.
    """

    def __init__(self, manifest: Manifest, root: Path) -> None:
        self._manifest = manifest
        self._root = root
        self._seen = Seen()
        self._files: set[str] = set()
        self._count = 0
        self._horizon = date.max

    def duplicates(self, rows: pa.Table, cursor: duckdb.DuckDBPyConnection) -> NDArray[np.bool_]:
        """Mark the rows whose id is stored, or came earlier in the same rows; remember the ids of all."""
        self._catch_up(cursor)
        ids: list[str] = rows.column("id").to_pylist()
        unsure = set(self._seen.again(_keys(ids)))
        self._count += len(ids)
        old = pc.less(rows.column("day"), self._horizon).to_numpy(zero_copy_only=False)
        unsure.update(np.flatnonzero(old).tolist())
        marked = np.zeros(len(ids), np.bool_)
        if unsure:
            first: set[str] = set()
            days = rows.column("day").take(sorted(unsure))
            stored = self._stored({ids[row] for row in unsure}, pc.min(days).as_py(), pc.max(days).as_py(), cursor)
            for row, name in enumerate(ids):
                marked[row] = name in stored or name in first
                first.add(name)
        return marked

    def wrote(self, entries: list[FileEntry]) -> None:
        """Say that these files hold ids that are known already."""
        self._files.update(entry.path for entry in entries)

    def _catch_up(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take in the ids of files that someone else wrote since: an import, an earlier process."""
        today = datetime.now(UTC).date()
        if self._count > RELOAD or self._horizon == date.max or today - self._horizon > 2 * KEEP:
            self._seen, self._files, self._count, self._horizon = Seen(), set(), 0, today - KEEP
        # An event of the first of these days may be stored under a day just before.
        entries = self._manifest.files("events", (_shifted(self._horizon, -SLACK), date.max))
        new = [entry for entry in entries if entry.path not in self._files]
        if new:
            files = [str(self._root / entry.path) for entry in new]
            with reading():
                found = cursor.sql("SELECT id FROM read_parquet($files)", params={"files": files})
                for batch in found.to_arrow_reader(1_000_000):
                    _ = self._seen.again(_keys(batch.column(0).to_pylist()))
                    self._count += batch.num_rows
        self._files = {entry.path for entry in entries}

    def _stored(self, ids: set[str], first: date, last: date, cursor: duckdb.DuckDBPyConnection) -> set[str]:
        entries = self._manifest.files("events", (_shifted(first, -SLACK), _shifted(last, SLACK)))
        if not entries:
            return set()
        # A table and a join: a list of thousands of values would be compared one by one.
        _ = cursor.register("wanted", pa.table({"id": pa.array(sorted(ids), pa.string())}))
        with reading():
            found = cursor.sql(
                "SELECT id FROM read_parquet($files) SEMI JOIN wanted USING (id)",
                params={"files": [str(self._root / entry.path) for entry in entries]},
            )
            return {row[0] for row in found.fetchall()}


def _shifted(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day


def _keys(ids: list[str]) -> NDArray[np.uint64]:
    digests = b"".join([blake2b(name.encode(), digest_size=8).digest() for name in ids])
    return np.frombuffer(digests, dtype=np.uint64)
