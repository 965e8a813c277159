"""The messages of a body: which fields are looked at, and how a message that is odd JSON is still read.

Every field is `Any`: clients send nulls, numbers and lists where texts belong, and what is wrong with one field must
not cost the whole message.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw, field

from regulars.events.excerpts import WHOLE_ROW
from regulars.events.wire.records import UnusableError

Bytes = Raw | bytes
Shape = TypeVar("Shape", bound=msgspec.Struct)


class SegmentMessage(msgspec.Struct, rename="camel", gc=False):
    """A message of Segment's or RudderStack's protocol."""

    type: Any = None
    event: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    message_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    previous_id: Any = None
    group_id: Any = None
    name: Any = None
    category: Any = None


class PostHogMessage(msgspec.Struct, gc=False):
    """A message of PostHog's protocol."""

    event: Any = None
    distinct_id: Any = None
    uuid: Any = None
    timestamp: Any = None
    sent_at: Any = None
    offset: Any = None
    properties: Any = None
    set: Any = field(name="$set", default=None)
    set_once: Any = field(name="$set_once", default=None)


class SegmentPerson(msgspec.Struct, rename="camel", gc=False):
    """Who a message of Segment's protocol is about."""

    user_id: Any = None
    anonymous_id: Any = None


class PostHogPerson(msgspec.Struct, gc=False):
    """Who a message of PostHog's protocol is about."""

    event: Any = None
    distinct_id: Any = None
    properties: Any = None


_OBJECT = msgspec.json.Decoder(dict[str, Any])
_ODD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read(decoder: msgspec.json.Decoder[Shape], message: Bytes) -> Shape:
    """Return the fields of one message.

    Raises
    ------
    UnusableError
        It cannot be read: a number of thousands of digits, say.
    """
    try:
        return decoder.decode(message)
    except _ODD:
        return msgspec.convert(_slowly(message), decoder.type)


def read_object(message: Bytes) -> dict[str, Any]:
    """Return all of one message.

    Raises
    ------
    UnusableError
        It cannot be read.
    """
    try:
        return _OBJECT.decode(message)
    except _ODD:
        return _slowly(message)


def _slowly(message: Bytes) -> dict[str, Any]:
    # Python's own reader takes numbers that do not fit a float, such as 1e400, for infinite.
    try:
        found = json.loads(bytes(message))
    except (ValueError, RecursionError) as error:
        raise UnusableError(WHOLE_ROW, "cannot be read", bytes(message)) from error
    if not isinstance(found, dict):
        raise UnusableError(WHOLE_ROW, "is not an object", bytes(message))
    return cast("dict[str, Any]", found)
