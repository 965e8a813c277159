"""What the compactor knows beside the tables, committed in the same transaction as them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import sqlite3


class LogProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes true together with a snapshot."""

    positions: dict[str, int] = {}
    finished: list[str] = []
    """Files of the log that are in the tables whole and may be forgotten."""
    sessions: dict[str, tuple[int, int, str]] = {}
    links: dict[str, tuple[str, bool]] = {}
    traits: dict[str, tuple[int, str]] = {}
    flushed: list[str] = []
    """Customers whose traits the customers table holds now."""
    forgotten: list[str] = []
    """Subjects of whom nothing may stay."""
    sessions_before: int = 0
    """Sessions that ended before this time are over: forgotten."""


def write_progress(db: sqlite3.Connection, progress: LogProgress) -> None:
    """Write the compactor's notes inside a transaction."""
    db.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", progress.positions.items())
    db.executemany("DELETE FROM positions WHERE segment = ?", [(name,) for name in progress.finished])
    sessions = [(subject, *state) for subject, state in progress.sessions.items()]
    db.executemany("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)", sessions)
    if progress.sessions_before:
        db.execute("DELETE FROM sessions WHERE last_time < ?", (progress.sessions_before,))
    links = [(anonymous, known, int(stitched)) for anonymous, (known, stitched) in progress.links.items()]
    db.executemany("INSERT OR REPLACE INTO links VALUES (?, ?, ?)", links)
    traits = [(subject, time, attributes) for subject, (time, attributes) in progress.traits.items()]
    db.executemany("INSERT OR REPLACE INTO traits VALUES (?, ?, ?)", traits)
    db.executemany("DELETE FROM traits WHERE subject = ?", [(subject,) for subject in progress.flushed])
    gone = [(subject,) for subject in progress.forgotten]
    for statement in (
        "DELETE FROM sessions WHERE subject = ?",
        "DELETE FROM traits WHERE subject = ?",
        "DELETE FROM links WHERE known = ?",
        "DELETE FROM links WHERE anonymous = ?",
    ):
        db.executemany(statement, gone)
