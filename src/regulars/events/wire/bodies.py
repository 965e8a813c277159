"""Bodies as a whole: taken apart without reading the messages, so that the door can answer at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from regulars.core.errors import UsageError
from regulars.events.wire import posthog_people
from regulars.events.wire.limits import MAX_DEPTH, MAX_EVENT_BYTES, MAX_MESSAGES
from regulars.events.wire.messages import Bytes, PostHogPerson, SegmentPerson, read
from regulars.events.wire.records import Checked, UnusableError, WireError
from regulars.events.wire.scalars import person

if TYPE_CHECKING:
    from collections.abc import Collection

ROUTES: Final = frozenset({"batch", "track", "identify", "page", "screen", "group", "alias", "posthog"})
"""What `route` can be: Segment's routes in full, and PostHog's only one."""

_POSTHOG = "posthog"
_FIX = "Send what the client library sends, unchanged."


class Body(msgspec.Struct, kw_only=True):
    """The outermost object of a body; a single message is a batch of itself."""

    batch: list[Raw] | UnsetType = UNSET
    write_key: Any = msgspec.field(name="writeKey", default=None)
    api_key: Any = None
    token: Any = None
    sent_at: Any = msgspec.field(name="sentAt", default=None)
    sent_at_posthog: Any = msgspec.field(name="sent_at", default=None)
    event: Raw | UnsetType = UNSET
    properties: Raw | UnsetType = UNSET


class _Single(Body, kw_only=True):
    """A message alone: whatever it holds under `batch` is its own affair."""

    batch: Raw | UnsetType = UNSET  # pyright: ignore[reportIncompatibleVariableOverride]


_BATCH = msgspec.json.Decoder(Body)
_SINGLE = msgspec.json.Decoder(_Single)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_RAWS = msgspec.json.Decoder(list[Raw])
_SEGMENT_PERSON = msgspec.json.Decoder(SegmentPerson)
_POSTHOG_PERSON = msgspec.json.Decoder(PostHogPerson)

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def check(route: str, body: bytes) -> Checked:
    """Say whether a body can be taken, without reading its messages: 100 of them in less than 100 microseconds.

    Parameters
    ----------
    route
        One of `ROUTES`.
    body
        As it came, unpacked.

    Raises
    ------
    WireError
        It is not JSON, not an object, has no batch of objects, or a message is too long or too deep, or there are too
        many of them.
    """
    try:
        # The JSON reader skips over the messages without looking at the encoding of their texts.
        _ = body.isascii() or body.decode()
    except UnicodeDecodeError as error:
        raise WireError("is not UTF-8 text", where=f"byte {error.start}", fix=_FIX) from None
    found, messages = open_body(route, body)
    if len(messages) > MAX_MESSAGES:
        raise WireError(f"holds {len(messages)} messages", where="batch", fix=f"Send at most {MAX_MESSAGES} at once.")
    single = found.batch is UNSET or isinstance(found, _Single)
    for index, message in enumerate(messages):
        data = bytes(message)
        if len(data) > MAX_EVENT_BYTES or data[:1] != b"{" or _may_be_deep(data):
            _explain(data, "" if single else f"batch[{index}]")
    return Checked(_key(route, found), len(messages))


def people(route: str, body: bytes) -> list[tuple[str | None, str | None]]:
    """Return (user id, anonymous id) of each message, as `decode` understands them; None for none.

    Raises
    ------
    WireError
        The body does not pass `check`.
    """
    _, messages = open_body(route, body)
    return [_who(route, message) for message in messages]


def without(route: str, body: bytes, drop: Collection[int]) -> bytes:
    """Return the body without the messages numbered `drop`; the bytes of the others stay as they are.

    A body that is one single message becomes empty when that is dropped.

    Raises
    ------
    WireError
        The body does not pass `check`.
    """
    if not drop:
        return body
    found, messages = open_body(route, body)
    if found.batch is UNSET or isinstance(found, _Single):
        return b"" if 0 in drop else body
    dropped = frozenset(drop)
    kept = b",".join(bytes(message) for index, message in enumerate(messages) if index not in dropped)
    fields = _FIELDS.decode(_repaired(body))
    fields["batch"] = Raw(b"[" + kept + b"]")
    return msgspec.json.encode(fields)


def open_body(route: str, body: bytes) -> tuple[Body, list[Bytes]]:
    """Return the outermost object and its messages.

    Raises
    ------
    WireError
        There are none.
    """
    if route not in ROUTES:
        raise UsageError(f"there is no route '{route}'", fix=f"Use one of {', '.join(sorted(ROUTES))}.")
    try:
        found = _parsed(route, body)
    except msgspec.ValidationError:
        raise _shape_error(route, body) from None
    except msgspec.DecodeError as error:
        raise WireError(f"is not JSON ({error})", where="body", fix=_FIX) from None
    except UnicodeDecodeError:
        raise WireError("is not UTF-8 text", where="body", fix=_FIX) from None
    except RecursionError:
        raise WireError("is nested too deeply", where="body", fix=_FIX) from None
    if isinstance(found.batch, list) and not isinstance(found, _Single):
        return found, [*found.batch]
    if route == "batch" or (route == _POSTHOG and found.event is UNSET):
        raise WireError("is missing", where="batch", fix=_FIX)
    return found, [_repaired(body).strip()]


def _parsed(route: str, body: bytes) -> Body:
    decoder = _BATCH if route in {"batch", _POSTHOG} else _SINGLE
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        repaired = _repaired(body)
        if repaired == body:
            raise
        return decoder.decode(repaired)


def _repaired(body: bytes) -> bytes:
    r"""Put U+FFFD for halves of surrogate pairs: JavaScript writes '\ud83d' where a text was cut within an emoji."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], body)


def _shape_error(route: str, body: bytes) -> WireError:
    try:
        fields = _FIELDS.decode(_repaired(body))
    except msgspec.DecodeError:
        return WireError("is not an object", where="body", fix=_FIX)
    if "batch" in fields and route in {"batch", _POSTHOG}:
        try:
            _ = _RAWS.decode(fields["batch"])
        except msgspec.DecodeError:
            return WireError("is not a list", where="batch", fix=_FIX)
    return WireError("holds a number out of range", where="body", fix=_FIX)


def _may_be_deep(data: bytes) -> bool:
    """Count what opens a level: a message cannot be deeper than that, and nearly all have few."""
    return len(data) - len(data.translate(None, b"[{")) > MAX_DEPTH


def _explain(data: bytes, where: str) -> None:
    where = where or "body"
    if data[:1] != b"{":
        raise WireError("is not an object", where=where, fix=_FIX)
    if len(data) > MAX_EVENT_BYTES:
        raise WireError(f"is {len(data)} bytes long", where=where, fix=f"Keep events under {MAX_EVENT_BYTES} bytes.")
    depth = 0
    for byte in _STRING.sub(b"", data):
        if byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise WireError("is nested too deeply", where=where, fix=f"Keep events under {MAX_DEPTH} levels.")
        elif byte in b"]}":
            depth -= 1


def _key(route: str, found: Body) -> str | None:
    if route != _POSTHOG:
        return _text(found.write_key)
    key = _text(found.api_key) or _text(found.token)
    if key is None and found.batch is UNSET and isinstance(found.properties, Raw):
        # The page script of PostHog says it among the properties.
        try:
            return _text(msgspec.json.decode(found.properties, type=_Token).token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
    return key


class _Token(msgspec.Struct):
    token: Any = None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _who(route: str, message: Bytes) -> tuple[str | None, str | None]:
    try:
        if route == _POSTHOG:
            return posthog_people.who(read(_POSTHOG_PERSON, message))
        found = read(_SEGMENT_PERSON, message)
    except UnusableError:
        return None, None
    return person(found.user_id), person(found.anonymous_id)
