"""When it happened, and which message is the same one again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from regulars.core.settings import Settings
from regulars.events.wire import Decoded, decode


def micros(text: str) -> int:
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6)


RECEIVED = micros("2025-10-09T12:00:00+00:00")
MESSAGE = {"type": "track", "event": "x", "userId": "u"}


def one(message: dict[str, Any], received: int = RECEIVED, route: str = "track", **batch: object) -> Decoded:
    body = {"batch": [message], **batch} if batch or route == "batch" else message
    return decode("batch" if batch and route == "track" else route, json.dumps(body).encode(), received, Settings())


def time_of(received: int = RECEIVED, route: str = "track", /, **fields: Any) -> int:
    return one(MESSAGE | fields, received, route).events[0].time


@pytest.mark.parametrize(
    "text",
    [
        "2025-10-09T11:00:00Z", "2025-10-09T11:00:00.0Z", "2025-10-09T11:00:00.000000000Z", "2025-10-09T19:00:00+08:00",
        "2025-10-09T11:00:00", "2025-10-09 11:00:00", "2025-10-09 19:00:00+0800", "2025-10-09 19:00:00 +0800",
        "2025-10-09 11:00:00 UTC", "2025-10-09T11:00:00z", "20251009T110000Z", "2025-10-09T11:00Z",
        1760007600, 1760007600.0, 1760007600000, 1760007600000000, "1760007600", "1760007600000", "1760007600.000",
    ],
)  # fmt: skip
def test_every_way_to_write_eleven_o_clock(text: object):
    assert time_of(timestamp=text) == micros("2025-10-09T11:00:00+00:00")


def test_fractions_of_a_second():
    for digits, expected in {"1": 100_000, "12": 120_000, "123": 123_000, "123456789": 123_456}.items():
        assert time_of(timestamp=f"2025-10-09T11:00:00.{digits}Z") == micros("2025-10-09T11:00:00+00:00") + expected


def test_a_day_is_its_midnight():
    assert time_of(timestamp="2025-10-08") == time_of(timestamp=20251008) == micros("2025-10-08T00:00:00+00:00")


def test_a_clock_that_is_an_hour_fast_is_corrected():
    # By the client's clock it happened at 12:50 and was sent at 13:00: ten minutes before it was received at 12:00.
    said = {"timestamp": "2025-10-09T12:50:00Z", "sentAt": "2025-10-09T13:00:00Z"}
    assert time_of(**said) == micros("2025-10-09T11:50:00+00:00")


def test_the_batch_says_when_it_was_sent_unless_the_message_does():
    message = MESSAGE | {"timestamp": "2025-10-09T11:59:00Z"}
    assert one(message, sentAt="2025-10-09T11:59:30Z").events[0].time == RECEIVED - 30_000_000
    found = one(message | {"sentAt": "2025-10-09T11:59:10Z"}, sentAt="2025-10-09T11:59:30Z")
    assert found.events[0].time == RECEIVED - 10_000_000


def test_rudderstack_says_original_timestamp():
    said = {"originalTimestamp": "2025-10-09T11:58:00Z", "sentAt": "2025-10-09T11:59:00Z"}
    assert time_of(**said) == time_of(timestamp=None, **said) == time_of(timestamp="?", **said) == RECEIVED - 60_000_000


def test_without_sent_at_the_timestamp_is_believed_unless_it_is_in_the_future():
    assert time_of(timestamp="2025-10-01T00:00:00Z", sentAt=None) == micros("2025-10-01T00:00:00+00:00")
    assert time_of(timestamp="2025-10-09T15:00:00Z", sentAt="?") == RECEIVED


def test_without_a_timestamp_it_happened_when_it_was_received():
    assert time_of() == time_of(timestamp=None) == time_of(timestamp="", sentAt="2025-10-09T13:00:00Z") == RECEIVED


@pytest.mark.parametrize("value", ["yesterday", True, {}, [], "2025-13-01", 1e300, "1" * 400, "2025-10-09T25:00:00Z"])
def test_what_is_no_time_is_a_reject(value: object):
    found = one(MESSAGE | {"timestamp": value})
    assert not found.events
    assert (found.rejects[0].column, found.rejects[0].reason) == ("timestamp", "is not a time")


def test_times_that_cannot_be_are_rejects():
    assert one(MESSAGE | {"timestamp": "1989-12-31T23:59:59Z"}).rejects[0].reason == "is before 1990-01-01"
    assert one(MESSAGE | {"timestamp": "1990-01-01T00:00:00Z"}).events
    late = {"timestamp": "2025-10-10T12:00:01Z", "sentAt": "2025-10-09T12:00:00Z"}
    assert one(MESSAGE | late).rejects[0].reason == "is in the future"
    assert one(MESSAGE | late | {"timestamp": "2025-10-10T12:00:00Z"}).events


def test_posthog_says_sent_at_or_offset():
    message = {"event": "x", "distinct_id": "u", "timestamp": "2025-10-09T12:50:00Z"}
    assert one(message, route="posthog", sent_at="2025-10-09T13:00:00Z").events[0].time == RECEIVED - 600_000_000
    message = {"event": "x", "distinct_id": "u", "offset": 1500}
    assert one(message, route="posthog").events[0].time == RECEIVED - 1_500_000


def test_a_message_sent_again_keeps_its_id():
    def ids(sent: str, received: int, **fields: Any) -> list[str]:
        message = MESSAGE | {"timestamp": "2025-10-09T11:00:00Z"} | fields
        return [event.id for event in one(message, received, sentAt=sent, writeKey="wk").events]

    first, again = ("2025-10-09T11:00:01Z", RECEIVED), ("2025-10-09T11:59:01Z", RECEIVED + 5)
    assert ids(*first, messageId="m-1") == ids(*again, messageId="m-1") == ["m-1"]
    assert ids(*first) == ids(*again)
    assert len(ids(*first)[0]) == 32
    assert ids(*first, sentAt="2025-10-09T11:00:01Z") == ids(*again, sentAt="2025-10-09T11:59:01Z", receivedAt=4)
    assert ids(*first) != ids(*first, properties={"a": 1})
    assert ids(*first, properties={"a": 1, "b": 2}) == ids(*again, properties={"b": 2, "a": 1})
    order = {"event": "purchase", "properties": {"products": [1, 2]}, "messageId": "m"}
    assert ids(*first, **order) == ids(*again, **order) == ["m/0", "m/1"]


def test_the_same_visit_twice_is_two_events_when_the_client_says_no_time():
    assert one(MESSAGE).events[0].id == one(MESSAGE).events[0].id
    assert one(MESSAGE).events[0].id != one(MESSAGE, RECEIVED + 1).events[0].id
    body = json.dumps({"batch": [MESSAGE, MESSAGE]}).encode()
    ids = [event.id for event in decode("batch", body, RECEIVED, Settings()).events]
    assert len(set(ids)) == 2
    assert ids == [event.id for event in decode("batch", body, RECEIVED, Settings()).events]


@pytest.mark.parametrize("own", ["x" * 201, "a\nb", "a\u0000"])
def test_ids_nobody_can_handle_are_replaced_by_their_hash(own: str):
    first, second = (one(MESSAGE | {"messageId": own, "event": name}).events[0].id for name in "xy")
    assert first == second
    assert len(first) == 32
    assert one(MESSAGE | {"messageId": own + "!"}).events[0].id != first


@pytest.mark.parametrize("own", [None, "", " ", "null", "undefined", {}, [], True])
def test_what_is_no_id_is_replaced_by_the_hash_of_the_message(own: object):
    first, second = (one(MESSAGE | {"messageId": own, "event": name}).events[0].id for name in "xy")
    assert first != second


def test_posthog_ids():
    message: dict[str, Any] = {"event": "x", "distinct_id": "u", "uuid": "U", "properties": {"$insert_id": "I"}}
    assert one(message, route="posthog").events[0].id == "U"
    assert one(message | {"uuid": None}, route="posthog").events[0].id == "I"
