"""What each person agreed to and refused: every answer, and the one in force.

An answer in force is replaced only by one with a later time, however late it arrives; of two at the same time the
refusal holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.core.errors import UsageError
from regulars.core.rights import PURPOSES, Consent
from regulars.store.state import moment, stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from regulars.store.state import State

_COUNTER = "consents"
_COLUMNS = "subject, purpose, time, given, source, notice"
_TABLES = (
    # The same answer sent twice is one answer.
    "CREATE TABLE IF NOT EXISTS consent_answers (subject TEXT, purpose TEXT, time TEXT, given INTEGER, source TEXT,"
    " notice TEXT, PRIMARY KEY (subject, time, purpose, given, source, notice)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS consents (subject TEXT, purpose TEXT, time TEXT NOT NULL, given INTEGER NOT NULL,"
    " source TEXT NOT NULL, notice TEXT NOT NULL, PRIMARY KEY (subject, purpose)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS consents_by_purpose ON consents (purpose, given, subject)",
    "CREATE TABLE IF NOT EXISTS suppressed (hash TEXT PRIMARY KEY) WITHOUT ROWID",
)
_KEEP = f"INSERT OR IGNORE INTO consent_answers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_SETTLE = (
    f"INSERT INTO consents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subject, purpose) DO UPDATE SET"  # noqa: S608
    " time = excluded.time, given = excluded.given, source = excluded.source, notice = excluded.notice"
    " WHERE excluded.time > time OR (excluded.time = time AND excluded.given < given)"
)


class Consents:
    """Answers and the suppression list of one shop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._sets: dict[str, tuple[int, frozenset[str]]] = {}
        state.add_tables(*_TABLES)

    def version(self) -> int:
        """Return a number that grows with every change of an answer or of the suppression list."""
        return self._state.number(_COUNTER)

    def record(self, items: Iterable[Consent]) -> None:
        """Keep answers, all or none.

        Raises
        ------
        UsageError
            A purpose does not exist, or a time has no zone.
        """
        rows = [_row(item) for item in items]
        if rows:
            with self._state.transaction(_COUNTER) as db:
                _write(db, rows)

    def current(self, subject: str) -> dict[str, Consent]:
        """Return purpose → the answer in force, for the purposes that were answered."""
        sql = f"SELECT {_COLUMNS} FROM consents WHERE subject = ?"  # noqa: S608
        found = {row[1]: _consent(row) for row in self._state.read(sql, (subject,))}
        return {purpose: found[purpose] for purpose in PURPOSES if purpose in found}

    def history(self, subject: str) -> list[Consent]:
        """Return every answer of a person, oldest first."""
        sql = f"SELECT {_COLUMNS} FROM consent_answers WHERE subject = ? ORDER BY time, purpose, given DESC"  # noqa: S608
        return [_consent(row) for row in self._state.read(sql, (subject,))]

    def given(self, purpose: str) -> frozenset[str]:
        """Return who agreed to a purpose; read again only after a change."""
        return self._people(purpose, given=True)

    def refused(self, purpose: str) -> frozenset[str]:
        """Return who refused a purpose; read again only after a change."""
        return self._people(purpose, given=False)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return purpose → how many people have agreed (`given`) and `refused`."""
        found = {purpose: {"given": 0, "refused": 0} for purpose in PURPOSES}
        for purpose, given, count in self._state.read("SELECT purpose, given, count(*) FROM consents GROUP BY 1, 2"):
            found[str(purpose)]["given" if given else "refused"] = int(count)
        return found

    def forget(self, subject: str) -> int:
        """Delete every answer of a person and return how many there were.

        Raises
        ------
        UsageError
            They are deleted, but somebody reads the log in which they still stand; forget again.
        """
        with self._state.transaction(_COUNTER) as db:
            count = db.execute("DELETE FROM consent_answers WHERE subject = ?", (subject,)).rowcount
            db.execute("DELETE FROM consents WHERE subject = ?", (subject,))
        self._state.wipe()
        return int(count)

    def move(self, old: str, new: str) -> int:
        """Give a visitor's answers to the customer they turned out to be; the newer answer holds.

        Returns
        -------
            How many answers were moved.
        """
        if old == new:
            return 0
        with self._state.transaction(_COUNTER) as db:
            sql = f"SELECT {_COLUMNS} FROM consent_answers WHERE subject = ?"  # noqa: S608
            rows = [(new, *row[1:]) for row in db.execute(sql, (old,)).fetchall()]
            _write(db, rows)
            db.execute("DELETE FROM consent_answers WHERE subject = ?", (old,))
            db.execute("DELETE FROM consents WHERE subject = ?", (old,))
        return len(rows)

    def suppress(self, hashes: Iterable[str]) -> None:
        """Put people on the list of those whose data must not come back; the list holds keyed hashes alone."""
        with self._state.transaction(_COUNTER) as db:
            db.executemany("INSERT OR IGNORE INTO suppressed VALUES (?)", [(name,) for name in hashes])

    def unsuppress(self, suppressed: str) -> None:
        """Take somebody off the list: they came back and agreed."""
        with self._state.transaction(_COUNTER) as db:
            db.execute("DELETE FROM suppressed WHERE hash = ?", (suppressed,))

    def suppressed(self) -> frozenset[str]:
        """Return the list; read again only after a change."""
        return self._cached("suppressed", "SELECT hash FROM suppressed", ())

    def _people(self, purpose: str, *, given: bool) -> frozenset[str]:
        _check(purpose)
        sql = "SELECT subject FROM consents WHERE purpose = ? AND given = ?"
        return self._cached(f"{purpose}:{given}", sql, (purpose, given))

    def _cached(self, name: str, sql: str, values: tuple[object, ...]) -> frozenset[str]:
        # The version is read first: a change in between makes the next call read again, never keep the old.
        version = self.version()
        kept = self._sets.get(name)
        if kept is None or kept[0] != version:
            kept = (version, frozenset(str(row[0]) for row in self._state.read(sql, values)))
            self._sets[name] = kept
        return kept[1]


def _write(db: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    db.executemany(_KEEP, rows)
    db.executemany(_SETTLE, rows)


def _row(item: Consent) -> tuple[Any, ...]:
    _check(item.purpose)
    return item.subject, item.purpose, stamp(item.time), int(item.given), item.source, item.notice


def _consent(row: tuple[Any, ...]) -> Consent:
    subject, purpose, time, given, source, notice = row
    at = moment(time)
    assert at is not None  # noqa: S101 - the column is never null
    return Consent(subject=subject, purpose=purpose, time=at, given=bool(given), source=source, notice=notice)


def _check(purpose: str) -> None:
    if purpose not in PURPOSES:
        raise UsageError(f"'{purpose}' is not a purpose", fix=f"Use one of {', '.join(PURPOSES)}.")
