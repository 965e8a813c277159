"""Bodies as the client libraries write them, with their nulls and their own ways."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from regulars.core.settings import Settings
from regulars.events.wire import Decoded, WireEvent, check, decode, people

RECEIVED = round(datetime(2025, 10, 9, 12, tzinfo=UTC).timestamp()) * 1_000_000
SENT = "2025-10-09T12:00:00.000Z"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def read(route: str, body: object) -> Decoded:
    data = json.dumps(body).encode()
    found = decode(route, data, RECEIVED, Settings())
    assert found.messages == check(route, data).count == len(people(route, data))
    return found


def one(message: dict[str, Any], route: str = "track") -> WireEvent:
    found = read(route, {"userId": "u", "event": "x"} | message)
    assert not found.rejects
    (event,) = found.events
    return event


def said(event: WireEvent) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name in event.__struct_fields__ if (value := getattr(event, name)) not in (None, {})}


def python_message(kind: str, library: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {
        "integrations": {},
        "anonymousId": None,
        "timestamp": "2025-10-09T11:59:59+00:00",
        "context": {"library": library},
        "type": kind,
        "userId": "u1",
        "messageId": f"id-{kind}",
    } | fields


def test_segment_for_python():
    library = {"name": "analytics-python", "version": "2.4.0"}
    messages = [
        python_message("track", library, event="Order Completed", properties={
            "order_id": "o", "products": [{"product_id": 1, "price": "2.50", "quantity": "2"}, {"sku": "s"}]}),
        python_message("identify", library, traits={"email": "a@b.c", "referred_by": "u9", "age": None}),
        python_message("page", library, category="docs", name="Home", properties={"url": "https://s.example/"}),
        python_message("screen", library, category=None, name="Start", properties={}),
        python_message("alias", library, previousId="a1"),
        python_message("group", library, groupId=7, traits={"plan": "x"}),
        python_message("track", library, event="Product Viewed", userId=None, anonymousId=12,
                       properties={"product_id": "p"}),
    ]  # fmt: skip
    found = read("batch", {"batch": messages, "sentAt": SENT, "writeKey": "wk"})
    assert not found.rejects
    lib = "analytics-python 2.4.0"
    assert {event.time for event in found.events} == {RECEIVED - 1_000_000}
    assert [{k: v for k, v in said(event).items() if k != "time"} for event in found.events] == [
        {"id": "id-track/0", "user": "u1", "kind": "purchase", "item": "1", "quantity": 2.0, "value": 5.0,
         "currency": "USD", "properties": {"order_id": "o", "library": lib, "price": "2.50"}},
        {"id": "id-track/1", "user": "u1", "kind": "purchase", "item": "s", "quantity": 1.0,
         "properties": {"order_id": "o", "library": lib}},
        {"id": "id-identify", "user": "u1", "kind": "identify", "referrer": "u9", "properties": {"library": lib},
         "traits": {"email": "a@b.c", "referred_by": "u9"}},
        {"id": "id-page", "user": "u1", "kind": "page",
         "properties": {"page_url": "https://s.example/", "name": "Home", "category": "docs", "library": lib}},
        {"id": "id-screen", "user": "u1", "kind": "page", "properties": {"name": "Start", "library": lib}},
        {"id": "id-alias", "user": "u1", "kind": "alias", "properties": {"library": lib}, "alias_of": "a1"},
        {"id": "id-group", "user": "u1", "kind": "group", "properties": {"group_id": "7", "library": lib},
         "traits": {"plan": "x"}},
        {"id": "id-track", "anonymous": "12", "kind": "view", "item": "p", "properties": {"library": lib}},
    ]  # fmt: skip


def test_segment_for_node():
    message = {
        "anonymousId": "a", "event": "Product Added", "properties": {"product_id": "p", "price": 3, "quantity": 2},
        "context": {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}}, "integrations": {},
        "type": "track", "timestamp": SENT, "messageId": "node-next-1", "_metadata": {"nodeVersion": "20.1.0"},
    }  # fmt: skip
    (event,) = read("batch", {"batch": [message], "writeKey": "wk", "sentAt": SENT}).events
    assert (event.anonymous, event.user, event.kind, event.value) == ("a", None, "cart", 6)


def test_segment_in_the_browser():
    url = "https://s.example/p?utm_source=news&utm_medium=e%20mail"
    message = {
        "timestamp": SENT, "integrations": {"Segment.io": True}, "type": "page", "userId": None,
        "anonymousId": "anon-1",
        "properties": {"path": "/p", "referrer": "https://search.example/", "search": "?utm_source=q",
                       "title": "Shoe", "url": url},
        "context": {
            "page": {"path": "/p", "referrer": "https://search.example/", "search": "", "title": "Shoe",
                     "url": url},
            "userAgent": IPHONE, "userAgentData": {"mobile": True, "platform": "iOS"}, "locale": "de-DE",
            "ip": "203.0.113.9", "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
            "timezone": "Europe/Berlin",
            "location": {"country": "DE", "region": "BE", "city": "Berlin", "latitude": "52.5", "longitude": 13.4},
            "sessionId": 1760000000,
            "consent": {"categoryPreferences": {"Advertising": False, "Analytics": True, "x": 3}},
        },
        "messageId": "ajs-next-1", "writeKey": "wk", "sentAt": SENT, "_metadata": {"bundled": [], "unbundled": []},
    }  # fmt: skip
    (event,) = read("page", message).events
    assert said(event) == {
        "id": "ajs-next-1", "time": RECEIVED, "anonymous": "anon-1", "kind": "page", "session": "1760000000",
        "device": "mobile", "country": "DE", "region": "BE", "city": "Berlin", "latitude": 52.5, "longitude": 13.4,
        "channel": "e mail", "source": "news", "consent": {"Advertising": False, "Analytics": True},
        "properties": {"page_url": url, "page_title": "Shoe", "page_path": "/p",
                       "page_referrer": "https://search.example/", "search": "?utm_source=q", "locale": "de-DE",
                       "library": "analytics.js npm:next-1.84.3"},
    }  # fmt: skip
    assert "203.0.113.9" not in repr(event)
    assert "AppleWebKit" not in repr(event)


def test_rudderstack_for_node_and_python():
    node = {
        "userId": "u", "traits": {"e": 1}, "context": {"traits": {"e": 1}, "library": {"name": "analytics-node"}},
        "type": "identify", "channel": "server", "originalTimestamp": SENT, "messageId": "r1", "sentAt": SENT,
    }  # fmt: skip
    python = python_message("identify", {"name": "analytics-python"}, channel="server")
    python["context"]["traits"] = {"e": 2}
    found = read("batch", {"batch": [node, python], "timestamp": SENT, "sentAt": SENT})
    assert [(event.traits, event.channel) for event in found.events] == [({"e": 1}, None), ({"e": 2}, None)]


def test_posthog_for_python():
    own = {"$python_runtime": "CPython", "$os": "Linux", "$lib": "posthog-python", "$lib_version": "7.91.1",
           "$geoip_disable": True, "$is_server": True}  # fmt: skip
    messages = [
        {"properties": own | {"product_id": "p", "$session_id": "s"}, "distinct_id": "u1", "event": "Product Viewed"},
        {"properties": own | {"$process_person_profile": False}, "distinct_id": "made-up", "event": "something"},
        {"properties": own, "distinct_id": "u1", "event": "$set", "$set": {"email": "a@b.c"}},
        {"properties": own, "distinct_id": "u1", "event": "$set_once", "$set_once": {"first": 1}},
        {"properties": own | {"distinct_id": "old", "alias": "u1"}, "distinct_id": "old", "event": "$create_alias"},
        {"properties": own | {"$group_type": "company", "$group_key": "c", "$group_set": {"n": 1}},
         "distinct_id": "made-up", "event": "$groupidentify"},
    ]  # fmt: skip
    batch = [{"timestamp": SENT, "uuid": str(i)} | message for i, message in enumerate(messages)]
    found = read("posthog", {"batch": batch, "historical_migration": False, "sent_at": SENT, "api_key": "phc"})
    assert not found.rejects
    lib = {"library": "posthog-python 7.91.1"}
    assert [{k: v for k, v in said(event).items() if k not in {"time", "id"}} for event in found.events] == [
        {"user": "u1", "kind": "view", "item": "p", "session": "s", "properties": lib},
        {"anonymous": "made-up", "kind": "something", "properties": lib},
        {"user": "u1", "kind": "identify", "properties": lib, "traits": {"email": "a@b.c"}},
        {"user": "u1", "kind": "identify", "properties": lib, "traits": {"first": 1}},
        {"user": "u1", "kind": "alias", "properties": lib, "alias_of": "old"},
        {"anonymous": "made-up", "kind": "group", "traits": {"n": 1},
         "properties": {"$group_type": "company", "$group_key": "c", "$group_set": {"n": 1}} | lib},
    ]  # fmt: skip


def test_posthog_in_the_browser():
    own = {
        "$os": "iOS", "$browser": "Mobile Safari", "$device_type": "Mobile",
        "$current_url": "https://s.example/?utm_campaign=c",
        "$pathname": "/", "$raw_user_agent": IPHONE, "$screen_width": 390, "$lib": "web", "$lib_version": "1.9",
        "token": "phc",
        "distinct_id": "d", "$device_id": "d", "$is_identified": False, "$referrer": "$direct", "title": "Home",
        "$session_id": "s", "$ip": "203.0.113.9", "$geoip_country_code": "DE", "$geoip_subdivision_1_name": "Berlin",
        "$geoip_city_name": "Berlin", "$geoip_latitude": 52.5, "$geoip_longitude": 13.4, "$feature/new": "test",
        "$set_once": {"$initial_os": "iOS", "first": 1}, "$set": {"first": 2},
    }  # fmt: skip
    (event,) = read("posthog", {"api_key": "phc", "event": "$pageview", "properties": own, "uuid": "1"}).events
    assert said(event) == {
        "id": "1", "time": RECEIVED, "anonymous": "d", "kind": "page", "session": "s", "device": "mobile",
        "country": "DE", "region": "Berlin", "city": "Berlin", "latitude": 52.5, "longitude": 13.4, "campaign": "c",
        "traits": {"first": 2},
        "properties": {"os": "iOS", "browser": "Mobile Safari", "page_url": "https://s.example/?utm_campaign=c",
                       "page_path": "/", "title": "Home", "library": "web 1.9", "$feature/new": "test"},
    }  # fmt: skip
    identify = {"event": "$identify", "distinct_id": "u", "properties": {"$anon_distinct_id": "d", "$set": {"a": 1}}}
    (event,) = read("posthog", {"api_key": "phc", "batch": [identify]}).events
    assert (event.kind, event.user, event.anonymous, event.traits) == ("identify", "u", "d", {"a": 1})


@pytest.mark.parametrize("junk", [None, "", "  ", "undefined", "null", "None", "[object Object]", "NaN", "anonymous",
                                  "Guest", "0000", "00000000-0000-0000-0000-000000000000", {}, [], True, "a\x00b",
                                  "x" * 257])  # fmt: skip
def test_who_is_nobody(junk: object):
    found = read("track", {"event": "x", "userId": junk})
    assert not found.events
    assert (found.rejects[0].index, found.rejects[0].column) == (0, "userId")
    assert len(found.rejects[0].excerpt) <= 120
    event = one({"userId": junk, "anonymousId": "a"})
    assert (event.user, event.anonymous) == (None, "a")


def test_ids_that_are_numbers_become_text():
    assert one({"userId": 507}).user == one({"userId": 507.0}).user == one({"userId": " 507 "}).user == "507"
    assert one({"userId": 10**30}).user == str(10**30)


@pytest.mark.parametrize(
    ("context", "device"),
    [
        ({"device": {"type": "ios"}}, "mobile"), ({"device": {"type": "Tablet"}}, "tablet"),
        ({"device": {"type": "tv"}}, "tv"), ({"userAgent": IPHONE}, "mobile"), ({"userAgent": DESKTOP}, "desktop"),
        ({"userAgent": "Mozilla/5.0 (iPad; CPU OS 12_0)"}, "tablet"),
        ({"userAgent": "Mozilla/5.0 (Linux; Android 14; SM-X200) Safari"}, "tablet"),
        ({"userAgent": "Mozilla/5.0 (Linux; Android 14; Pixel) Mobile Safari"}, "mobile"),
        ({"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)", "device": {"type": "desktop"}}, "bot"),
        ({"userAgent": "python-requests/2.32"}, None), ({"userAgentData": {"mobile": False}}, "desktop"),
        ({"screen": {"width": 390}}, "mobile"), ({"screen": {"width": "800"}}, "tablet"),
        ({"screen": {"width": 1920}}, "desktop"), ({"device": None, "userAgent": 5, "screen": []}, None),
    ],
)  # fmt: skip
def test_devices(context: dict[str, Any], device: str | None):
    assert one({"context": context}).device == device


def test_campaigns():
    def came(**message: Any) -> tuple[str | None, str | None, str | None]:
        event = one(message)
        assert not {"utm_source", "utm_medium", "utm_campaign"} & set(event.properties)
        return event.source, event.channel, event.campaign

    url = "https://s.example/?a=1&utm_source=s&utm_medium=m&utm_campaign=c%C3%A9#x"
    assert came(context={"campaign": {"name": "n", "source": "s", "medium": "m"}}) == ("s", "m", "n")
    assert came(context={"page": {"url": url}}) == ("s", "m", "cé")
    assert came(context={"campaign": {"source": "own"}, "page": {"url": url}}) == ("own", None, None)
    assert came(properties={"utm_source": "p"}, context={"page": {"url": url}}) == ("p", None, None)
    assert came(context={"campaign": [], "page": {"url": 5}}) == (None, None, None)


def test_columns_are_taken_out_of_the_properties():
    properties = {"session_id": 5, "currency": "eur", "referrer_id": "u2", "ip": "203.0.113.9", "quantity": "2", "a": 1}
    event = one({"properties": properties | {"value": "1,299.50"}})
    assert (event.session, event.currency, event.referrer) == ("5", "EUR", "u2")
    assert (event.quantity, event.value, event.properties) == (2, 1299.5, {"a": 1})
    wrong = {"currency": "euros", "quantity": -1, "value": "1e999", "session_id": [], "referred_by": "null"}
    event = one({"properties": wrong})
    assert (event.currency, event.quantity, event.value, event.referrer) == (None, None, None, None)
    assert event.properties == {"currency": "euros", "quantity": -1, "value": "1e999", "referred_by": "null"}


def test_consent():
    preferences = {"consent": {"categoryPreferences": {"Ads": True, "Functional": "denied"}}}
    event = one({"event": "Segment Consent Preference Updated", "context": preferences})
    assert (event.kind, event.consent) == ("consent", {"Ads": True, "Functional": False})
    event = one({"event": "consent", "properties": {"profiling": "granted", "version": 3}})
    assert (event.consent, event.properties) == ({"profiling": True}, {"profiling": "granted", "version": 3})
    assert one({"context": {"consent": {"categoryPreferences": []}}}).consent is None
    message = {"event": "consent", "distinct_id": "u", "properties": {"consent": {"ads": False}}}
    assert read("posthog", message).events[0].consent == {"ads": False}


@pytest.mark.parametrize(
    ("message", "column"),
    [
        ({"type": "track"}, "event"), ({"type": "track", "event": "!!"}, "event"), ({"event": {}}, "event"),
        ({"type": "dance"}, "type"), ({"type": 5, "event": "x"}, "type"), ({}, "type"),
        ({"type": "alias"}, "previousId"), ({"type": "group"}, "groupId"),
        ({"event": "x", "properties": [1]}, "properties"), ({"event": "x", "properties": "text"}, "properties"),
        ({"event": "x", "properties": False}, "properties"), ({"type": "identify", "traits": 5}, "traits"),
    ],
)  # fmt: skip
def test_messages_that_mean_nothing_are_rejects(message: dict[str, Any], column: str):
    good = {"type": "track", "event": "x", "userId": "u"}
    found = read("batch", {"batch": [good, {"userId": "u"} | message, good]})
    assert len(found.events) == 2
    assert [(reject.index, reject.column) for reject in found.rejects] == [(1, column)]


def test_php_writes_a_list_for_an_empty_object():
    event = one({"properties": [], "context": [], "traits": []})
    assert event.properties == {}


def test_an_odd_number_costs_only_itself():
    infinite = b'{"batch":[{"type":"track","event":"x","userId":"u","properties":{"a":1e999,"b":2}}]}'
    found = decode("batch", infinite, RECEIVED, Settings())
    assert found.events[0].properties == {"b": 2}
    nines = b"9" * 5_000
    many = b'{"batch":[{"type":"track","event":"x","userId":"u"},{"a":%b,"userId":%b}]}' % (nines, nines)
    found = decode("batch", many, RECEIVED, Settings())
    assert (len(found.events), [reject.index for reject in found.rejects]) == (1, [1])
    assert people("batch", many) == [("u", None), (None, None)]


def test_a_log_that_is_damaged_is_a_reject():
    found = decode("batch", b'{"batch": [{"ev', RECEIVED, Settings())
    assert (found.events, found.messages, len(found.rejects)) == ([], 1, 1)
