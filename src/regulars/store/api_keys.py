"""Who may send and read: keys are shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from regulars.core.errors import NotFoundError, UsageError
from regulars.core.rights import KeyInfo, NewKey
from regulars.privacy import key_format
from regulars.store.state import moment, now, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from regulars.core.rights import Role
    from regulars.store.state import State

POLL_SECONDS = 0.25
"""Another process's change is seen this late at most."""
NOTE_SECONDS = 60.0
"""How often the time of a key's last use is written."""

_COLUMNS = "id, role, label, created, last_used, expires, revoked, rate, burst, hash"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS api_keys (id TEXT PRIMARY KEY, role TEXT NOT NULL, label TEXT NOT NULL,"
    " created TEXT NOT NULL, last_used TEXT, expires TEXT, revoked TEXT, rate REAL NOT NULL, burst INTEGER NOT NULL,"
    " hash BLOB NOT NULL)"
)
_NOBODY = bytes(32)  # compared with when there is no such id, so that both cases take the same steps


class ApiKeys:
    """The keys of one shop.

    A key that was verified is remembered, under the SHA-256 of its text, until the state's version changes; the
    version is asked for every `POLL_SECONDS`. How long the look-up takes says nothing of a guess: whoever guesses
    cannot steer a hash towards one that is remembered.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._verified: dict[bytes, tuple[KeyInfo, float]] = {}
        self._version = -1
        self._asked = float("-inf")
        self._noted: dict[str, float] = {}
        state.add_tables(_TABLE)

    def create(
        self,
        role: Role,
        label: str = "",
        *,
        rate: float = 1_000.0,
        burst: int = 5_000,
        expires: datetime | None = None,
    ) -> NewKey:
        """Make a key.

        Parameters
        ----------
        role
            `write`, `public` or `secret`.
        label
            What a person calls it.
        rate, burst
            Events per second in the long run, and at once.
        expires
            When it stops working; None for never.

        Raises
        ------
        UsageError
            There is no such role, a limit is not above 0, or the time has no zone.
        """
        if not (rate > 0 and burst > 0):
            raise UsageError("a key must be allowed more than nothing", fix="Set rate and burst above 0.")
        made = key_format.new(role)
        info = KeyInfo(id=made.id, role=role, label=label, created=now(), expires=expires, rate=rate, burst=burst)
        self._insert(info, made.hash)
        return NewKey(info=info, secret=made.text)

    def check(self, text: str) -> KeyInfo | None:
        """Return the key that the text is; None for one that is unknown, revoked, expired or mistyped."""
        clock = time.monotonic()
        if clock - self._asked >= POLL_SECONDS:
            self._refresh(clock)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        found = self._verified.get(digest) or self._verify(text, digest)
        if found is None or found[1] <= time.time():
            return None
        if clock - self._noted.get(found[0].id, float("-inf")) >= NOTE_SECONDS:
            self._note(found[0].id, clock)
        return found[0]

    def find(self, key: str) -> KeyInfo | None:
        """Return the key of this id, if it still works."""
        rows = self._state.read(f"SELECT {_COLUMNS} FROM api_keys WHERE id = ?", (key,))  # noqa: S608
        info = _info(rows[0]) if rows else None
        if info is None or info.revoked is not None or (info.expires is not None and info.expires <= now()):
            return None
        return info

    def list(self) -> list[KeyInfo]:
        """Return every key, oldest first, the revoked and expired ones too."""
        rows = self._state.read(f"SELECT {_COLUMNS} FROM api_keys ORDER BY created, id")  # noqa: S608
        return [_info(row) for row in rows]

    def revoke(self, key: str) -> None:
        """Stop a key for good: here at once, in other processes within `POLL_SECONDS`.

        Raises
        ------
        NotFoundError
            There is no key of this id.
        """
        _ = self._get(key)
        with self._state.transaction() as db:
            sql = "UPDATE api_keys SET revoked = ? WHERE id = ? AND revoked IS NULL"
            db.execute(sql, (stamp(now()), key))
        self._asked = float("-inf")

    def rotate(self, key: str, overlap_seconds: float) -> NewKey:
        """Make a key to take over from another, which works for a while yet.

        The new one has the old one's role, label, limits and, if it had one, its span of life.

        Raises
        ------
        NotFoundError
            There is no key of this id.
        UsageError
            It works no longer, or the overlap is negative.
        """
        old, at = self._get(key), now()
        if old.revoked is not None or (old.expires is not None and old.expires <= at):
            raise UsageError(f"the key '{key}' works no longer", fix="Make a new one.")
        if not overlap_seconds >= 0:
            raise UsageError(f"an overlap of {overlap_seconds} seconds is none", fix="Use 0 or more.")
        ends = at + timedelta(seconds=overlap_seconds)
        made = key_format.new(old.role)
        span = None if old.expires is None else at + (old.expires - old.created)
        info = msgspec.structs.replace(old, id=made.id, created=at, last_used=None, expires=span)
        with self._state.transaction() as db:
            db.execute(_INSERT, _row(info, made.hash))
            ends = ends if old.expires is None else min(ends, old.expires)
            db.execute("UPDATE api_keys SET expires = ? WHERE id = ?", (stamp(ends), key))
        self._asked = float("-inf")
        return NewKey(info=info, secret=made.text)

    def _insert(self, info: KeyInfo, kept: bytes) -> None:
        with self._state.transaction() as db:
            db.execute(_INSERT, _row(info, kept))

    def _get(self, key: str) -> KeyInfo:
        rows = self._state.read(f"SELECT {_COLUMNS} FROM api_keys WHERE id = ?", (key,))  # noqa: S608
        if not rows:
            raise NotFoundError(f"there is no key '{key}'", fix="`regulars keys list` shows those there are.")
        return _info(rows[0])

    def _refresh(self, clock: float) -> None:
        version = self._state.version()
        if version != self._version:
            # A new dictionary, not a cleared one: a thread in the middle of a check must not add what it read
            # before the change to what is trusted after it.
            self._verified, self._version = {}, version
        self._asked = clock

    def _verify(self, text: str, digest: bytes) -> tuple[KeyInfo, float] | None:
        remembered = self._verified
        parsed = key_format.parse(text)
        if parsed is None:
            return None
        name, secret = parsed
        rows = self._state.read(f"SELECT {_COLUMNS} FROM api_keys WHERE id = ?", (name,))  # noqa: S608
        right = key_format.matches(secret, cast("bytes", rows[0][-1]) if rows else _NOBODY)
        info = _info(rows[0]) if rows and right else None
        if info is None or info.revoked is not None:
            return None
        found = (info, float("inf") if info.expires is None else info.expires.timestamp())
        remembered[digest] = found
        return found

    def _note(self, key: str, clock: float) -> None:
        # Noted even if it could not be written: the next try is a minute away, not on the next call.
        self._noted[key] = clock
        self._state.note("UPDATE api_keys SET last_used = ? WHERE id = ?", [(stamp(now()), key)])


_INSERT = f"INSERT INTO api_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


def _row(info: KeyInfo, kept: bytes) -> tuple[Any, ...]:
    times = [None if at is None else stamp(at) for at in (info.created, info.last_used, info.expires, info.revoked)]
    return info.id, info.role, info.label, *times, float(info.rate), int(info.burst), kept


def _info(row: tuple[Any, ...]) -> KeyInfo:
    name, role, label, created, last_used, expires, revoked, rate, burst, _ = row
    return KeyInfo(
        id=name,
        role=role,
        label=label,
        created=cast("datetime", moment(created)),
        last_used=moment(last_used),
        expires=moment(expires),
        revoked=moment(revoked),
        rate=rate,
        burst=burst,
    )
