"""Messages of PostHog's protocol: everything is an event with properties; what begins with $ is the client's own."""

from __future__ import annotations

from typing import Any

import msgspec

from regulars.events.wire.columns import referrer_in, take_columns
from regulars.events.wire.consent import consent_in
from regulars.events.wire.content import clean
from regulars.events.wire.devices import device_of
from regulars.events.wire.lines import add_events
from regulars.events.wire.messages import Bytes, PostHogMessage, read
from regulars.events.wire.places import set_place, set_utm
from regulars.events.wire.posthog_people import ALIASES, alias_of, who
from regulars.events.wire.reading import Reading, kind_of
from regulars.events.wire.records import UnusableError, WireEvent
from regulars.events.wire.scalars import label

_DECODER = msgspec.json.Decoder(PostHogMessage)
_KINDS = {"$set": "identify", "$set_once": "identify", "$merge_dangerously": "alias"}
"""Names that only mean this with their $; the others are in the vocabulary."""

_RENAMED = {
    "$current_url": "page_url",
    "$pathname": "page_path",
    "$title": "page_title",
    "$referrer": "page_referrer",
    "$browser": "browser",
    "$os": "os",
    "$browser_language": "locale",
    "$locale": "locale",
}
_KEPT_PREFIXES = ("$feature/", "$group", "$exception", "$survey", "$ai_")
"""Of the other properties that begin with $ only these say something about the visitor's doings."""

_DROPPED = ("token", "distinct_id")
_OF_SERVER = ("os", "browser", "locale")


def read_posthog(message: Bytes, reading: Reading) -> None:
    """Add the events of one message to `reading`.

    Raises
    ------
    UnusableError
        It gives none.
    """
    found = read(_DECODER, message)
    name = found.event
    kind = (_KINDS.get(name) if type(name) is str else None) or kind_of(name)
    said = clean(found.properties, "properties")
    user, anonymous = who(found)
    earlier = None
    if type(name) is str and name in ALIASES:
        earlier = alias_of(found)
        if user is None or earlier is None:
            missing = "properties.alias" if user is None else "distinct_id"
            raise UnusableError(missing, "is missing", said.get("alias") if user is None else found.distinct_id)
        del said["alias"]
    if user is None and anonymous is None:
        raise UnusableError("distinct_id", "is missing", found.distinct_id)
    time = reading.time(found.timestamp, None, found.sent_at, found.offset)
    timed = found.timestamp is not None or found.sent_at is not None or reading.batch_sent or found.offset is not None
    own = said.get("$insert_id") if found.uuid is None or found.uuid == "" else found.uuid
    event = WireEvent(
        id=reading.ids.of(own, message, timed=timed),
        time=time,
        user=user,
        anonymous=anonymous,
        kind=kind,
        properties=_properties(said),
        traits=_traits(found, said),
        alias_of=earlier if earlier != user else None,
    )
    _set_columns(event, event.properties, said)
    add_events(event, reading)


def _properties(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in said.items():
        if key[:1] != "$":
            found[key] = value
        elif key in _RENAMED:
            if value != "$direct":
                found.setdefault(_RENAMED[key], value)
        elif key.startswith(_KEPT_PREFIXES):
            found[key] = value
    for key in _DROPPED if said.get("$is_server") is not True else (*_DROPPED, *_OF_SERVER):
        found.pop(key, None)
    if library := label(said.get("$lib")):
        version = label(said.get("$lib_version"))
        found["library"] = f"{library} {version}" if version else library
    return found


def _traits(message: PostHogMessage, said: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is to be known about the person; what is set once gives way to what is set."""
    found: dict[str, Any] = {}
    for value, column in (
        (message.set_once, "$set_once"),
        (said.get("$set_once"), "properties.$set_once"),
        (message.set, "$set"),
        (said.get("$set"), "properties.$set"),
        (said.get("$group_set"), "properties.$group_set"),
    ):
        if value is not None:
            found |= {key: entry for key, entry in clean(value, column).items() if key[:1] != "$"}
    return found or None


def _set_columns(event: WireEvent, properties: dict[str, Any], said: dict[str, Any]) -> None:
    take_columns(event, properties, said.get("$session_id"))
    event.referrer = event.referrer or referrer_in(event.traits)
    event.device = device_of(
        said.get("$device_type"),
        said.get("$raw_user_agent") or said.get("$user_agent"),
        width=said.get("$screen_width"),
    )
    set_place(
        event,
        said.get("$geoip_country_code") or said.get("$geoip_country_name"),
        said.get("$geoip_subdivision_1_name") or said.get("$geoip_subdivision_1_code"),
        said.get("$geoip_city_name"),
        said.get("$geoip_latitude"),
        said.get("$geoip_longitude"),
    )
    set_utm(event, properties, said.get("$current_url"))
    if event.kind == "consent":
        event.consent = consent_in(properties)
