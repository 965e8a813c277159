"""Messages of Segment's protocol: track, identify, page, screen, group, alias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from regulars.events.wire.columns import referrer_in, take_columns
from regulars.events.wire.consent import consent_in, consent_of
from regulars.events.wire.content import clean
from regulars.events.wire.devices import device_of
from regulars.events.wire.lines import add_events
from regulars.events.wire.messages import Bytes, SegmentMessage, read
from regulars.events.wire.places import move_page, set_campaign, set_page, set_place, set_utm
from regulars.events.wire.reading import Reading, kind_of
from regulars.events.wire.records import UnusableError, WireEvent
from regulars.events.wire.scalars import ident, label, person

if TYPE_CHECKING:
    from collections.abc import Callable

_DECODER = msgspec.json.Decoder(SegmentMessage)
_KINDS = {"identify": "identify", "page": "page", "screen": "page", "group": "group", "alias": "alias"}


def read_segment(route: str, message: Bytes, reading: Reading) -> None:
    """Add the events of one message to `reading`.

    Raises
    ------
    UnusableError
        It gives none.
    """
    found = read(_DECODER, message)
    kind = _kind(found, route)
    user, anonymous = person(found.user_id), person(found.anonymous_id)
    if user is None and anonymous is None:
        said = found.user_id if found.anonymous_id is None else found.anonymous_id
        raise UnusableError("userId", "is missing, and so is anonymousId", said)
    time = reading.time(found.timestamp, found.original_timestamp, found.sent_at)
    timed = (
        found.timestamp is not None
        or found.original_timestamp is not None
        or found.sent_at is not None
        or reading.batch_sent
    )
    event = WireEvent(
        id=reading.ids.of(found.message_id, message, timed=timed),
        time=time,
        user=user,
        anonymous=anonymous,
        kind=kind,
        properties=clean(found.properties, "properties"),
    )
    context: dict[str, Any] = found.context if type(found.context) is dict else {}
    if _TYPED.get(kind):
        _TYPED[kind](event, found, context)
    take_columns(event, event.properties, context.get("sessionId"))
    _set_context(event, event.properties, context)
    add_events(event, reading)


def _kind(message: SegmentMessage, route: str) -> str:
    said = message.type if route == "batch" else route
    if said is None and message.event is not None:
        said = "track"
    if said == "track":
        return kind_of(message.event)
    if type(said) is str and (kind := _KINDS.get(said) or _KINDS.get(said.strip().casefold())):
        return kind
    if type(said) is str and said.strip().casefold() == "track":
        return kind_of(message.event)
    raise UnusableError("type", "is none of track, identify, page, screen, group, alias", said)


def _set_context(event: WireEvent, properties: dict[str, Any], context: dict[str, Any]) -> None:
    """Take from the context device, place, campaign, page, language, library and consent; the rest is not kept."""
    page = context.get("page")
    url = None
    if type(page) is dict:
        set_page(properties, page)
        url = page.get("url")
    set_campaign(event, context.get("campaign"))
    set_utm(event, properties, url or properties.get("page_url"))
    _set_device(event, context)
    place = context.get("location")
    if type(place) is dict:
        set_place(event, *(place.get(name) for name in ("country", "region", "city", "latitude", "longitude")))
    library = context.get("library")
    if type(library) is dict and (name := label(library.get("name"))):
        version = label(library.get("version"))
        properties["library"] = f"{name} {version}" if version else name
    if locale := label(context.get("locale")):
        properties["locale"] = locale
    if "consent" in context:
        event.consent = consent_of(context)
    if event.kind == "consent":
        event.consent = (event.consent or {}) | (consent_in(properties) or {}) or None


def _set_device(event: WireEvent, context: dict[str, Any]) -> None:
    device, screen = context.get("device"), context.get("screen")
    event.device = device_of(
        device.get("type") if type(device) is dict else None,
        context.get("userAgent"),
        context.get("userAgentData"),
        screen.get("width") if type(screen) is dict else None,
    )


def _identify(event: WireEvent, message: SegmentMessage, context: dict[str, Any]) -> None:
    said = message.traits
    # RudderStack's clients put them into the context.
    event.traits = clean(context.get("traits") if said is None else said, "traits") or None
    event.referrer = referrer_in(event.traits)


def _group(event: WireEvent, message: SegmentMessage, context: dict[str, Any]) -> None:
    _ = context
    event.traits = clean(message.traits, "traits") or None
    group = ident(message.group_id)
    if group is None:
        raise UnusableError("groupId", "is missing", message.group_id)
    event.properties["group_id"] = group


def _page(event: WireEvent, message: SegmentMessage, context: dict[str, Any]) -> None:
    _ = context
    properties = event.properties
    move_page(properties)
    for key, value in (("name", message.name), ("category", message.category)):
        if said := label(value):
            properties.setdefault(key, said)


def _alias(event: WireEvent, message: SegmentMessage, context: dict[str, Any]) -> None:
    _ = context
    earlier = person(message.previous_id)
    if earlier is None:
        raise UnusableError("previousId", "is missing", message.previous_id)
    if event.user is None:
        raise UnusableError("userId", "is missing", message.user_id)
    event.alias_of = earlier if earlier != event.user else None


_TYPED: dict[str, Callable[[WireEvent, SegmentMessage, dict[str, Any]], None]] = {
    "identify": _identify,
    "group": _group,
    "page": _page,
    "alias": _alias,
}
