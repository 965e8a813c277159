"""Which Parquet files make up each table, snapshot by snapshot: a small SQLite database.

A snapshot is one committed change. The file list of a snapshot never changes, so a reader that
holds one is never disturbed by a writer.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import DamagedError
from regulars.store.progress import LogProgress, write_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

FORMAT = 2
"""Layout of the directory; a newer program can tell an older one's."""
KEEP_SNAPSHOTS = 1_000
NEWEST = 2**62
"""Above the number of any snapshot."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE snapshots (id INTEGER PRIMARY KEY, time TEXT NOT NULL, note TEXT NOT NULL);
CREATE TABLE files (
    path TEXT PRIMARY KEY, table_name TEXT NOT NULL, bucket INTEGER NOT NULL,
    day_from TEXT, day_to TEXT, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    snapshot_added INTEGER NOT NULL REFERENCES snapshots (id),
    snapshot_removed INTEGER REFERENCES snapshots (id)
) WITHOUT ROWID;
CREATE TABLE versions (table_name TEXT PRIMARY KEY, snapshot INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX files_current ON files (table_name, snapshot_removed, day_from, day_to);
CREATE TABLE positions (segment TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
    subject TEXT PRIMARY KEY, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, session TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE links (anonymous TEXT PRIMARY KEY, known TEXT NOT NULL, stitched INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX links_known ON links (known);
CREATE TABLE traits (subject TEXT PRIMARY KEY, time INTEGER NOT NULL, attributes TEXT NOT NULL) WITHOUT ROWID;
"""
"""`versions`: the newest snapshot that changed each table.
`positions`: how far each file of the log is in the tables. `sessions`: the latest session of each visitor.
`links`: whom an anonymous visitor turned out to be, and whether the rows stored before are joined on.
`traits`: what customers said of themselves and the customers table does not hold yet."""


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: where it is (relative to the tables directory) and what it covers."""

    path: str
    table: str
    bucket: int
    day_from: date | None
    day_to: date | None
    rows: int
    bytes: int


class Manifest:
    """The database of files and snapshots; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            # A write-ahead log lets readers go on during a commit; FULL makes the commit survive a power cut.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            # What is erased must not stay behind in free pages.
            self._db.execute("PRAGMA secure_delete=ON")
        except sqlite3.DatabaseError as error:
            raise _damaged(path, error) from None

    @classmethod
    def create(cls, path: Path, buckets: int) -> Manifest:
        """Make an empty manifest; a half-made one of a crashed `create` is completed."""
        manifest = cls(path)
        with manifest._transaction() as db:
            if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                # The tenant's number keeps pseudonyms of different shops apart, even under one master key.
                meta = [("format", FORMAT), ("buckets", buckets), ("tenant", secrets.randbits(62))]
                db.executemany("INSERT INTO meta VALUES (?, ?)", meta)
                db.execute("INSERT INTO snapshots VALUES (0, ?, 'created')", (_now(),))
        return manifest

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def meta(self, name: str) -> int:
        """Return a number fixed at creation: `format`, `buckets` or `tenant`."""
        rows = self._read("SELECT value FROM meta WHERE name = ?", (name,))
        if not rows:
            raise DamagedError(f"has no '{name}'", where=str(self._path), fix="Restore it from a backup.")
        return int(rows[0][0])

    def snapshot(self) -> int:
        """Return the number of the newest snapshot."""
        return int(self._read("SELECT max(id) FROM snapshots", ())[0][0])

    def version(self, table: str) -> int:
        """Return the newest snapshot that changed `table`."""
        # Not read off the files: those that an erasure removed are forgotten at once, and a version never goes back.
        rows = self._read("SELECT snapshot FROM versions WHERE table_name = ?", (table,))
        return int(rows[0][0]) if rows else 0

    def files(
        self, table: str, days: tuple[date, date] = (date.min, date.max), as_of: int = NEWEST
    ) -> tuple[FileEntry, ...]:
        """Return the files of `table` at snapshot `as_of` that may hold rows of these days, oldest first."""
        sql = (
            "SELECT path, table_name, bucket, day_from, day_to, rows, bytes FROM files"
            " WHERE table_name = ? AND snapshot_added <= ? AND coalesce(snapshot_removed > ?, TRUE)"
            " AND (day_to IS NULL OR day_to >= ?) AND (day_from IS NULL OR day_from <= ?)"
            " ORDER BY day_from, bucket, path"
        )
        first, last = (day.isoformat() for day in days)
        return tuple(_entry(row) for row in self._read(sql, (table, as_of, as_of, first, last)))

    def totals(self, table: str) -> tuple[int, date | None, date | None]:
        """Return rows, first day and last day of `table`, without reading it."""
        sql = (
            "SELECT coalesce(sum(rows), 0), min(day_from), max(day_to) FROM files"
            " WHERE table_name = ? AND snapshot_removed IS NULL"
        )
        rows, first, last = self._read(sql, (table,))[0]
        return int(rows), _day(first), _day(last)

    def all_paths(self) -> frozenset[str]:
        """Return every path the manifest knows, removed ones included."""
        return frozenset(str(row[0]) for row in self._read("SELECT path FROM files", ()))

    def commit(
        self, added: Iterable[FileEntry], removed: Iterable[str], note: str, progress: LogProgress | None = None
    ) -> int:
        """Make one snapshot of new and removed files, all or nothing; return its number.

        `progress` is what the compactor knows after these files: it becomes true together with them, or not.
        """
        with self._transaction() as db:
            number = int(db.execute("SELECT max(id) + 1 FROM snapshots").fetchone()[0])
            db.execute("INSERT INTO snapshots VALUES (?, ?, ?)", (number, _now(), note))
            rows = [
                (f.path, f.table, f.bucket, _text(f.day_from), _text(f.day_to), f.rows, f.bytes, number) for f in added
            ]
            db.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", rows)
            marks = [(number, path) for path in removed]
            db.executemany("UPDATE files SET snapshot_removed = ? WHERE path = ?", marks)
            db.execute(
                "INSERT OR REPLACE INTO versions SELECT DISTINCT table_name, ? FROM files"
                " WHERE snapshot_added = ? OR snapshot_removed = ?",
                (number, number, number),
            )
            if progress is not None:
                write_progress(db, progress)
        return number

    def note_progress(self, progress: LogProgress) -> None:
        """Note what the compactor knows where no table changed."""
        with self._transaction() as db:
            write_progress(db, progress)

    def positions(self) -> dict[str, int]:
        """Return how far each file of the log is in the tables, in bytes."""
        return {str(name): int(offset) for name, offset in self._read("SELECT segment, offset FROM positions", ())}

    def sessions(self) -> dict[str, tuple[int, int, str]]:
        """Return the latest session of each visitor: begin and end (microseconds since 1970), and its id."""
        rows = self._read("SELECT subject, first_time, last_time, session FROM sessions", ())
        return {str(subject): (int(first), int(last), str(session)) for subject, first, last, session in rows}

    def links(self) -> dict[str, tuple[str, bool]]:
        """Return whom each anonymous visitor turned out to be, and whether earlier rows are joined on."""
        rows = self._read("SELECT anonymous, known, stitched FROM links", ())
        return {str(anonymous): (str(known), bool(stitched)) for anonymous, known, stitched in rows}

    def latest(self, subject: str) -> str:
        """Return who a visitor, or a customer who was merged into another, is by now."""
        sql = (
            "WITH RECURSIVE chain (name, depth) AS (SELECT ?, 0 UNION"
            " SELECT known, depth + 1 FROM links JOIN chain ON anonymous = name WHERE depth < 100)"
            " SELECT name FROM chain ORDER BY depth DESC LIMIT 1"
        )
        return str(self._read(sql, (subject,))[0][0])

    def linked(self, known: str) -> list[str]:
        """Return everyone that one customer was: devices, customers merged into them, and theirs in turn."""
        sql = (
            "WITH RECURSIVE was (name) AS (SELECT ? UNION"
            # A first person of a device that went on to another stands under the device's name and a mark.
            " SELECT rtrim(anonymous, '~') FROM links JOIN was ON known = name)"
            " SELECT name FROM was WHERE name <> ? ORDER BY name"
        )
        return [str(row[0]) for row in self._read(sql, (known, known))]

    def linked_all(self, known: frozenset[str]) -> frozenset[str]:
        """Return everyone that any of these customers was."""
        if not known or not self._read("SELECT 1 FROM links LIMIT 1", ()):
            return frozenset()
        return frozenset(name for one in known for name in self.linked(one))

    def traits(self) -> dict[str, tuple[int, str]]:
        """Return the traits that the customers table does not hold yet: time and a JSON object of each customer."""
        rows = self._read("SELECT subject, time, attributes FROM traits", ())
        return {str(subject): (int(time), str(attributes)) for subject, time, attributes in rows}

    def purge(self) -> None:
        """Write the database anew and empty its log, so that nothing erased stays in either.

        Deleting overwrites a row, but not the copies that were left when rows moved from page to page.
        """
        _ = self._read("VACUUM", ())
        _ = self._read("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def removed_before(self, moment: datetime | None) -> list[str]:
        """Return the files that left their table in a snapshot older than `moment` (None: in any)."""
        moment = moment or datetime.max.replace(tzinfo=UTC)
        sql = "SELECT path FROM files JOIN snapshots ON id = snapshot_removed WHERE time < ?"
        return [str(row[0]) for row in self._read(sql, (moment.isoformat(timespec="microseconds"),))]

    def forget(self, paths: Iterable[str]) -> None:
        """Drop removed files from the history once they are deleted."""
        with self._transaction() as db:
            sql = "DELETE FROM files WHERE path = ? AND snapshot_removed IS NOT NULL"
            db.executemany(sql, [(path,) for path in paths])
            # A collecting shop makes two snapshots a second: those that no file remembers are history of nothing.
            db.execute(
                "DELETE FROM snapshots WHERE id > 0 AND id < (SELECT max(id) FROM snapshots) - ?"
                " AND id NOT IN (SELECT snapshot_added FROM files)"
                " AND id NOT IN (SELECT snapshot_removed FROM files WHERE snapshot_removed IS NOT NULL)",
                (KEEP_SNAPSHOTS,),
            )

    def _read(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(self._path, error) from None

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                raise _damaged(self._path, error) from None
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def _entry(row: tuple[Any, ...]) -> FileEntry:
    path, table, bucket, first, last, rows, size = row
    return FileEntry(
        path=str(path),
        table=str(table),
        bucket=int(bucket),
        day_from=_day(first),
        day_to=_day(last),
        rows=int(rows),
        bytes=int(size),
    )


def _damaged(path: Path, error: sqlite3.DatabaseError) -> DamagedError:
    return DamagedError(
        f"the list of table files cannot be used ({error})",
        where=str(path),
        fix="Free disk space if there is none left; otherwise restore this file from a backup.",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
