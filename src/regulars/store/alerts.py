"""Alerts of one shop, and the outbox of messages about them: a message is written with what it is about, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import msgspec

from regulars.core.alerts import Alert, Delivery, Watched
from regulars.core.errors import NotFoundError, UsageError
from regulars.core.ids import new_id
from regulars.store.state import moment, stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from regulars.store.state import State

T = TypeVar("T")

_ALERT = "id, series, hours, time, observed, expected, low, high, state, opened, acknowledged, closed"
_DELIVERY = "id, alert, event, state, tries, created, next_try, error"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, series TEXT NOT NULL, hours INTEGER NOT NULL,"
    " time TEXT NOT NULL, observed REAL NOT NULL, expected REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL,"
    " state TEXT NOT NULL, opened TEXT NOT NULL, acknowledged TEXT, closed TEXT)",
    # One that is not over at a time, whoever looks: two processes cannot raise the same alert.
    "CREATE UNIQUE INDEX IF NOT EXISTS alerts_going_on ON alerts (series) WHERE state <> 'closed'",
    "CREATE TABLE IF NOT EXISTS alert_outbox (id TEXT PRIMARY KEY, alert TEXT NOT NULL, event TEXT NOT NULL,"
    " body TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, created TEXT NOT NULL, next_try TEXT,"
    " error TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS alert_outbox_due ON alert_outbox (state, next_try)",
    "CREATE TABLE IF NOT EXISTS alert_marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class Letter(NamedTuple):
    """A message that is due: its id, its body, and how often it was tried."""

    id: str
    body: str
    tries: int


class AlertBook:
    """What was found unusual, while it lasts and after.

    Parameters
    ----------
    state
        The shop's.
    shop
        Its name, told in messages.
    writes
        Whether messages are written: there is a webhook.
    """

    def __init__(self, state: State, shop: str, *, writes: bool) -> None:
        self._state = state
        self._shop = shop
        self._writes = writes
        state.add_tables(*_TABLES)

    def open(self, found: Watched, now: datetime) -> Alert | None:
        """Note that a series is outside its limits; None when an alert of it is going on already."""
        seen = (found.time, found.observed, found.expected, found.low, found.high)
        if None in seen:
            raise UsageError(f"nothing is known of '{found.series}'")
        time, observed, expected, low, high = cast("tuple[datetime, float, float, float, float]", seen)
        alert = Alert(
            id=new_id("alert"), series=found.series, hours=found.hours, time=time, observed=observed,
            expected=expected, low=low, high=high, opened=now,
        )  # fmt: skip
        row = (
            alert.id, alert.series, alert.hours, stamp(time), observed, expected, low, high, "open", stamp(now),
            None, None,
        )  # fmt: skip
        with self._state.transaction() as db:
            sql = f"INSERT OR IGNORE INTO alerts ({_ALERT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            if db.execute(sql, row).rowcount == 0:
                return None
            self._write(db, alert, "alert.opened", now)
        return alert

    def close(self, alert: str, now: datetime) -> Alert:
        """Note that a series is inside its limits again; an alert that is closed stays as it is."""
        with self._state.transaction() as db:
            sql = "UPDATE alerts SET state = 'closed', closed = ? WHERE id = ? AND state <> 'closed'"
            changed = db.execute(sql, (stamp(now), alert)).rowcount
            found = self.get(alert)
            if changed:
                self._write(db, found, "alert.closed", now)
        return found

    def acknowledge(self, alert: str, now: datetime) -> Alert:
        """Note that somebody knows.

        Raises
        ------
        NotFoundError
            There is no such alert.
        """
        with self._state.transaction() as db:
            sql = "UPDATE alerts SET state = 'acknowledged', acknowledged = ? WHERE id = ? AND state = 'open'"
            db.execute(sql, (stamp(now), alert))
        return self.get(alert)

    def get(self, alert: str) -> Alert:
        """Return one alert.

        Raises
        ------
        NotFoundError
            There is no such alert.
        """
        rows = self._state.read(f"SELECT {_ALERT} FROM alerts WHERE id = ?", (alert,))  # noqa: S608
        if not rows:
            raise NotFoundError(f"there is no alert '{alert[:80]}'")
        return _alert(rows[0])

    def going_on(self) -> list[Alert]:
        """Return the alerts that are not closed, newest first."""
        sql = f"SELECT {_ALERT} FROM alerts WHERE state <> 'closed' ORDER BY opened DESC, id DESC"  # noqa: S608
        return [_alert(row) for row in self._state.read(sql)]

    def list(self, limit: int) -> list[Alert]:
        """Return the newest alerts, newest first."""
        sql = f"SELECT {_ALERT} FROM alerts ORDER BY opened DESC, id DESC LIMIT ?"  # noqa: S608
        return [_alert(row) for row in self._state.read(sql, (limit,))]

    def checked(self) -> datetime | None:
        """Return the end of the last hour that was judged."""
        rows = self._state.read("SELECT value FROM alert_marks WHERE name = 'checked'")
        return moment(rows[0][0]) if rows else None

    def set_checked(self, time: datetime, standing: Sequence[Watched]) -> None:
        """Note the end of the last hour that was judged, and how every series stood then."""
        rows = [("checked", stamp(time)), ("standing", msgspec.json.encode(standing).decode())]
        with self._state.transaction() as db:
            db.executemany("INSERT OR REPLACE INTO alert_marks VALUES (?, ?)", rows)

    def standing(self) -> list[Watched]:
        """Return how every series stood when the last hour was judged; nothing before the first."""
        rows = self._state.read("SELECT value FROM alert_marks WHERE name = 'standing'")
        return msgspec.json.decode(rows[0][0], type=list[Watched]) if rows else []

    def mark(self, name: str, as_type: type[T]) -> T | None:
        """Return what was noted under a name; None when nothing was."""
        rows = self._state.read("SELECT value FROM alert_marks WHERE name = ?", (name,))
        return msgspec.json.decode(rows[0][0], type=as_type) if rows else None

    def set_mark(self, name: str, value: object) -> None:
        """Note something under a name, in the place of what was."""
        with self._state.transaction() as db:
            db.execute("INSERT OR REPLACE INTO alert_marks VALUES (?, ?)", (name, msgspec.json.encode(value).decode()))

    def due(self, now: datetime, limit: int = 20) -> list[Letter]:
        """Return the messages whose time has come, oldest first."""
        sql = (
            "SELECT id, body, tries FROM alert_outbox WHERE state = 'waiting' AND next_try <= ?"
            " ORDER BY created, id LIMIT ?"
        )
        return [Letter(*row) for row in self._state.read(sql, (stamp(now), limit))]

    def delivered(self, delivery: str) -> None:
        """Note that a message was taken."""
        self._note("state = 'delivered', tries = tries + 1, next_try = NULL, error = ''", (), delivery)

    def failed(self, delivery: str, error: str, next_try: datetime | None) -> None:
        """Note that a try failed, and when the next one is; None: there is none."""
        if next_try is None:
            self._note("state = 'dead', tries = tries + 1, next_try = NULL, error = ?", (error,), delivery)
        else:
            self._note("tries = tries + 1, next_try = ?, error = ?", (stamp(next_try), error), delivery)

    def resend(self, delivery: str, now: datetime) -> Delivery:
        """Let a message that was given up be tried again from the beginning; any other stays as it is.

        Raises
        ------
        NotFoundError
            There is no such message.
        """
        with self._state.transaction() as db:
            sql = "UPDATE alert_outbox SET state = 'waiting', tries = 0, next_try = ? WHERE id = ? AND state = 'dead'"
            db.execute(sql, (stamp(now), delivery))
        return self.delivery(delivery)

    def delivery(self, delivery: str) -> Delivery:
        """Return how one message fared.

        Raises
        ------
        NotFoundError
            There is no such message.
        """
        rows = self._state.read(f"SELECT {_DELIVERY} FROM alert_outbox WHERE id = ?", (delivery,))  # noqa: S608
        if not rows:
            raise NotFoundError(f"there is no delivery '{delivery[:80]}'")
        return _delivery(rows[0])

    def deliveries(self, limit: int) -> list[Delivery]:
        """Return how the newest messages fared, newest first."""
        sql = f"SELECT {_DELIVERY} FROM alert_outbox ORDER BY created DESC, id DESC LIMIT ?"  # noqa: S608
        return [_delivery(row) for row in self._state.read(sql, (limit,))]

    def _note(self, change: str, values: tuple[object, ...], delivery: str) -> None:
        with self._state.transaction() as db:
            db.execute(f"UPDATE alert_outbox SET {change} WHERE id = ?", (*values, delivery))  # noqa: S608

    def _write(self, db: sqlite3.Connection, alert: Alert, event: str, now: datetime) -> None:
        if not self._writes:
            return
        content = {"type": event, "timestamp": now, "data": {"shop": self._shop, "alert": alert}}
        row = (new_id("msg"), alert.id, event, msgspec.json.encode(content).decode(), stamp(now), stamp(now))
        db.execute("INSERT INTO alert_outbox VALUES (?, ?, ?, ?, 'waiting', 0, ?, ?, '')", row)


def _alert(row: tuple[Any, ...]) -> Alert:
    name, series, hours, time, observed, expected, low, high, state, opened, acknowledged, closed = row
    return Alert(
        id=name,
        series=series,
        hours=hours,
        time=cast("datetime", moment(time)),
        observed=observed,
        expected=expected,
        low=low,
        high=high,
        state=state,
        opened=cast("datetime", moment(opened)),
        acknowledged=moment(acknowledged),
        closed=moment(closed),
    )


def _delivery(row: tuple[Any, ...]) -> Delivery:
    name, alert, event, state, tries, created, next_try, error = row
    return Delivery(
        id=name,
        alert=alert,
        event=event,
        state=state,
        tries=tries,
        created=cast("datetime", moment(created)),
        next_try=moment(next_try),
        error=error,
    )
