"""Objects that clients send: what is empty left out, what no JSON writer takes put right; ids made from content."""

from __future__ import annotations

import math
from typing import Any, cast

import msgspec

from regulars.core.ids import content_id
from regulars.events.wire.messages import Bytes, read_object
from regulars.events.wire.records import UnusableError
from regulars.events.wire.scalars import ident

_LONGEST_ID = 200
_MISSING = frozenset({"undefined", "null", "None", "[object Object]"})
_LOW, _HIGH = -(2**63), 2**64
_TRANSPORT = ("sentAt", "sent_at", "receivedAt", "received_at", "offset", "writeKey", "api_key", "token")
"""What changes when the same message is sent again, or says only to whom."""
_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def clean(value: Any, column: str) -> dict[str, Any]:
    """Return a copy of an object without its empty fields.

    Raises
    ------
    UnusableError
        It is something else. Null, '' and the empty list (PHP writes it for an empty object) are empty objects.
    """
    if type(value) is not dict:
        if not value and value is not False and value != 0:
            return {}
        raise UnusableError(column, f"is {_NAMES.get(type(value), 'no object')}, where an object is expected", value)
    found: dict[str, Any] = {}
    for key, entry in cast("dict[str, Any]", value).items():
        kind = type(entry)
        if kind is str:
            if entry:
                found[key] = entry
        elif kind is bool or (kind is int and _LOW <= entry < _HIGH):
            found[key] = entry
        elif entry is not None and (sound := _sound(entry)) is not None and sound not in ([], {}):
            found[key] = sound
    return found


def _sound(value: Any) -> Any:
    """Put right, at any depth, numbers that do not fit 64 bits: not every JSON writer takes them."""
    kind = type(value)
    if kind is dict:
        return {key: _sound(entry) for key, entry in value.items()}
    if kind is list:
        return [_sound(entry) for entry in value]
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int and not _LOW <= value < _HIGH:
        return ident(value)
    return value


class Ids:
    """Names the messages of one body.

    The client's own id, if it can be one. Else the hash of the message: what is sent again gets the same id. The
    second message of a body with that same content is another event, and gets the hash of content and number 2.
    """

    def __init__(self, received: int) -> None:
        self._received = received
        self._times: dict[str, int] = {}

    def of(self, own: Any, message: Bytes, *, timed: bool) -> str:
        """Return the id of one message.

        Parameters
        ----------
        own
            What the client calls it.
        message
            Its JSON.
        timed
            It says when it happened, or when it was sent. If not, the time of receipt is when it happened, and part
            of its content: or else the second visit that a simple script reports would be taken for the first.
        """
        found = own.strip() if type(own) is str else ident(own)
        if found and found not in _MISSING:
            return found if len(found) <= _LONGEST_ID and found.isprintable() else content_id(found)
        text = _canonical(message) if timed else f"{self._received}\x1f{_canonical(message)}"
        again = self._times.get(text, 0) + 1
        self._times[text] = again
        return content_id(text if again == 1 else f"{text}\x1f{again}")


def _canonical(message: Bytes) -> str:
    fields = read_object(message)
    for key in _TRANSPORT:
        fields.pop(key, None)
    return msgspec.json.encode(fields, order="deterministic").decode()
