"""What customers say of themselves, on its way into the customers table; an older message never undoes a newer one.

Beside what was said stands when: it stays a while after the table has been written, so that the answer to which of two
messages is the newer does not depend on whether that was before or after. What an older message says only fills gaps,
and waits under the customer's pseudonym and `LATER`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


State = tuple[int, str]
"""Time of the newest message, microseconds since 1970, and a JSON object; after `LATER`: of the first one."""
LATER = "~"
"""After a pseudonym: what fills gaps, and when the customer was first heard of."""
REACH = 6 * 3_600_000_000
"""Microseconds for which a message makes others older: beyond, whatever arrives last holds."""
FORGET = 2 * REACH
"""Microseconds after which its time is forgotten: the logs of several processes, read one after the other, make time
go back."""
_NOTHING = "{}"


class Traits:
    """What was said and is not in the customers table yet, and when the latest of it was said.

    Parameters
    ----------
    known
        As the last round left them.
    """

    def __init__(self, known: dict[str, State]) -> None:
        self._known = known
        self._changed: dict[str, State] = {}

    def hear(self, subject: str, said: dict[str, Any], time: int, received: int) -> None:
        """Take in what a message says; one from the future is from now."""
        time = min(time, received)
        before = self._known.get(subject)
        if before is None:
            self._set(subject + LATER, (time, _NOTHING))
        if before is not None and time < before[0] and before[0] >= received - REACH:
            first, gaps = self._known.get(subject + LATER, (time, _NOTHING))
            self._set(subject + LATER, (first, _json(said | msgspec.json.decode(gaps))))
            return
        merged = msgspec.json.decode(before[1]) | said if before is not None else said
        self._set(subject, (time, _json(merged)))

    def taken(self) -> dict[str, State]:
        """Return what changed since the last call."""
        changed, self._changed = self._changed, {}
        return changed

    def forget(self, subjects: Collection[str]) -> None:
        """Drop what these people said."""
        for name in [name for subject in subjects for name in (subject, subject + LATER)]:
            _ = self._known.pop(name, None)
            _ = self._changed.pop(name, None)

    def _set(self, name: str, state: State) -> None:
        self._known[name] = self._changed[name] = state


def profile(
    subject: str, said: Mapping[str, State], before: dict[str, Any] | None, created: int | None
) -> tuple[int, str]:
    """Return when a customer was first heard of, and their attributes, once everything said is in the table.

    Parameters
    ----------
    said
        As in the manifest.
    before, created
        What the table holds of them, if anything.
    """
    newest, new = said.get(subject, (0, _NOTHING))
    first, gaps = said.get(subject + LATER, (newest, _NOTHING))
    attributes = msgspec.json.decode(gaps) | (before or {}) | msgspec.json.decode(new)
    return (first if created is None else created), _json(attributes)


def waiting(said: Mapping[str, State]) -> list[str]:
    """Return the customers of whom something is to be written."""
    names = {name.removesuffix(LATER) for name, (_, text) in said.items() if text != _NOTHING}
    return sorted(names)


def written(said: Mapping[str, State]) -> tuple[dict[str, State], list[str]]:
    """Return what stays noted once everything said is in the table, and what goes."""
    newest = max((time for name, (time, _) in said.items() if not name.endswith(LATER)), default=0)
    stay = {
        name: (time, _NOTHING)
        for name, (time, _) in said.items()
        if not name.endswith(LATER) and time >= newest - FORGET
    }
    return stay, [name for name in said if name not in stay]


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
