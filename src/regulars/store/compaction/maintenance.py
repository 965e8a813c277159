"""Tidying: fresh files into buckets, visitors joined to the customers they became, small files into larger ones.

A snapshot is committed once for all of it, so that no reader ever sees a row twice or not at all.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import CUSTOMERS, EVENTS
from regulars.store.compaction.identities import joined, joins
from regulars.store.compaction.traits import profile, waiting, written
from regulars.store.parquet_files import FRESH, buckets_of, cut_by_days, read_rows, sort_by_subject
from regulars.store.progress import LogProgress
from regulars.store.upsert import merge

if TYPE_CHECKING:
    from datetime import date

    from regulars.core.settings import Settings
    from regulars.store.manifest import FileEntry
    from regulars.store.parquet_files import FileWriter
    from regulars.store.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY_SECONDS = 10.0
FRESH_FILES = 32
FRESH_ROWS = 262_144
SMALL_ROWS = 65_536
SMALL_FILES = 8
"""A bucket with this many files of fewer than SMALL_ROWS rows gets them merged into one."""


class Maintenance:
    """Looks after the files of one shop's events.

    Parameters
    ----------
    store, settings
        The shop's.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._manifest = store.manifest
        self._last = time.monotonic()
        self._retained: date | None = None
        self.entries: list[FileEntry] = []
        """What the last run wrote."""

    def run(self, *, force: bool = False) -> bool:
        """Tidy when it is time, or at once; tell whether anything was changed."""
        fresh = [entry for entry in self._manifest.files("events") if entry.bucket == FRESH]
        crowded = len(fresh) >= FRESH_FILES or sum(entry.rows for entry in fresh) >= FRESH_ROWS
        if not (force or crowded or time.monotonic() - self._last >= EVERY_SECONDS):
            return False
        self._last = time.monotonic()
        links = self._manifest.links()
        stitches = joins(links)
        traits = self._manifest.traits()
        customers = waiting(traits)
        today = datetime.now(UTC).date()
        expire = today != self._retained and bool(_limits(self._settings))
        if not (fresh or stitches or customers or expire):
            return False
        with self._store.writing() as writer:
            removed = self._write_events(writer, fresh, stitches)
            removed |= self._expire(writer, removed, today) if expire else set()
            removed |= self._write_customers(writer, customers, traits)
            stay, flushed = written(traits)
            changed, gone = joined(links)
            progress = LogProgress(links=changed, forgotten=gone, traits=stay, flushed=flushed)
            self.entries = writer.entries
            if removed or self.entries:
                writer.publish()
                self._manifest.commit(self.entries, removed, "tidied", progress)
            else:
                self._manifest.note_progress(progress)
        self._retained = today
        return bool(removed or self.entries)

    def _write_events(self, writer: FileWriter, fresh: list[FileEntry], stitches: dict[str, str]) -> set[str]:
        """Write fresh rows, and rows of visitors now known, into their buckets; return the files they came from."""
        removed = {entry.path for entry in fresh}
        pools = [read_rows(self._store.root, entry) for entry in fresh]
        for entry in self._files_of(stitches):
            rows = read_rows(self._store.root, entry)
            theirs = pc.is_in(rows.column("subject"), value_set=pa.array(list(stitches)))
            pools.append(rows.filter(theirs))
            rest = rows.filter(pc.invert(theirs))
            removed.add(entry.path)
            if rest.num_rows:
                writer.write("events", entry.bucket, rest)
        pool = pa.concat_tables(pools) if pools else EVENTS.empty_table()
        if not pool.num_rows:
            return removed
        pool = _renamed(pool, stitches)
        bucket = buckets_of(pool.column("subject"), self._store.buckets)
        for number in np.unique(bucket):
            rows = pool.filter(pa.array(bucket == number))
            small = self._small_files(int(number), removed)
            removed |= {entry.path for entry in small}
            rows = pa.concat_tables([rows, *(read_rows(self._store.root, entry) for entry in small)])
            for part in cut_by_days(sort_by_subject(rows)):
                writer.write("events", int(number), part)
        return removed

    def _small_files(self, bucket: int, removed: set[str]) -> list[FileEntry]:
        found = [
            entry
            for entry in self._manifest.files("events")
            if entry.bucket == bucket and entry.rows < SMALL_ROWS and entry.path not in removed
        ]
        return found if len(found) >= SMALL_FILES - 1 else []

    def _files_of(self, stitches: dict[str, str]) -> list[FileEntry]:
        """Return the bucket files of the last days that hold rows of these visitors."""
        if not stitches:
            return []
        since = datetime.now(UTC).date() - timedelta(days=self._settings.collect.stitch_days)
        buckets = set(buckets_of(pa.chunked_array([list(stitches)]), self._store.buckets).tolist())
        entries = [
            entry for entry in self._manifest.files("events", (since, datetime.max.date())) if entry.bucket in buckets
        ]
        return self._store.holding(entries, "subject", stitches)

    def _expire(self, writer: FileWriter, removed: set[str], today: date) -> set[str]:
        """Rewrite files with rows that are older than they may become; return the files they were in."""
        limits = _limits(self._settings)
        gone: set[str] = set()
        for entry in self._manifest.files("events", (datetime.min.date(), _before(today, min(limits.values())))):
            if entry.path in removed:
                continue
            rows = read_rows(self._store.root, entry)
            kept = rows.filter(_young(rows, today, limits))
            if kept.num_rows < rows.num_rows:
                gone.add(entry.path)
                if kept.num_rows:
                    writer.write("events", entry.bucket, kept)
        return gone

    def _write_customers(self, writer: FileWriter, names: list[str], traits: dict[str, tuple[int, str]]) -> set[str]:
        if not names:
            return set()
        old: pa.Table = self._store.run(self._store.table("customers"))
        known = old.filter(pc.is_in(old.column("subject"), value_set=pa.array(names))).to_pylist()
        before = {row["subject"]: row for row in known}
        rows = [_customer(subject, traits, before.get(subject)) for subject in names]
        merged, _ = merge("customers", old, pa.Table.from_pylist(rows, schema=CUSTOMERS))
        writer.write("customers", 0, merged)
        return {entry.path for entry in self._manifest.files("customers")}


def _renamed(rows: pa.Table, stitches: dict[str, str]) -> pa.Table:
    if not stitches:
        return rows
    subjects = [stitches.get(subject, subject) for subject in rows.column("subject").to_pylist()]
    place = rows.schema.get_field_index("subject")
    return rows.set_column(place, EVENTS.field("subject"), pa.array(subjects, pa.string()))


def _customer(subject: str, traits: dict[str, tuple[int, str]], before: dict[str, Any] | None) -> dict[str, object]:
    old = msgspec.json.decode(before["attributes"] or "{}") if before else None
    known = before["created"] if before else None
    since = None if known is None else (known - _EPOCH) // timedelta(microseconds=1)
    created, attributes = profile(subject, traits, old, since)
    return {"subject": subject, "created": _EPOCH + timedelta(microseconds=created), "attributes": attributes}


def _before(today: date, days: int) -> date:
    try:
        return today - timedelta(days=days + 1)
    except OverflowError:
        return datetime.min.date()


def _limits(settings: Settings) -> dict[str, int]:
    """Return the days that each kind may be kept; '' stands for all others."""
    privacy = settings.privacy
    return privacy.keep_days_by_kind | ({"": privacy.keep_days} if privacy.keep_days else {})


def _young(rows: pa.Table, today: date, limits: dict[str, int]) -> pa.Array:
    """Return which rows are not older than their kind may become."""
    kinds = rows.column("kind").to_pylist()
    days = {kind: limits.get(kind, limits.get("")) for kind in set(kinds)}
    limit = {
        kind: np.datetime64(datetime.min.date() if most is None else _before(today, most))
        for kind, most in days.items()
    }
    oldest = np.array([limit[kind] for kind in kinds], dtype="datetime64[D]")
    return pa.array(rows.column("day").to_numpy() > oldest)
