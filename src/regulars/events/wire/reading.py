"""What is known while a body is read, and what it gave so far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from regulars.events.excerpts import excerpt
from regulars.events.mapping import NO_MAPPING
from regulars.events.rules import rules_of
from regulars.events.vocabulary import resolve_kind
from regulars.events.wire.clocks import happened, moment, stated, within
from regulars.events.wire.content import Ids
from regulars.events.wire.records import UnusableError, WireEvent, WireReject

if TYPE_CHECKING:
    from regulars.core.settings import Settings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 256


class Reading:
    """One body on its way.

    Parameters
    ----------
    received
        Microseconds since 1970 UTC, by our clock.
    settings
        Of the shop: what is too early or too late, the currency of values that come without one.
    sent
        What the body as a whole says about when it was sent.
    """

    __slots__ = ("_limits", "_sent", "currency", "events", "ids", "index", "received", "rejects")

    def __init__(self, received: int, settings: Settings, sent: Any) -> None:
        rules = rules_of(settings, NO_MAPPING, _EPOCH + timedelta(microseconds=received))
        self.received = received
        self.currency = rules.currency
        self.ids = Ids(received)
        self.index = 0
        self.events: list[WireEvent] = []
        self.rejects: list[WireReject] = []
        self._limits = rules.earliest, rules.latest, rules.earliest_day
        self._sent = moment(sent)

    @property
    def batch_sent(self) -> bool:
        """Whether the body says when it was sent."""
        return self._sent is not None

    def time(self, timestamp: Any, other: Any, sent: Any, offset: Any = None) -> int:
        """Return when the event happened.

        Parameters
        ----------
        timestamp, other
            What the client says; `other` counts when `timestamp` is no time.
        sent
            What the message says about when it was sent.
        offset
            Milliseconds from the event to sending it, where there is no timestamp.

        Raises
        ------
        UnusableError
            It is no time, or it cannot be.
        """
        said = moment(timestamp)
        if said is None:
            said = stated(other, "timestamp")
            if said is None and timestamp not in (None, ""):
                raise UnusableError("timestamp", "is not a time", timestamp)
        sent_at = moment(sent) if sent is not None else None
        time = happened(self.received, said, self._sent if sent_at is None else sent_at)
        if said is None and (type(offset) is int or type(offset) is float) and 0 < offset < 1e12:
            time = self.received - round(offset * 1_000)
        return within(time, *self._limits, timestamp or other)

    def reject(self, column: str, reason: str, value: object = None) -> None:
        """Set the present message, or a part of it, aside."""
        self.rejects.append(WireReject(self.index, column, reason, excerpt(value)))


def kind_of(name: Any) -> str:
    """Return our name for an event.

    Raises
    ------
    UnusableError
        It has no name.
    """
    if type(name) is int:
        name = str(name) if abs(name) < 10**18 else ""
    if type(name) is not str:
        raise UnusableError("event", "is missing" if name is None else "is not a name", name)
    kind = _kind(name) if len(name) <= _LONGEST_NAME else resolve_kind(name)
    if not kind:
        raise UnusableError("event", "has neither letter nor digit" if name.strip() else "is missing", name)
    return kind


_kind = lru_cache(maxsize=2_048)(resolve_kind)
