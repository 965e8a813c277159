"""Facts that have a column of their own, taken out of the properties where clients put them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.events.wire.scalars import currency, ident, person

if TYPE_CHECKING:
    from regulars.events.wire.records import WireEvent

_SESSION = ("session_id", "ga_session_id", "sessionId")
_REFERRER = ("referrer_id", "referred_by")
_DROPPED = ("ip", "userAgent", "user_agent")
"""The client's address is never to be trusted, and identifies a person; of the user agent the device is kept."""


def take_columns(event: WireEvent, properties: dict[str, Any], session: Any) -> None:
    """Set session, currency and referrer; what cannot be one stays a property.

    Parameters
    ----------
    event
        To set them on.
    properties
        Loses what has become a column.
    session
        What the client says outside the properties; it goes before what is among them.
    """
    for key in _DROPPED:
        properties.pop(key, None)
    event.session = ident(session)
    for key in _SESSION:
        if key in properties and (own := ident(properties[key])):
            event.session = event.session or own
            del properties[key]
    if "currency" in properties and (code := currency(properties["currency"])):
        event.currency = code
        del properties["currency"]
    for key in _REFERRER:
        if key in properties and (by := person(properties[key])):
            event.referrer = event.referrer or by
            del properties[key]


def referrer_in(traits: dict[str, Any] | None) -> str | None:
    """Return the customer who referred this one, as an identify message may say."""
    found = (person(traits.get(key)) for key in _REFERRER) if traits else ()
    return next((by for by in found if by), None)
