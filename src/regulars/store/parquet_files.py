"""How rows are laid out in Parquet files.

A file covers one subject bucket and a run of consecutive days. Buckets (a stable hash of the subject) keep
one customer's rows together: a history reads one file for each run of days, an erasure rewrites few files.
Days are cut only when there is enough to cut: one directory for each day and bucket would give a small
shop 365 × 16 files a year of a few hundred rows each, and opening a file costs more than reading it. Within
a file rows are sorted by subject and time, and small row groups carry the statistics of day and time that
let a query skip what it does not need.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.compute import pc
from regulars.core.errors import DamagedError, UsageError
from regulars.core.files import sync_directory, sync_file
from regulars.core.ids import new_id
from regulars.core.schema import KEYS, TABLES
from regulars.store.manifest import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

FRESH = -1
"""The bucket of files that the compactor wrote as events came: any subject, merged into the buckets soon after."""
FILE_ROWS = 262_144
"""Above this many rows a bucket is cut into several files by day."""
GROUP_ROWS = 32_768


def conform(table: str, rows: pa.Table) -> pa.Table:
    """Return `rows` with the columns and types of `table`, in order.

    Raises
    ------
    UsageError
        A column is missing, has another type, or lacks a value it must have.
    """
    schema = TABLES[table]
    try:
        rows = rows.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, KeyError) as error:
        raise UsageError(f"these rows are not {table}: {error}") from None
    for field in schema:
        if not field.nullable and rows.column(field.name).null_count:
            raise UsageError(f"these rows are not {table}: '{field.name}' must not be empty")
    return rows


def buckets_of(subjects: pa.ChunkedArray, buckets: int) -> NDArray[np.int32]:
    """Return the bucket of each subject: CRC-32 modulo the number of buckets, the same on every machine."""
    encoded = subjects.combine_chunks().dictionary_encode()
    table = np.fromiter(
        (zlib.crc32(s.encode()) % buckets for s in encoded.dictionary.to_pylist()),
        dtype=np.int32,
        count=len(encoded.dictionary),
    )
    return table[encoded.indices.to_numpy(zero_copy_only=False)]


def sort_by_subject(rows: pa.Table) -> pa.Table:
    """Return event rows by subject, then time; those of one subject and instant stay in the order they came in."""
    # Ranking the few distinct subjects once and sorting numbers is several times quicker than sorting texts.
    subjects = rows.column("subject").combine_chunks().dictionary_encode()
    order = pc.array_sort_indices(subjects.dictionary).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    keys = rank[subjects.indices.to_numpy(zero_copy_only=False)]
    times = rows.column("time").cast(pa.int64()).to_numpy()
    return rows.take(pa.array(np.lexsort((times, keys))))


def cut_by_days(rows: pa.Table, limit: int = FILE_ROWS) -> Iterator[pa.Table]:
    """Yield event rows as one table, or, above `limit` rows, as runs of whole days of about `limit` rows."""
    if rows.num_rows <= limit:
        yield rows
        return
    days = rows.column("day").cast(pa.int32()).to_numpy()
    values, counts = np.unique(days, return_counts=True)
    runs = (np.cumsum(counts) - 1) // limit
    for run in np.unique(runs):
        chosen = values[runs == run]
        yield rows.filter(pa.array((days >= chosen[0]) & (days <= chosen[-1])))


class FileWriter:
    """Writes Parquet files under temporary names, then gives all of them their final names at once.

    Parameters
    ----------
    root
        The tables directory.
    temporary
        A directory on the same file system, for files that are not finished.
    """

    def __init__(self, root: Path, temporary: Path) -> None:
        self._root = root
        self.temporary = temporary
        # Name and entry go in together: several threads write, and their ends interleave.
        self._written: list[tuple[Path, FileEntry]] = []

    @property
    def entries(self) -> list[FileEntry]:
        """What has been written so far."""
        return [entry for _, entry in self._written]

    def write(self, table: str, bucket: int, rows: pa.Table) -> None:
        """Write one file durably, under a temporary name; several threads may call."""
        name = new_id("part")
        temporary = self.temporary / f"{name}.parquet"
        key = KEYS[table]
        plain: Any = [c for c in rows.column_names if c not in {key, "time", "latitude", "longitude"}]
        pq.write_table(
            rows,
            temporary,
            compression="zstd",
            row_group_size=GROUP_ROWS,
            use_dictionary=plain,
            write_page_index=False,
        )
        sync_file(temporary)
        first, last = _days(rows)
        span = f"{first:%Y%m%d}-{last:%Y%m%d}_" if first and last else ""
        entry = FileEntry(
            path=f"{table}/{_folder(bucket)}/{span}{name}.parquet",
            table=table,
            bucket=bucket,
            day_from=first,
            day_to=last,
            rows=rows.num_rows,
            bytes=temporary.stat().st_size,
        )
        self._written.append((temporary, entry))

    def publish(self) -> None:
        """Rename every file to its final name and make the names durable."""
        folders = {(self._root / entry.path).parent for entry in self.entries}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for temporary, entry in self._written:
            temporary.rename(self._root / entry.path)
        for folder in folders | {f.parent for f in folders} | {self._root}:
            sync_directory(folder)


def read_rows(root: Path, entry: FileEntry) -> pa.Table:
    """Return the rows of one file, in the schema of its table.

    Raises
    ------
    DamagedError
        The file is missing or cannot be read.
    """
    try:
        return pq.ParquetFile(root / entry.path).read().cast(TABLES[entry.table])
    except (OSError, pa.ArrowInvalid) as error:
        raise DamagedError(
            f"a table file cannot be read ({error})", where=str(root / entry.path), fix="Run `regulars doctor`."
        ) from None


def delete(root: Path, paths: Iterable[str]) -> None:
    """Delete table files; one that is already gone is no error."""
    for path in paths:
        (root / path).unlink(missing_ok=True)


def _folder(bucket: int) -> str:
    return "fresh" if bucket == FRESH else f"bucket-{bucket:03d}"


def _days(rows: pa.Table) -> tuple[date | None, date | None]:
    if "day" not in rows.column_names or rows.num_rows == 0:
        return None, None
    bounds = pc.min_max(rows.column("day")).as_py()
    return bounds["min"], bounds["max"]
