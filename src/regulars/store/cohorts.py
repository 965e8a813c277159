"""Saved groups of customers: their definitions, and the lists of those that are fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from regulars.core.cohorts import Cohort
from regulars.core.errors import NotFoundError, UsageError
from regulars.core.rights import Removal
from regulars.store.state import moment, now, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from regulars.store.state import State

COUNTER = "cohorts"
"""The number of the state that grows with every change of a cohort."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS cohorts (name TEXT PRIMARY KEY, description TEXT NOT NULL, rules TEXT NOT NULL,"
    " fixed INTEGER NOT NULL, version INTEGER NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS cohort_members (cohort TEXT NOT NULL, subject TEXT NOT NULL,"
    " PRIMARY KEY (cohort, subject)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS cohort_members_subject ON cohort_members (subject)",
)
_SELECT = (
    "SELECT name, description, rules, version, created, changed,"
    " CASE WHEN fixed THEN (SELECT count(*) FROM cohort_members WHERE cohort = name) END FROM cohorts"
)


class SavedCohorts:
    """The cohorts of one shop. A fixed list holds pseudonyms."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.add_tables(*_TABLES)

    def version(self) -> int:
        """Return a number that grows with every change, whichever process made it."""
        return self._state.number(COUNTER)

    def list(self) -> list[Cohort]:
        """Return every cohort, by name."""
        return [_cohort(row) for row in self._state.read(f"{_SELECT} ORDER BY name")]

    def get(self, name: str) -> Cohort:
        """Return one cohort.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        rows = self._state.read(f"{_SELECT} WHERE name = ?", (name,))
        if not rows:
            fix = "`regulars cohorts list` shows those there are."
            raise NotFoundError(f"there is no cohort '{name[:80]}'", fix=fix)
        return _cohort(rows[0])

    def save(
        self,
        name: str,
        rules: Sequence[str],
        description: str = "",
        subjects: Sequence[str] | None = None,
        *,
        replace: bool = False,
    ) -> Cohort:
        """Keep a definition.

        Parameters
        ----------
        name, rules, description
            What it is called, its rules as text, and what a person says of it.
        subjects
            The pseudonyms of its fixed list; None: it has none.
        replace
            Whether one of this name is replaced; its version grows.

        Raises
        ------
        UsageError
            There is one of this name, which is not to be replaced.
        """
        at = stamp(now())
        with self._state.transaction(COUNTER) as db:
            old = db.execute("SELECT version, created FROM cohorts WHERE name = ?", (name,)).fetchone()
            if old and not replace:
                fix = "Replace it, or use another name."
                raise UsageError(f"there is a cohort '{name}' already", where="name", fix=fix)
            version, created = (old[0] + 1, old[1]) if old else (1, at)
            values = (name, description, msgspec.json.encode(list(rules)).decode(), subjects is not None, version)
            db.execute("INSERT OR REPLACE INTO cohorts VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, created, at))
            db.execute("DELETE FROM cohort_members WHERE cohort = ?", (name,))
            rows = [(name, subject) for subject in dict.fromkeys(subjects or ())]
            db.executemany("INSERT INTO cohort_members VALUES (?, ?)", rows)
        return self.get(name)

    def delete(self, name: str) -> None:
        """Forget a cohort.

        Raises
        ------
        NotFoundError
            There is none of this name.
        """
        with self._state.transaction(COUNTER) as db:
            if db.execute("DELETE FROM cohorts WHERE name = ?", (name,)).rowcount == 0:
                raise NotFoundError(f"there is no cohort '{name[:80]}'")
            db.execute("DELETE FROM cohort_members WHERE cohort = ?", (name,))

    def listed(self, name: str) -> list[str] | None:
        """Return the pseudonyms of a fixed list, in their order; None: the cohort has none."""
        if not self._state.read("SELECT 1 FROM cohorts WHERE name = ? AND fixed", (name,)):
            return None
        rows = self._state.read("SELECT subject FROM cohort_members WHERE cohort = ? ORDER BY subject", (name,))
        return [subject for (subject,) in rows]

    def erase(self, subjects: Sequence[str]) -> list[Removal]:
        """Take people out of every fixed list."""
        with self._state.transaction(COUNTER) as db:
            sql = "DELETE FROM cohort_members WHERE subject = ?"
            count = sum(db.execute(sql, (subject,)).rowcount for subject in subjects)
        return [Removal(where="cohorts", what="places on fixed lists of customers", count=count)]


def _cohort(row: tuple[Any, ...]) -> Cohort:
    name, description, rules, version, created, changed, listed = row
    return Cohort(
        name=name,
        rules=msgspec.json.decode(rules, type=list[str]),
        description=description,
        listed=listed,
        version=version,
        created=cast("datetime", moment(created)),
        changed=cast("datetime", moment(changed)),
    )
