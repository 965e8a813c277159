"""Who a message of PostHog's protocol is about: one `distinct_id` stands for known and unknown visitors alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from regulars.events.wire.scalars import person

if TYPE_CHECKING:
    from regulars.events.wire.messages import PostHogMessage, PostHogPerson

ALIASES = frozenset({"$create_alias", "$merge_dangerously"})


def who(message: PostHogMessage | PostHogPerson) -> tuple[str | None, str | None]:
    """Return (user id, anonymous id).

    `$identify` names both; an alias makes `properties.alias` the user. Any other distinct id is anonymous when it is
    the device's, or when the client says that nobody signed in; servers say neither, and mean a user.
    """
    properties: dict[str, Any] = message.properties if isinstance(message.properties, dict) else {}
    distinct = person(message.distinct_id)
    if distinct is None:
        distinct = person(properties.get("distinct_id"))
    event = message.event
    if event == "$identify":
        return distinct, person(properties.get("$anon_distinct_id"))
    if isinstance(event, str) and event in ALIASES:
        return person(properties.get("alias")), None
    # Of a group clients send no more than an id made up for the occasion.
    nobody = event == "$groupidentify" or _nobody(distinct, properties)
    return (None, distinct) if nobody else (distinct, None)


def alias_of(message: PostHogMessage) -> str | None:
    """Return the earlier id of an alias message: PostHog's clients send it as the distinct id."""
    found = person(message.distinct_id)
    if found is None and isinstance(message.properties, dict):
        return person(cast("dict[str, Any]", message.properties).get("distinct_id"))
    return found


def _nobody(distinct: str | None, properties: dict[str, Any]) -> bool:
    identified = properties.get("$is_identified")
    if identified is True:
        return False
    return (
        identified is False
        or properties.get("$user_state") == "anonymous"
        # A server that knows nobody makes up an id and says that there is no profile behind it.
        or properties.get("$process_person_profile") is False
        or (distinct is not None and person(properties.get("$device_id")) == distinct)
    )
