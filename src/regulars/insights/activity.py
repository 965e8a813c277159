"""Who was there on which day: what every question about coming back starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import ibis.expr.types as ir
from ibis import _

from regulars.events.vocabulary import BY_SHOP

if TYPE_CHECKING:
    from collections.abc import Sequence

Run: TypeAlias = Callable[[ir.Expr], Any]
"""Computes an expression, on whichever engine holds the events, into a `pyarrow.Table`."""


@dataclass(frozen=True)
class Span:
    """The first and the last day an answer can know about."""

    first: date
    last: date
    cut: bool = False
    """Whether there are events after the last day, which do not count."""

    @property
    def bound(self) -> date | None:
        """Return the last day where events have to be held against it; None where there are none after it."""
        return self.last if self.cut else None

    @property
    def days(self) -> int:
        """How many days, both ends included."""
        return (self.last - self.first).days + 1

    def covers(self, first: date, last: date) -> bool:
        """Say whether a period lies wholly inside."""
        return self.first <= first and last <= self.last


def shopper_events(
    events: ir.Table, kinds: Sequence[str] | None = None, first: date | None = None, last: date | None = None
) -> ir.Table:
    """Return what customers did: no messages, impressions or decisions, which the shop does.

    Parameters
    ----------
    events
        A table with the columns of `regulars.core.schema.EVENTS`.
    kinds
        Only these kinds; None or empty for all.
    first, last
        Only these days, both included.
    """
    chosen = events.filter(~_.kind.isin(sorted(BY_SHOP)))
    if kinds:
        chosen = chosen.filter(_.kind.isin(list(kinds)))
    if first is not None:
        chosen = chosen.filter(_.day >= first)
    if last is not None:
        chosen = chosen.filter(_.day <= last)
    return chosen


def active_days(events: ir.Table) -> ir.Table:
    """Return each (subject, day) on which the customer did something, once."""
    return shopper_events(events).select("subject", "day").distinct()


def data_span(events: ir.Table, run: Run, known: tuple[date, date] | None = None) -> Span | None:
    """Return the days with customers' activity of any kind; None when there are none.

    Of the first and the last day one event each is looked for; only if on one of them the shop alone did something
    are all days read.

    Parameters
    ----------
    events, run
        The events and what computes with them.
    known
        The first and the last day of any event, where they are known already.
    """
    ends = [_.day.min().name("first"), _.day.max().name("last")]
    whole: dict[str, date | None]
    if known is not None:
        whole = {"first": known[0], "last": known[1]}
    else:
        [whole] = run(events.aggregate(ends)).to_pylist()
    first, last = whole["first"], whole["last"]
    if first is None or last is None:
        return None
    active = shopper_events(events)
    one = [active.filter(_.day == day).select("day").limit(1) for day in (first, last)]
    found = run(one[0].union(one[1]))["day"].to_pylist()
    if {first, last} <= set(found):
        return Span(first, last)
    [row] = run(active.aggregate(ends)).to_pylist()
    return Span(row["first"], row["last"]) if row["first"] is not None else None


def days_before(day: date, days: int) -> date:
    """Return the day that many days earlier, or the earliest day there is."""
    return day - timedelta(days=days) if (day - date.min).days >= days else date.min
