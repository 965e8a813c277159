"""One key for each person: what is sealed with it is gone, everywhere and in every copy, once the key is.

Each key is wrapped by the master key, and beside it lies the person's original id, sealed with the key itself.

A row whose key is deleted is emptied in place and never removed. SQLite overwrites what it deletes
(`secure_delete`), but when pages fill or empty it moves rows between them and leaves the bytes where they were: in
a table ordered by subject, 3 of 1,500 deleted keys could still be read in the file. Rows that are only ever added
at the end, and only ever shrink, never move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.core.errors import DamagedError
from regulars.privacy.sealing import KEY_BYTES, cipher, new_key, seal, unseal, unwrap, wrap
from regulars.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FIELD = "id"
"""The field under which an original id is sealed."""

_CHECK = "regulars"  # no pseudonym: those have 12 characters
_BATCH = 500  # values in one IN (…)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS subject_keys (row INTEGER PRIMARY KEY, subject TEXT, wrapped BLOB, name TEXT)",
    "CREATE UNIQUE INDEX IF NOT EXISTS subject_keys_subjects ON subject_keys (subject) WHERE subject IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS master_check (tenant TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID",
)


class SubjectKeys:
    """The keys of one tenant's customers; two processes may share the file.

    No key stays in memory: one that another process deletes is gone here too.

    Parameters
    ----------
    path
        `keys.db`, made when there is none.
    master
        32 bytes that wrap the keys.
    tenant
        Name of the shop; a key wrapped for one does not open for another.

    Raises
    ------
    DamagedError
        The file was made with another master key, or is not a database.
    """

    def __init__(self, path: Path, master: bytes, tenant: str) -> None:
        self._master = cipher(master)
        self._tenant = tenant
        self._state = State(path)
        self._state.add_tables(*_TABLES)
        try:
            self._check_master()
        except BaseException:
            self._state.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._state.close()

    def ensure(self, subjects_with_ids: Mapping[str, str]) -> dict[str, bytes]:
        """Return a key for every subject; make those that are missing, all in one transaction.

        Parameters
        ----------
        subjects_with_ids
            Pseudonym → original id. The id of a subject that has a key already is not looked at.
        """
        found = self.keys(subjects_with_ids)
        missing = [subject for subject in subjects_with_ids if subject not in found]
        if not missing:
            return found
        with self._state.transaction() as db:
            # Another process may have made some since.
            found |= self.keys(missing)
            made = {subject: new_key() for subject in missing if subject not in found}
            db.executemany(
                "INSERT INTO subject_keys (subject, wrapped, name) VALUES (?, ?, ?)",
                [self._row(subject, key, subjects_with_ids[subject]) for subject, key in made.items()],
            )
        return found | made

    def key(self, subject: str) -> bytes | None:
        """Return a subject's key, or None: it never had one, or it was deleted."""
        return self.keys((subject,)).get(subject)

    def keys(self, subjects: Iterable[str]) -> dict[str, bytes]:
        """Return the keys of those subjects that have one.

        Raises
        ------
        DamagedError
            A key does not open.
        """
        return {subject: self._unwrap(subject, wrapped) for subject, wrapped, _ in self._rows(subjects)}

    def names(self, subjects: Iterable[str]) -> dict[str, str]:
        """Return the original ids of those subjects whose key is there.

        Raises
        ------
        DamagedError
            A key or an id does not open.
        """
        return {
            subject: unseal(self._unwrap(subject, wrapped), name, tenant=self._tenant, subject=subject, field=FIELD)
            for subject, wrapped, name in self._rows(subjects)
        }

    def name(self, subject: str) -> str | None:
        """Return a subject's original id, or None if its key is gone."""
        return self.names((subject,)).get(subject)

    def delete(self, subject: str) -> bool:
        """Destroy a key and tell whether there was one (see `delete_many`)."""
        return self.delete_many((subject,)) == 1

    def delete_many(self, subjects: Iterable[str]) -> int:
        """Destroy keys so that no byte of them stays in the file or its log; return how many there were.

        Flash memory keeps old blocks for a while, and backups what they copied: encrypt the disk, and let backups
        of this file expire soon.

        Raises
        ------
        UsageError
            They are deleted, but somebody reads the log in which they still stand; delete again.
        """
        with self._state.transaction() as db:
            sql = "UPDATE subject_keys SET subject = NULL, wrapped = NULL, name = NULL WHERE subject = ?"
            removed = db.executemany(sql, [(subject,) for subject in subjects]).rowcount
        self._state.wipe()
        return int(removed)

    def purge(self) -> None:
        """Write the file anew, without a trace of what was deleted."""
        self._state.purge()

    def count(self) -> int:
        """Return how many subjects have a key."""
        return int(self._state.read("SELECT count(subject) FROM subject_keys")[0][0])

    def forgotten(self) -> int:
        """Return how many keys were deleted."""
        return int(self._state.read("SELECT count(*) - count(subject) FROM subject_keys")[0][0])

    def _row(self, subject: str, key: bytes, name: str) -> tuple[str, bytes, str]:
        wrapped = wrap(self._master, key, subject, tenant=self._tenant)
        return subject, wrapped, seal(key, name, tenant=self._tenant, subject=subject, field=FIELD)

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        return unwrap(self._master, wrapped, subject, tenant=self._tenant)

    def _rows(self, subjects: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = list(dict.fromkeys(subjects))
        for start in range(0, len(wanted), _BATCH):
            part = wanted[start : start + _BATCH]
            # Padded to one length, so that SQLite prepares one statement; NULL matches nothing.
            values = part + [None] * (_BATCH - len(part)) if len(wanted) > 1 else part
            marks = ",".join("?" * len(values))
            sql = f"SELECT subject, wrapped, name FROM subject_keys WHERE subject IN ({marks})"  # noqa: S608
            yield from self._state.read(sql, values)

    def _check_master(self) -> None:
        """Prove by a key that is always zero that the master key is the one the file was made with."""
        with self._state.transaction() as db:
            sql = "SELECT wrapped FROM master_check WHERE tenant = ?"
            row = db.execute(sql, (self._tenant,)).fetchone()
            if row is None:
                if db.execute("SELECT 1 FROM master_check").fetchone() is not None:
                    raise DamagedError("holds the keys of another shop", where=str(self._state.path))
                wrapped = wrap(self._master, bytes(KEY_BYTES), _CHECK, tenant=self._tenant)
                db.execute("INSERT INTO master_check VALUES (?, ?)", (self._tenant, wrapped))
                return
        try:
            _ = self._unwrap(_CHECK, row[0])
        except DamagedError:
            raise DamagedError(
                "was made with another master key",
                where=str(self._state.path),
                fix="Set REGULARS_MASTER_KEY, or restore master.key, to what it was when the shop was made.",
            ) from None
