"""Sessions: where they are cut, and what is counted of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.core.errors import UsageError
from regulars.insights.sessions import SessionsParams, sessions
from regulars.insights.sources import Sources

START = datetime(2024, 1, 1, 9, tzinfo=UTC)


def at(seconds, **more):
    return {"time": START + timedelta(seconds=seconds), **more}


@pytest.fixture
def ask(events_of, run):
    def answer(*rows, **params):
        return sessions(Sources(events_of(*rows), run), SessionsParams(**params))

    return answer


DAY = "2024-01-01"
VISITS = (
    # a: 9:00:00 to 9:30:00 (a gap of exactly 30 minutes), then 10:00:01 (one second more): two sessions.
    ("a", DAY, "view", at(0)),
    ("a", DAY, "cart", at(1800)),
    ("a", DAY, "view", at(3601)),
    # b: three events in two minutes, with a purchase.
    ("b", DAY, "view", at(50)),
    ("b", DAY, "view", at(100)),
    ("b", DAY, "purchase", at(170)),
    # The shop's message would join what lies around it.
    ("c", DAY, "view", at(0)),
    ("c", DAY, "message", at(1500)),
    ("c", DAY, "view", at(3000)),
)


def test_a_session_ends_after_a_gap_longer_than_the_timeout(ask):
    """Sessions: a 1800 s and 0 s, b 120 s, c 0 s and 0 s; events 2, 1, 3, 1, 1."""
    [row] = ask(*VISITS).rows.to_pylist()
    assert (row["period"], row["sessions"], row["customers"]) == (date(2024, 1, 1), 5, 3)
    assert row["per_customer"] == pytest.approx(5 / 3)
    assert row["bounces"] == pytest.approx(3 / 5)
    assert row["mean_seconds"] == pytest.approx(1920 / 5)
    assert row["median_seconds"] == 0
    assert row["per_session"] == pytest.approx(8 / 5)
    assert row["bought"] == pytest.approx(1 / 5)
    assert row["low"] < 1 / 5 < row["high"]
    assert row["complete"] is False


def test_cutting_by_clock_intervals_agrees_with_ordering_every_event(ask):
    """The quick way and the general way (a breakdown takes it) give the same sessions, at many distances."""
    rows = [
        (f"s{n}", DAY, "view", at(start + k * step, device="phone"))
        for n, (start, step) in enumerate((s, d) for s in range(0, 3600, 450) for d in (599, 600, 601, 1200))
        for k in range(4)
    ]
    for minutes in (9, 10, 11, 20, 21):
        quick = ask(*rows, timeout=minutes).rows.to_pylist()
        slow = ask(*rows, timeout=minutes, breakdown="device").rows.drop_columns("group").to_pylist()
        assert quick == slow


def test_a_breakdown_goes_by_the_first_event_of_the_session(ask):
    rows = (
        ("a", DAY, "view", at(0, device="phone")),
        ("a", DAY, "view", at(10, device="desk")),
        ("b", DAY, "view", at(0, id="z1", device="desk")),
        ("b", DAY, "view", at(0, id="z0", device="tablet")),
        ("c", DAY, "view", at(0)),
        ("c", DAY, "view", at(9999)),
    )
    found = {r["group"]: r["sessions"] for r in ask(*rows, breakdown="device").rows.to_pylist()}
    assert found == {"phone": 1, "tablet": 1, "": 2}


def test_the_smallest_groups_are_added_up(ask):
    rows = [(f"s{n}", DAY, "view", at(0, device=name)) for n, name in enumerate("aaabbcd")]
    found = {r["group"]: r["sessions"] for r in ask(*rows, breakdown="device", top=2).rows.to_pylist()}
    assert found == {"a": 3, "b": 2, "…": 2}


def test_the_senders_sessions_are_taken_as_they_are(ask):
    rows = (
        ("a", DAY, "view", at(0, session="x")),
        ("a", DAY, "view", at(9999, session="x")),
        ("b", DAY, "view", at(10, session="x")),
        ("b", DAY, "view", at(20)),
    )
    [row] = ask(*rows, boundary="sender").rows.to_pylist()
    assert (row["sessions"], row["customers"], row["mean_seconds"]) == (2, 2, pytest.approx(9999 / 2))


def test_another_campaign_begins_a_session_but_an_unknown_one_does_not(ask):
    rows = [
        ("a", DAY, "view", at(60 * n, campaign=name)) for n, name in enumerate(["x", None, "x", "y", None, "y", "x"])
    ]
    assert ask(*rows, boundary="campaign").rows["sessions"].to_pylist() == [3]
    assert ask(*rows).rows["sessions"].to_pylist() == [1]


def test_a_kind_can_begin_a_session(ask):
    rows = [("a", DAY, kind, at(60 * n)) for n, kind in enumerate(["view", "search", "view", "search", "search"])]
    assert ask(*rows, starts=("search",)).rows["sessions"].to_pylist() == [4]


def test_a_period_without_sessions_is_there_and_has_no_shares(ask):
    rows = (("a", "2024-01-01", "view"), ("a", "2024-01-15", "view"))
    found = ask(*rows).rows.to_pylist()
    assert [(r["sessions"], r["bounces"]) for r in found] == [(1, 1.0), (0, None), (1, 1.0)]


def test_a_session_belongs_to_the_period_of_its_first_event(ask):
    late = datetime(2024, 1, 1, 23, 59, tzinfo=UTC)
    rows = (
        ("a", "2024-01-01", "view", {"time": late}),
        ("a", "2024-01-02", "view", {"time": late + timedelta(minutes=5)}),
    )
    assert ask(*rows, period="day").rows["sessions"].to_pylist() == [1, 0]
    assert ask(*rows, period="day", from_=date(2024, 1, 2)).rows["sessions"].to_pylist() == [0]


def test_histograms_have_every_bar(ask):
    lengths = {r["bar"]: r["sessions"] for r in ask(*VISITS, view="duration").rows.to_pylist()}
    assert lengths["0 s"] == 3
    assert lengths["1–3 min"] == 1
    assert lengths["30–60 min"] == 1
    assert sum(lengths.values()) == 5
    depths = {r["bar"]: r["sessions"] for r in ask(*VISITS, view="depth").rows.to_pylist()}
    assert (depths["1"], depths["2"], depths["3"], depths["20 +"]) == (3, 1, 1, 0)


def test_the_headline_is_over_all_that_is_shown(ask):
    headline = ask(*VISITS).headline
    assert headline["sessions"] == {
        "value": 5, "low": None, "high": None, "n": 3, "unit": "customers", "label": "Sessions", "format": "number",
    }  # fmt: skip
    assert headline["bounces"]["value"] == pytest.approx(0.6)
    assert headline["median_seconds"]["value"] == 0


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(UsageError, match="no dimension"):
        SessionsParams(breakdown="moon")
    with pytest.raises(UsageError, match="begin where the sender says"):
        SessionsParams(boundary="sender", starts=("view",))
    with pytest.raises(UsageError, match="done by the shop"):
        SessionsParams(starts=("message",))


def test_an_empty_shop_has_no_sessions(ask):
    assert ask().rows.num_rows == 0
    assert ask(view="depth").plot() is not None
