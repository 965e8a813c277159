"""Taking people out of the tables, physically: their rows, and every mention of them in others' rows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.compute import pc
from regulars.core.rights import Removal
from regulars.core.schema import EVENTS, TABLES
from regulars.store.parquet_files import delete, read_rows
from regulars.store.progress import LogProgress

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from regulars.store.store import Store


def remove_subjects(store: Store, subjects: Collection[str]) -> list[Removal]:
    """Rewrite the files that hold these people, delete the old ones at once, and forget what is known of them.

    Everyone else's rows stay as they are, in the same order. Readers that still hold the older snapshot lose its
    files: an erased row must not be readable for another hour.
    """
    manifest, wanted = store.manifest, pa.array(sorted(subjects))
    events = mentions = customers = 0
    with store.writing() as writer:
        entries = manifest.files("events")
        holding = {e.path: e for c in ("subject", "referrer") for e in store.holding(entries, c, subjects)}
        removed = list(holding)
        for entry in holding.values():
            rows = read_rows(store.root, entry)
            kept = rows.filter(pc.invert(pc.is_in(rows.column("subject"), value_set=wanted)))
            events += rows.num_rows - kept.num_rows
            theirs = pc.fill_null(pc.is_in(kept.column("referrer"), value_set=wanted), False)
            mentions += pc.sum(theirs).as_py() or 0
            referrer = pc.if_else(theirs, pa.scalar(None, pa.string()), kept.column("referrer"))
            kept = kept.set_column(EVENTS.get_field_index("referrer"), EVENTS.field("referrer"), referrer)
            if kept.num_rows:
                writer.write("events", entry.bucket, kept)
        people: pa.Table = store.run(store.table("customers"))
        others = people.filter(pc.invert(pc.is_in(people.column("subject"), value_set=wanted)))
        customers = people.num_rows - others.num_rows
        if customers:
            removed += [entry.path for entry in manifest.files("customers")]
            if others.num_rows:
                writer.write("customers", 0, others)
        writer.publish()
        progress = LogProgress(forgotten=sorted(subjects))
        if removed:
            manifest.commit(writer.entries, removed, "people removed", progress)
        else:
            manifest.note_progress(progress)
        delete_now(store)
        _clear_leftovers(store, wanted, writer.temporary)
    return [
        Removal(where="tables/events", what="events", count=events),
        Removal(where="tables/events", what="mentions as the one who referred", count=mentions),
        Removal(where="tables/customers", what="profiles", count=customers),
    ]


def _clear_leftovers(store: Store, subjects: pa.Array, keep: Path) -> None:
    """Delete what a crash left behind, as far as it may hold these people: nobody else is writing now.

    Files that no snapshot knows and that hold other people stay: after a lost manifest they are all there is.
    """
    for folder in (store.root / "tmp").glob("*"):
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
    known = store.manifest.all_paths()
    for table in TABLES:
        for path in (store.root / table).rglob("*.parquet"):
            if str(path.relative_to(store.root)) not in known and _mentions(path, subjects):
                path.unlink(missing_ok=True)


def _mentions(path: Path, subjects: pa.Array) -> bool:
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in ("subject", "referrer") if name in file.schema_arrow.names]
            rows = file.read(columns)
    except (OSError, pa.ArrowInvalid):
        # Cut short by the crash: it can be of no use to anyone.
        return True
    return any(pc.any(pc.is_in(rows.column(name), value_set=subjects)).as_py() for name in columns)


def delete_now(store: Store) -> None:
    """Delete every file that left its table, whatever its age, and what the database kept of it."""
    gone = store.manifest.removed_before(None)
    delete(store.root, gone)
    store.manifest.forget(gone)
    store.manifest.purge()
