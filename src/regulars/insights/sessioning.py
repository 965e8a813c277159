"""Where one visit ends and the next begins.

A session ends when a customer does nothing for longer than a timeout: a gap of exactly the timeout does not end it.
Events of one instant are in the order of their ids. What the shop does belongs to no session.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

import ibis
from ibis import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir

Boundary = Literal["inactivity", "sender", "channel", "campaign"]


def sessions_by_gaps(rows: ir.Table, minutes: int, micros: Callable[[Any], Any]) -> ir.Table:
    """Return one row a session, cut by inactivity alone: subject, day, start, end (µs), events, purchases.

    Events are first added up by customer and clock interval as long as the timeout. Two events of one interval are
    less than the timeout apart, so an interval is never cut, and only the few intervals need to be put in order:
    the same answer as from ordering all events, for a third of the work.

    Parameters
    ----------
    rows
        Events of customers: subject, time, day, kind.
    minutes
        The timeout.
    micros
        Turns a time into microseconds.
    """
    length = minutes * 60_000_000
    timed = rows.select("subject", "day", "kind", at=micros(_.time))
    intervals = timed.group_by("subject", place=_.at - _.at % length).aggregate(
        day=_.day.min(),
        start=_.at.min(),
        end=_.at.max(),
        events=_.count(),
        purchases=(_.kind == "purchase").ifelse(1, 0).sum(),
    )
    order = ibis.window(group_by="subject", order_by="place")
    before = _.end.lag().over(order)
    intervals = intervals.mutate(opens=before.isnull() | (_.start - before > length))
    running = ibis.cumulative_window(group_by="subject", order_by="place")
    numbered = intervals.mutate(number=_.opens.ifelse(1, 0).sum().over(running))
    return numbered.group_by(["subject", "number"]).aggregate(
        day=_.day.min(), start=_.start.min(), end=_.end.max(), events=_.events.sum(), purchases=_.purchases.sum()
    )


def numbered(rows: ir.Table, minutes: int, boundary: Boundary = "inactivity", starts: Sequence[str] = ()) -> ir.Table:
    """Return rows of events with `opens`, whether a session begins with it, and the session's `number`.

    Parameters
    ----------
    rows
        Events of customers: id, subject, time, kind, and the columns that the boundary needs.
    minutes
        The timeout.
    boundary
        `channel` and `campaign` also begin a session with an event whose value is known and is not the last one
        known of the customer. `sender` takes the sender's sessions (number is their id as text) as they are, and
        leaves out events without one.
    starts
        Kinds of event that begin a session wherever they come.
    """
    if boundary == "sender":
        kept = rows.filter(_.session.notnull())
        order = ibis.window(group_by=["subject", "session"], order_by=["time", "id"])
        return kept.mutate(turn=ibis.row_number().over(order)).mutate(opens=_.turn == 0, number=_.session)
    order = ibis.window(group_by="subject", order_by=["time", "id"])
    reasons: list[Any] = [_opens(_.time, _.time.lag().over(order), minutes)]
    if starts:
        reasons.append(_.kind.isin(list(starts)))
    if boundary != "inactivity":
        # Among the events whose value is known, the one before is the last value known.
        known = ibis.window(group_by=["subject", rows[boundary].isnull()], order_by=["time", "id"])
        reasons.append((_[boundary] != _[boundary].lag().over(known)).fill_null(False))
    running = ibis.cumulative_window(group_by="subject", order_by=["time", "id"])
    return rows.mutate(opens=reduce(or_, reasons)).mutate(number=_.opens.ifelse(1, 0).sum().over(running))


def sessions_of(rows: ir.Table) -> ir.Table:
    """Return one row a session of `numbered` rows: subject, day, start, end (µs), events, purchases, group.

    `group` is that of the session's first event; `at` is the time in microseconds.
    """
    return rows.group_by(["subject", "number"]).aggregate(
        day=_.day.min(),
        start=_.at.min(),
        end=_.at.max(),
        events=_.count(),
        purchases=(_.kind == "purchase").ifelse(1, 0).sum(),
        group=_.group.max(where=_.opens),
    )


def _opens(start: Any, before: Any, minutes: int) -> Any:
    return before.isnull() | (start > before + ibis.interval(seconds=minutes * 60))
