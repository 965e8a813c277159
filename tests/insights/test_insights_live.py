"""The last minutes, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from regulars.core.schema import EVENTS
from regulars.insights import live

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)


def rows(*lines: tuple[Any, ...]) -> pa.Table:
    """Return events of (minutes ago, subject, kind, more)."""
    found: list[dict[str, Any]] = []
    for number, (ago, subject, kind, *more) in enumerate(lines):
        time = NOW - timedelta(minutes=ago)
        base = dict.fromkeys(live.COLUMNS) | {
            "id": f"e{number}", "time": time, "day": time.date(), "subject": subject, "kind": kind,
        }  # fmt: skip
        found.append(base | (more[0] if more else {}))
    schema = pa.schema([EVENTS.field(name) for name in live.COLUMNS])
    return pa.Table.from_pylist(found, schema=schema)


def test_only_what_customers_did_in_the_time_counts() -> None:
    events = rows((1, "a", "view"), (4.9, "b", "view"), (5, "c", "view"), (6, "d", "view"), (1, "e", "message"))
    lately = live.customers_rows(events, NOW - timedelta(minutes=5), NOW)
    assert live.shoppers(lately) == 3
    assert live.customers_rows(events, NOW - timedelta(minutes=5), NOW - timedelta(minutes=4)).num_rows == 2


def test_minutes_are_counted_oldest_first_and_frequent_kinds_come_first() -> None:
    events = rows((0.5, "a", "cart"), (2.5, "a", "view"), (2.4, "b", "view"), (0.1, "a", "view"), (9, "a", "view"))
    assert live.per_minute(events, NOW - timedelta(minutes=3), 3) == {"view": [2, 0, 1], "cart": [0, 0, 1]}
    assert live.per_minute(rows(), NOW, 3) == {}


def test_lines_of_one_session_are_one_order() -> None:
    events = rows(
        (1, "a", "purchase", {"session": "s", "value": 2.0, "currency": "EUR"}),
        (2, "a", "purchase", {"session": "s", "value": 3.0, "currency": "EUR"}),
        (3, "b", "purchase", {"value": 1.0, "currency": "EUR"}),
        (4, "b", "purchase", {"currency": "EUR"}),
        (4, "b", "view", {"value": 99.0}),
    )
    assert live.totals(events) == live.Totals(2, 6.0, "EUR")
    mixed = rows((1, "a", "purchase", {"currency": "EUR"}), (1, "a", "purchase", {"currency": "USD"}))
    assert live.totals(mixed).currency is None


def test_conversion_and_its_change_have_intervals() -> None:
    """Newcombe (1998): 56/70 against 48/80 differ by 0.2, with an interval of 0.0524 to 0.3339."""
    assert live.conversion(rows((1, "a", "view"), (1, "a", "purchase"), (1, "b", "view"))) == live.Share(1, 2)
    found = live.change(live.Share(56, 70), live.Share(48, 80))
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-4)
    assert live.change(live.Share(0, 0), live.Share(1, 2)) == live.Change(None, None, None)


def test_last_weeks_conversion_is_counted_where_the_events_are(events_of: Any, run: Any) -> None:
    events = events_of(
        ("a", "2024-01-01", "view"), ("a", "2024-01-01"), ("b", "2024-01-01", "view"), ("c", "2024-01-02"),
        ("d", "2024-01-01", "message"),
    )  # fmt: skip
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    day = date(2024, 1, 1)
    found = run(live.conversion_of(events, (day, day), noon, noon + timedelta(hours=1))).to_pylist()
    assert found == [{"visitors": 2, "buyers": 1}]


def test_items_are_ranked_by_people_not_by_clicks() -> None:
    events = rows(
        *((1, "a", "view", {"item": "tea"}) for _ in range(5)),
        (1, "a", "view", {"item": "milk"}),
        (1, "b", "view", {"item": "milk"}),
        (1, "b", "page"),
    )
    assert live.top_items(events, 5) == [("milk", 2, 2), ("tea", 1, 5)]
    assert live.top_items(events, 1) == [("milk", 2, 2)]


def test_a_search_that_one_person_made_is_not_shown() -> None:
    events = rows(
        (1, "a", "search", {"properties": '{"query":"Green  Tea"}'}),
        (1, "b", "search", {"properties": '{"search_term":"green tea"}'}),
        (1, "a", "search", {"properties": '{"query":"my name is Ann"}'}),
        (1, "a", "search", {"properties": '{"query":"my name is Ann"}'}),
        (1, "a", "search", {"properties": '{"query":7}'}),
        (1, "a", "search", {"properties": None}),
    )
    assert live.top_searches(events, 5) == [("green tea", 2)]


def test_the_newest_events_come_first_and_equal_times_by_id() -> None:
    events = rows((2, "a", "view"), (1, "a", "cart"), (1, "b", "page"))
    assert [row["id"] for row in live.latest(events, 2, ["id"])] == ["e1", "e2"]
    assert [row["id"] for row in live.latest(events, 9, ["id"])] == ["e1", "e2", "e0"]
