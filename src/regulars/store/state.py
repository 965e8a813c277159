"""A shop's durable state apart from its tables: one small SQLite database, shared by threads and processes.

Consents, API keys, requests and budgets are rows of it; each lives in a module of its own and brings its tables.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from regulars.core.errors import DamagedError, UsageError
from regulars.core.rights import in_utc

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

FORMAT = 1
"""Layout of the database; an older program refuses a newer one's."""
PATIENCE_SECONDS = 30.0
"""How long a writer waits for another."""

_NUMBERS = f"INSERT OR IGNORE INTO meta VALUES ('format', {FORMAT}), ('version', 0)"  # noqa: S608 - a constant
_META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"


class State:
    """An open database; created when there is none.

    Commits survive a power cut (write-ahead log, `synchronous=FULL`); deleted rows are overwritten
    (`secure_delete`); the file is its owner's alone.

    Raises
    ------
    DamagedError
        The file is not a database, or cannot be written.
    UsageError
        A newer program made it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._errors():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite would make it 0644
            self._db = sqlite3.connect(
                path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._db.execute(f"PRAGMA {pragma}")
        self.add_tables(_META, _NUMBERS)
        found = self.number("format")
        if found > FORMAT:
            self.close()
            raise UsageError(
                f"was made by a newer program (layout {found})", where=str(path), fix="Upgrade regulars and try again."
            )

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self._path

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def version(self) -> int:
        """Return a number that grows with every committed change, whichever process made it.

        Notes of when a key was last used do not count: nothing that is cached depends on them.
        """
        return self.number("version")

    def number(self, name: str) -> int:
        """Return a number of the meta table; 0 if it is not there."""
        rows = self.read("SELECT value FROM meta WHERE name = ?", (name,))
        return int(rows[0][0]) if rows else 0

    def add_tables(self, *statements: str) -> None:
        """Run statements that change nothing when they have been run before."""
        with self._begun() as db:
            for statement in statements:
                db.execute(statement)

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self, *counters: str) -> Generator[sqlite3.Connection]:
        """Yield the connection inside a write transaction: all of the block, or nothing.

        Parameters
        ----------
        counters
            Numbers of the meta table that grow with `version` if the block changes a row.

        Raises
        ------
        UsageError
            Another process has been writing for longer than `PATIENCE_SECONDS`.
        """
        with self._begun() as db:
            before = db.total_changes
            yield db
            if db.total_changes != before:
                sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
                db.executemany(sql, [(name,) for name in ("version", *counters)])

    def note(self, sql: str, rows: Iterable[Sequence[object]]) -> bool:
        """Write something of little importance, unless that means waiting; tell whether it was written.

        The version stays: what is noted must not be cached by anyone.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._db.execute("PRAGMA busy_timeout=0")
            with self._begun() as db:
                db.executemany(sql, rows)
        except UsageError:
            return False
        finally:
            self._db.execute(f"PRAGMA busy_timeout={int(PATIENCE_SECONDS * 1000)}")
            self._lock.release()
        return True

    def wipe(self) -> None:
        """Copy the log into the database and cut it to nothing, so that no deleted byte stays in it.

        Raises
        ------
        UsageError
            A reader held the log for longer than `PATIENCE_SECONDS`.
        """
        if self.read("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] != 0:
            raise UsageError(
                "what was deleted is still in the log, which somebody is reading",
                where=str(self._path),
                fix="Try again when no other program has the file open.",
            )

    def purge(self) -> None:
        """Write the whole database anew, and empty its log.

        Deleting overwrites a row, but not the copies that were left when rows moved from page to page.

        Raises
        ------
        UsageError
            A reader held the log for longer than `PATIENCE_SECONDS`.
        """
        _ = self.read("VACUUM")
        self.wipe()

    @contextmanager
    def _begun(self) -> Generator[sqlite3.Connection]:
        with self._lock, self._errors():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise UsageError(
                    "another process is writing to it", where=str(self._path), fix="Try again in a moment."
                ) from None
            raise DamagedError(
                f"cannot be used ({error})",
                where=str(self._path),
                fix="Free disk space if there is none left; otherwise restore this file from a backup.",
            ) from None


def stamp(moment: datetime) -> str:
    """Return a time as texts that sort as the times do: UTC with microseconds."""
    return in_utc(moment).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """Return the time of a stamp."""
    return None if text is None else datetime.fromisoformat(text)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
