"""Adding events: each id once, all or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from regulars.store.engine import reading
from regulars.store.parquet_files import conform, cut_by_days, sort_by_subject
from regulars.store.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

    from regulars.store.manifest import Manifest
    from regulars.store.parquet_files import FileWriter

MARGIN = timedelta(days=2)
"""An event that is sent again may cross midnight, or a corrected time zone may move it; not further."""


class AppendResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a write did; every row that came is one of these."""

    added: int
    duplicates: int
    """Rows that were already there, or came twice."""
    updated: int = 0
    """Rows that took the place of another with the same key (items and customers)."""
    snapshot: str = ""


def stage(batches: Iterable[pa.Table], directory: Path, buckets: int) -> Staging:
    """Take in every batch; an error while they are read leaves nothing behind but temporary files."""
    staging = Staging(directory, buckets)
    try:
        for rows in batches:
            staging.add(conform("events", rows))
    finally:
        staging.finish()
    return staging


def duplicate_rows(
    staging: Staging, manifest: Manifest, root: Path, cursor: duckdb.DuckDBPyConnection
) -> NDArray[np.bool_]:
    """Mark the rows whose id is stored already, or came earlier in the same append.

    An id names one event of the whole shop. Stored ids are looked for in the files whose days are within
    `MARGIN` of the days that came, so that a daily import does not read years.
    """
    marked = np.ones(staging.rows, dtype=np.bool_)
    if staging.first is None or staging.last is None:
        return marked
    entries = manifest.files("events", _around(staging.first, staging.last))
    _ = cursor.register("staged", staging.ids())
    with reading():
        if entries:
            first_ones = cursor.sql(
                "SELECT min(s.row) AS row FROM staged s"
                " ANTI JOIN (SELECT id FROM read_parquet($files)) o USING (id) GROUP BY s.id",
                params={"files": [str(root / entry.path) for entry in entries]},
            )
        else:
            first_ones = cursor.sql("SELECT min(row) AS row FROM staged GROUP BY id")
        for batch in first_ones.to_arrow_reader(1_000_000):
            marked[batch.column(0).to_numpy(zero_copy_only=False)] = False
    return marked


def _around(first: date, last: date) -> tuple[date, date]:
    """Widen a run of days by `MARGIN`, within the days that exist."""
    return (
        first - min(MARGIN, first - date.min),
        last + min(MARGIN, date.max - last),
    )


def write_events(staging: Staging, duplicates: NDArray[np.bool_], writer: FileWriter) -> None:
    """Write the rows that are new, bucket by bucket."""

    def write(number: int, rows: pa.Table) -> None:
        kept = ~duplicates[rows.column("row").to_numpy()]
        rows = rows.drop_columns("row")
        rows = rows if kept.all() else rows.filter(pa.array(kept))
        if rows.num_rows:
            for part in cut_by_days(sort_by_subject(rows)):
                writer.write("events", number, part)

    # Two at a time: the sorting and the compression of neighbours overlap, memory stays at two buckets.
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda pair: write(*pair), staging.buckets()):
            pass
