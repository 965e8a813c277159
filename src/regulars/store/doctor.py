"""Looking after the files: what should be there, what should not."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.records import Check
from regulars.core.schema import TABLES
from regulars.store.parquet_files import delete

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.store.manifest import FileEntry, Manifest

KEEP = timedelta(hours=1)
"""A file that left its table stays this long for readers that still use the older snapshot."""
SPILL_AGE = timedelta(days=1)
"""A spill directory untouched for this long belongs to a process that died."""


def check_files(manifest: Manifest, root: Path) -> list[Check]:
    """Return one check for each table: every file is there, whole, and holds the rows it should."""
    checks: list[Check] = []
    for table in TABLES:
        entries = manifest.files(table)
        problems = [p for p in (_problem(root / e.path, e) for e in entries) if p]
        rows = sum(e.rows for e in entries)
        checks.append(
            Check(
                name=f"table files: {table}",
                ok=not problems,
                detail="; ".join(problems[:5]) if problems else f"{len(entries)} files, {rows} rows",
                fix="Restore these files from a backup, or import the days again." if problems else "",
            )
        )
    return checks


def clear_removed(manifest: Manifest, root: Path, keep: timedelta = KEEP) -> list[str]:
    """Delete files that left their table more than `keep` ago; return their paths."""
    removed = manifest.removed_before(datetime.now(UTC) - keep)
    if removed:
        delete(root, removed)
        manifest.forget(removed)
    return removed


def clear_unknown(manifest: Manifest, root: Path) -> list[str]:
    """Delete files that no snapshot knows and temporary folders; return their paths.

    Only for the holder of the writer's lock: it cannot tell another writer's unfinished files from a crash's.
    Never done unasked: after a lost manifest these files are all there is.
    """
    found = {str(p.relative_to(root)) for table in TABLES for p in (root / table).rglob("*.parquet")}
    orphans = sorted(found - manifest.all_paths())
    delete(root, orphans)
    folders = sorted([*(root / "tmp").glob("*"), *(p for p in root.glob("spill_*") if _is_abandoned(p))])
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return [*orphans, *(str(folder.relative_to(root)) for folder in folders)]


def _is_abandoned(folder: Path) -> bool:
    # Its engine may belong to a process that is still answering a question.
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC) < datetime.now(UTC) - SPILL_AGE


def _problem(path: Path, entry: FileEntry) -> str:
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            return f"{path} has {size} bytes instead of {entry.bytes}"
        with pq.ParquetFile(path) as file:
            rows = file.metadata.num_rows
    except OSError as error:
        return f"{path} cannot be read ({error.strerror or error})"
    except pa.ArrowInvalid:
        return f"{path} is not a Parquet file"
    return "" if rows == entry.rows else f"{path} holds {rows} rows instead of {entry.rows}"
