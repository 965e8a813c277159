"""What people asked for about their data, by when it is due, and the receipt of what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec

from regulars.core.errors import NotFoundError, UsageError
from regulars.core.ids import new_id
from regulars.core.rights import Receipt, RightsKind, RightsRequest
from regulars.store.state import moment, now, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from regulars.store.state import State

DUE_DAYS = 30
"""GDPR 12(3) gives a month, the shortest of which but February has 30 days; PIPL 50 says without delay."""

_COLUMNS = "id, kind, subject_hash, requested, due, status, finished, receipt, detail"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS rights_requests (id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject_hash TEXT NOT NULL,"
    " requested TEXT NOT NULL, due TEXT NOT NULL, status TEXT NOT NULL, finished TEXT, receipt TEXT,"
    " detail TEXT NOT NULL)"
)


class Requests:
    """The requests of one shop. They name people by keyed hash alone, and outlive what they erased."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.add_tables(_TABLE)

    def open(self, kind: RightsKind, subject_hash: str, now: datetime) -> RightsRequest:
        """Note that somebody asked for something.

        Raises
        ------
        UsageError
            There is no such kind of request, or the time has no zone.
        """
        if kind not in get_args(RightsKind):
            raise UsageError(f"'{kind}' is not a request", fix=f"Use one of {', '.join(get_args(RightsKind))}.")
        due = now + timedelta(days=DUE_DAYS)
        request = RightsRequest(id=new_id("req"), kind=kind, subject_hash=subject_hash, requested=now, due=due)
        row = (request.id, kind, subject_hash, stamp(now), stamp(due), request.status, None, None, "")
        with self._state.transaction() as db:
            db.execute(f"INSERT INTO rights_requests ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        return request

    def finish(self, request: str, receipt: Receipt) -> RightsRequest:
        """Note that a request was met, with the proof; one that failed before may be met yet.

        Raises
        ------
        NotFoundError
            There is no such request.
        UsageError
            It was met before: a receipt is not replaced.
        """
        found = self.get(request)
        if found.status == "done":
            raise UsageError(f"the request '{request}' has its receipt already")
        values = ("done", stamp(receipt.finished), msgspec.json.encode(receipt).decode(), "", request)
        return self._update(values)

    def fail(self, request: str, detail: str) -> RightsRequest:
        """Note that a request could not be met, and why.

        Raises
        ------
        NotFoundError
            There is no such request.
        UsageError
            It was met before.
        """
        if self.get(request).status == "done":
            raise UsageError(f"the request '{request}' has its receipt already")
        return self._update(("failed", stamp(now()), None, detail, request))

    def get(self, request: str) -> RightsRequest:
        """Return one request.

        Raises
        ------
        NotFoundError
            There is no such request.
        """
        rows = self._state.read(f"SELECT {_COLUMNS} FROM rights_requests WHERE id = ?", (request,))  # noqa: S608
        if not rows:
            raise NotFoundError(f"there is no request '{request}'")
        return _request(rows[0])

    def list(self, limit: int) -> list[RightsRequest]:
        """Return the newest requests, newest first."""
        sql = f"SELECT {_COLUMNS} FROM rights_requests ORDER BY requested DESC, id DESC LIMIT ?"  # noqa: S608
        return [_request(row) for row in self._state.read(sql, (limit,))]

    def open_ones(self) -> list[RightsRequest]:
        """Return the requests that wait, oldest first."""
        sql = f"SELECT {_COLUMNS} FROM rights_requests WHERE status = 'open' ORDER BY requested, id"  # noqa: S608
        return [_request(row) for row in self._state.read(sql)]

    def receipt(self, request: str) -> Receipt | None:
        """Return the receipt of a request, or None while there is none.

        Raises
        ------
        NotFoundError
            There is no such request.
        """
        return self.get(request).receipt

    def _update(self, values: tuple[object, ...]) -> RightsRequest:
        sql = "UPDATE rights_requests SET status = ?, finished = ?, receipt = ?, detail = ? WHERE id = ?"
        with self._state.transaction() as db:
            # A receipt that another process wrote since stands.
            if db.execute(sql + " AND status <> 'done'", values).rowcount == 0:
                raise UsageError(f"the request '{values[-1]}' has its receipt already")
        return self.get(str(values[-1]))


def _request(row: tuple[Any, ...]) -> RightsRequest:
    name, kind, subject_hash, requested, due, status, finished, receipt, detail = row
    return RightsRequest(
        id=name,
        kind=kind,
        subject_hash=subject_hash,
        requested=cast("datetime", moment(requested)),
        due=cast("datetime", moment(due)),
        status=status,
        finished=moment(finished),
        receipt=None if receipt is None else msgspec.json.decode(receipt, type=Receipt),
        detail=detail,
    )
