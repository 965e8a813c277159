"""Counts of each hour, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from regulars.insights.hourly import hourly_counts

HOUR = int(datetime(2024, 1, 2, 9, tzinfo=UTC).timestamp()) // 3600


def at(minute: int, **more: Any) -> dict[str, Any]:
    return {"time": datetime(2024, 1, 2, 9 + minute // 60, minute % 60, 30, tzinfo=UTC), **more}


def test_an_hour_is_counted_once_for_each_thing_it_is_asked(events_of: Any, run: Any) -> None:
    events = events_of(
        ("a", "2024-01-02", "view", at(0)),
        ("a", "2024-01-02", "purchase", at(1, session="s1", value=3.0)),
        ("a", "2024-01-02", "purchase", at(2, session="s1", value=4.0)),
        ("a", "2024-01-02", "purchase", at(3, session="s2", value=None)),
        ("b", "2024-01-02", "purchase", at(59, value=1.5)),
        ("b", "2024-01-02", "message", at(5)),
        ("c", "2024-01-02", "search", at(61, properties='{"query":"tea","results":0}')),
        ("c", "2024-01-02", "search", at(62, properties='{"query":"tea","results": "0"}')),
        ("c", "2024-01-02", "search", at(63, properties='{"results_count":10}')),
        ("c", "2024-01-02", "search", at(64, properties='{"query":"\\"results\\":0"}')),
        ("c", "2024-01-02", "review", at(65, properties='{"rating":1}')),
        ("c", "2024-01-02", "rate", at(66, properties='{"rating":"2.0","text":"bad"}')),
        ("c", "2024-01-02", "rate", at(67, properties='{"rating":12}')),
        ("d", "2024-01-01", "view", {"time": datetime(2024, 1, 1, 9, tzinfo=UTC)}),
    )
    found = run(hourly_counts(events, date(2024, 1, 2), datetime(2024, 1, 2, tzinfo=UTC)).order_by("hour")).to_pylist()
    assert found == [
        {
            "hour": HOUR, "events": 5, "shoppers": 2, "buyers": 2, "orders": 3, "revenue": 8.5,
            "searches": 0, "empty_searches": 0, "ratings": 0, "bad_ratings": 0,
        },
        {
            "hour": HOUR + 1, "events": 7, "shoppers": 1, "buyers": 0, "orders": 0, "revenue": 0.0,
            "searches": 3, "empty_searches": 2, "ratings": 3, "bad_ratings": 2,
        },
    ]  # fmt: skip
