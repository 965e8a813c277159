"""What goes in and out of the wire formats."""

from __future__ import annotations

from typing import Any

import msgspec

from regulars.core.errors import InputError


class WireError(InputError):
    """A body that cannot be used at all: the client is told so, and nothing of it is kept."""


class Checked(msgspec.Struct, frozen=True):
    """What the door needs to know before it writes a body to the log.

    Parameters
    ----------
    key
        The write key found in the body (Segment: writeKey; PostHog: api_key or token), None without one.
    count
        Messages in the body.
    """

    key: str | None
    count: int


class WireEvent(msgspec.Struct, kw_only=True):
    """One event in our vocabulary; the fields of `regulars.core.schema.EVENTS`, and who it is about.

    Parameters
    ----------
    id
        The client's own id of the message, or one made from its content; '<id>/0', '<id>/1' … when the message became
        several events.
    time
        Microseconds since 1970 UTC, the error of the client's clock taken out.
    user, anonymous
        The id the shop knows the person by, and the one their device made up; at least one of them.
    kind
        A name of `regulars.events.vocabulary`, or a custom one.
    value
        Worth of the whole line in `currency`.
    referrer
        Id of the customer who referred this one; the address they came from is `properties['page_referrer']`.
    properties
        Whatever else the client said, under the client's names; nothing empty.
    traits
        What the message says about the person or group: Segment's traits, PostHog's $set and $set_once.
    alias_of
        An earlier id: it and `user` are one person.
    consent
        Purpose → given or not, named as the client names them; None when the message says nothing about it.
    """

    id: str
    time: int
    user: str | None
    anonymous: str | None
    kind: str
    item: str | None = None
    quantity: float | None = None
    value: float | None = None
    currency: str | None = None
    session: str | None = None
    device: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    channel: str | None = None
    source: str | None = None
    campaign: str | None = None
    referrer: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] | None = None
    alias_of: str | None = None
    consent: dict[str, bool] | None = None


class WireReject(msgspec.Struct):
    """A message, or a line of one, that is set aside.

    Parameters
    ----------
    index
        Which message of the body, from 0.
    column
        The field that is wrong, in the client's spelling: 'userId', 'products[2].product_id'.
    reason
        What is wrong with it.
    excerpt
        The beginning of its value, at most 120 characters.
    """

    index: int
    column: str
    reason: str
    excerpt: str


class Decoded(msgspec.Struct):
    """A body, read: every one of its `messages` gave an event, a reject, or both."""

    events: list[WireEvent]
    rejects: list[WireReject]
    messages: int


class UnusableError(Exception):
    """A message means nothing: inside this package only; it becomes a reject."""

    def __init__(self, column: str, reason: str, value: object = None) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
        self.value = value
