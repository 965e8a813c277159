"""Whatever passes the door is read, twice the same, and never answered with silence; the page names every event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.settings import Settings
from regulars.events.vocabulary import KINDS, resolve_kind
from regulars.events.wire import ROUTES, WireError, check, decode, people, without

RECEIVED = 1_760_000_000_000_000
PAGE = Path(__file__).resolve().parents[2] / "docs" / "collecting.md"
FIELDS = (
    "type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt", "properties",
    "traits", "context", "previousId", "groupId", "name", "category", "distinct_id", "uuid", "offset", "$set",
    "$set_once",
)  # fmt: skip
INNER = (
    "product_id", "products", "items", "price", "quantity", "discount", "value", "currency", "page", "url", "campaign",
    "device", "location", "latitude", "longitude", "consent", "categoryPreferences", "screen", "library", "name",
    "$set", "$current_url", "$device_id", "alias", "session_id", "userAgentData", "userAgent",
)  # fmt: skip
WORDS = (
    "Order Completed", "Product Viewed", "Product List Viewed", "Segment Consent Preference Updated", "$identify",
    "$create_alias", "$groupidentify", "track", "identify", "page", "group", "alias", "u1", "2025-01-01T00:00:00Z",
    "1e999", "12.50", "\x00",
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)
MESSAGES = st.lists(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=8), max_size=3)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(ROUTES)), MESSAGES, ANYTHING)
def test_any_json_that_passes_the_door_is_read_and_answered(route: str, messages: list[dict[str, Any]], sent: Any):
    whole = {"batch": messages, "sentAt": sent, "sent_at": sent}
    single = messages[0] if messages else {}
    body = json.dumps(whole if route in {"batch", "posthog"} else single).encode()
    try:
        checked = check(route, body)
    except WireError:
        # 1e999 outside the messages, say.
        return
    found = decode(route, body, RECEIVED, Settings())
    assert found == decode(route, body, RECEIVED, Settings())
    assert found.messages == checked.count == len(people(route, body))
    rejected = {reject.index for reject in found.rejects}
    for index in range(checked.count):
        others = [other for other in range(checked.count) if other != index]
        alone = decode(route, without(route, body, others), RECEIVED, Settings())
        assert alone.events or index in rejected
    for event in found.events:
        assert event.user or event.anonymous
        assert event.kind
        assert orjson.loads(orjson.dumps(event.properties)) is not None
        assert msgspec.json.encode(event)
        assert all(reject.column and reject.reason and len(reject.excerpt) <= 120 for reject in found.rejects)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(data: bytes):
    for body in (data, b'{"batch": [{"a": ' + data + b"}]}", b'{"batch": [{"a": "' + data + b'"}]}'):
        try:
            count = check("batch", body).count
        except WireError:
            continue
        found = decode("batch", body, RECEIVED, Settings())
        assert len(found.events) + len(found.rejects) >= count


def table() -> list[str]:
    """Return the table of names as the page must show it."""
    lines = ["| kind | Segment and RudderStack | GA4 | PostHog |", "|---|---|---|---|"]
    for kind in KINDS.values():
        names = [", ".join(f"`{name}`" for name in group) for group in (kind.segment, kind.ga4, kind.posthog)]
        if any(names):
            lines.append("| " + " | ".join([f"`{kind.name}`", *names]) + " |")
    return lines


def test_the_page_shows_every_name_of_the_vocabulary():
    assert "\n".join(table()) in PAGE.read_text("utf-8")


def test_every_name_is_understood():
    for kind in KINDS.values():
        for name in (*kind.segment, *kind.ga4, *kind.posthog):
            assert resolve_kind(name) == kind.name
