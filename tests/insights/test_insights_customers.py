"""Customer summaries: rhythm, spend, and the borders of the segments."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regulars.insights import customer_summaries

AS_OF = date(2024, 12, 31)


def visits(subject, gap, since, count=3):
    """Return `count` days `gap` apart, the last one `since` days before the evening asked about."""
    return [(subject, AS_OF - timedelta(days=since + gap * i)) for i in range(count)]


def segments(table, run):
    return {row["subject"]: row["segment"] for row in run(customer_summaries(table, AS_OF)).to_pylist()}


@pytest.mark.parametrize(
    ("gap", "since", "segment"),
    [
        (20, 0, "regular"), (20, 40, "regular"), (20, 41, "slipping"), (20, 80, "slipping"), (20, 81, "lost"),
        (90, 120, "regular"), (90, 121, "slipping"), (90, 240, "slipping"), (90, 241, "lost"),
    ],
)  # fmt: skip
def test_segment_borders_at_two_and_four_gaps_bounded_to_sixty_days(events_of, run, gap, since, segment):
    assert segments(events_of(*visits("a", gap, since)), run) == {"a": segment}


@pytest.mark.parametrize(("since", "segment"), [(28, "regular"), (29, "slipping"), (56, "slipping"), (57, "lost")])
def test_a_daily_customer_slips_after_four_weeks(events_of, run, since, segment):
    assert segments(events_of(*visits("a", 1, since, count=90)), run) == {"a": segment}


@pytest.mark.parametrize(("since", "segment"), [(0, "new"), (27, "new"), (28, "one-time"), (300, "one-time")])
def test_new_for_28_days_then_one_time(events_of, run, since, segment):
    assert segments(events_of(*visits("a", 1, since, count=1)), run) == {"a": segment}


def test_two_days_are_no_rhythm_so_the_shops_median_is_used(events_of, run):
    """Gaps of their own: 20, 20 and 40, median 20; p and q came twice, 30 days apart."""
    events = events_of(
        *visits("x", 20, 10),
        *visits("y", 20, 10),
        *visits("z", 40, 0),
        *visits("p", 30, 40, 2),
        *visits("q", 30, 41, 2),
    )  # fmt: skip
    found = segments(events, run)
    assert (found["p"], found["q"]) == ("regular", "slipping")


def test_a_shop_without_any_rhythm_takes_28_days(events_of, run):
    found = segments(events_of(*visits("p", 3, 56, 2), *visits("q", 3, 57, 2)), run)
    assert found == {"p": "regular", "q": "slipping"}


def test_a_customer_by_hand(events_of, run):
    """Days 1, 4, 14 and 15 December: gaps 3, 10, 1, median 3. January's purchase and the message do not count."""
    events = events_of(
        ("a", "2024-12-01", "view"),
        ("a", "2024-12-04", {"value": 5.0, "session": "s"}),
        ("a", "2024-12-04", {"value": 2.5, "session": "s"}),
        ("a", "2024-12-14", {"value": None}),
        ("a", "2024-12-15", "cart"),
        ("a", "2024-12-20", "message"),
        ("a", "2025-01-01", {"value": 100.0}),
        ("only messages", "2024-12-20", "message"),
        ("looks", "2024-12-31", "view"),
    )
    found = {row["subject"]: row for row in run(customer_summaries(events, AS_OF)).to_pylist()}
    assert set(found) == {"a", "looks"}
    assert found["a"] == {
        "subject": "a",
        "first_day": date(2024, 12, 1),
        "last_day": date(2024, 12, 15),
        "active_days": 4,
        "orders": 2,
        "spend": 7.5,
        "typical_gap": 3.0,
        "days_since": 16,
        "segment": "regular",
    }
    assert (found["looks"]["orders"], found["looks"]["spend"], found["looks"]["typical_gap"]) == (0, 0.0, None)


def test_an_even_number_of_gaps_has_the_mean_of_the_middle_two(events_of, run):
    events = events_of(("a", "2024-12-01"), ("a", "2024-12-02"), ("a", "2024-12-06"))
    assert run(customer_summaries(events, AS_OF))["typical_gap"].to_pylist() == [2.5]
