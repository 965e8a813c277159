"""Visits: a pause of half an hour begins a new one.

Events are taken in the order they arrived and each sees the visitor's latest session as it then was, so that the
answer does not depend on where one round of the compactor ended and the next began. What happened long before it
arrived neither sees nor changes that session: whether it is still remembered would depend on when it was tidied away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.core.ids import content_id

if TYPE_CHECKING:
    from collections.abc import Collection

State = tuple[int, int, str]
"""Begin and end of the latest session, microseconds since 1970, and its id."""
ID_DIGITS = 16
LATE = 86_400_000_000
"""Microseconds from an event to its arrival after which it is late."""
FORGET = 2 * LATE
"""Microseconds after which a session is forgotten: long enough that only late events could have seen it, even where
the logs of several processes, read one after the other, make time go back by most of a day."""


class Sessions:
    """The latest session of every visitor.

    Parameters
    ----------
    known
        As the last round left them.
    gap
        Microseconds of pause that end a session.
    """

    def __init__(self, known: dict[str, State], gap: int) -> None:
        self._latest = known
        self._gap = gap
        self.changed: dict[str, State] = {}

    def of(self, subject: str, time: int, given: str | None, received: int) -> str:
        """Return the session of an event; what the sender says wins.

        An event that is late, or from before the latest session (a phone that was offline), belongs to a session of
        its own time, named after the stretch of `gap` it falls into, and leaves the latest as it is.
        """
        if time < received - LATE:
            return given if given is not None else _name(subject, time - time % self._gap)
        latest = self._latest.get(subject)
        if given is not None:
            self._set(subject, (time, time, given) if latest is None or time >= latest[1] else latest)
            return given
        if latest is None or time > latest[1] + self._gap:
            session = _name(subject, time)
            self._set(subject, (time, time, session))
            return session
        first, last, session = latest
        if time < first - self._gap:
            return _name(subject, time - time % self._gap)
        if not first <= time <= last:
            self._set(subject, (min(first, time), max(last, time), session))
        return session

    def follow(self, anonymous: str, known: str) -> None:
        """Go on with the session of a visitor who has just become known."""
        before, after = self._latest.get(anonymous), self._latest.get(known)
        if before is not None and (after is None or before[1] > after[1]):
            self._set(known, before)

    def taken(self) -> dict[str, State]:
        """Return what changed since the last call."""
        changed, self.changed = self.changed, {}
        return changed

    def forget_before(self, time: int) -> None:
        """Drop sessions that ended before `time`: the next event of these visitors begins a new one anyway."""
        for subject in [subject for subject, state in self._latest.items() if state[1] < time]:
            del self._latest[subject]

    def forget(self, subjects: Collection[str]) -> None:
        """Drop the sessions of these people."""
        for subject in subjects:
            _ = self._latest.pop(subject, None)
            _ = self.changed.pop(subject, None)

    def _set(self, subject: str, state: State) -> None:
        if self._latest.get(subject) != state:
            self._latest[subject] = self.changed[subject] = state


def _name(subject: str, time: int) -> str:
    return content_id(f"session|{subject}|{time}")[:ID_DIGITS]
