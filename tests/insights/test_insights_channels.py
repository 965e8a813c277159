"""What brings customers: first and last touch, session by session."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.channels import ChannelsParams, channels
from regulars.insights.sources import Sources


def event(subject, day, kind, session=None, **more):
    return (subject, day, kind, {"session": session, **more})


def ask(events, run, **params):
    answer = channels(Sources(events, run), ChannelsParams(**params))
    return {row["group"]: row for row in answer.rows.to_pylist()}


JOURNEY = (
    event("a", "2024-01-01", "page", "s1", channel="search"),
    event("a", "2024-01-01", "page", "s1", channel="mail"),  # later in the same session: the session came by search
    event("a", "2024-01-03", "page", "s2", channel="mail"),
    event("a", "2024-01-05", "purchase", "s3", value=10.0),  # direct
    event("a", "2024-01-20", "purchase", "s4", value=4.0, channel="ads"),
)


def counts(rows):
    return {name: (row["customers"], row["orders"], row["revenue"]) for name, row in rows.items()}


def test_the_last_touch_is_the_last_session_with_a_channel_the_orders_own_included(events_of, run):
    assert counts(ask(events_of(*JOURNEY), run)) == {"mail": (1, 1, 10.0), "ads": (0, 1, 4.0)}


def test_the_first_touch_is_the_customers_first_session_with_a_channel(events_of, run):
    assert counts(ask(events_of(*JOURNEY), run, touch="first")) == {"search": (1, 2, 14.0)}


def test_a_last_touch_too_long_ago_explains_nothing(events_of, run):
    assert counts(ask(events_of(*JOURNEY), run, lookback=1)) == {"": (1, 1, 10.0), "ads": (0, 1, 4.0)}
    assert counts(ask(events_of(*JOURNEY), run, lookback=2)) == {"mail": (1, 1, 10.0), "ads": (0, 1, 4.0)}


def test_a_touch_after_the_order_did_not_bring_it(events_of, run):
    events = events_of(
        event("a", "2024-01-01", "purchase", "s1", value=1.0), event("a", "2024-01-02", "page", "s2", channel="mail")
    )
    assert counts(ask(events, run)) == {"": (1, 1, 1.0)}
    assert counts(ask(events, run, touch="first")) == {"": (1, 1, 1.0)}


def test_without_sessions_a_day_is_a_visit(events_of, run):
    events = events_of(
        event("a", "2024-01-01", "page", channel="mail"),
        event("a", "2024-01-01", "purchase", value=1.0, channel="search"),
        event("a", "2024-01-01", "purchase", value=2.0),
    )
    assert counts(ask(events, run)) == {"mail": (1, 1, 3.0)}


def test_what_another_customer_did_brings_nobody(events_of, run):
    events = events_of(
        event("a", "2024-01-01", "page", "s1", channel="mail"), event("b", "2024-01-02", "purchase", "s2", value=1.0)
    )
    assert counts(ask(events, run)) == {"": (1, 1, 1.0)}


def test_those_won_are_followed_for_28_days_and_only_if_these_are_over(events_of, run):
    """Of a and b, won on 1 January, a is back on day 28 and b on day 29; c is won too late to tell."""
    events = events_of(
        *[event(who, "2024-01-01", "purchase", f"{who}1", channel="mail") for who in "ab"],
        event("a", "2024-01-29", "view", "a2"),
        event("b", "2024-01-30", "view", "b2"),
        event("c", "2024-01-30", "purchase", "c1", channel="mail"),
    )
    row = ask(events, run)["mail"]
    assert (row["customers"], row["followed"], row["returned"], row["share"]) == (3, 2, 1, 0.5)
    assert (row["low"], row["high"]) == pytest.approx((0.094529, 0.905471), abs=1e-5)


def test_a_customer_is_won_once_and_where_their_first_order_is(events_of, run):
    """The period begins after a's first order: a is not won in it, but what a bought counts."""
    rows = ask(events_of(*JOURNEY), run, from_=date(2024, 1, 10))
    assert counts(rows) == {"ads": (0, 1, 4.0)}


def test_device_and_channel_make_a_table(events_of, run):
    events = events_of(
        event("a", "2024-01-01", "purchase", "s1", channel="mail", device="mobile", value=1.0),
        event("b", "2024-01-01", "purchase", "s2", channel="mail", device="desktop", value=2.0),
        event("c", "2024-01-01", "purchase", "s3", device="mobile", value=3.0),
    )
    answer = channels(Sources(events, run), ChannelsParams(across="device"))
    cells = [(row["group"], row["across"], row["customers"]) for row in answer.rows.to_pylist()]
    assert cells == [("mail", "desktop", 1), ("mail", "mobile", 1), ("", "mobile", 1)]
    assert answer.headline["explained"]["value"] == pytest.approx(2 / 3)
    assert answer.plot().data[0].type == "heatmap"


def test_beyond_the_top_they_are_counted_together(events_of, run):
    events = events_of(
        *[event(f"{way}{n}", "2024-01-01", "purchase", f"{way}{n}", channel=way) for way, size in
          (("mail", 3), ("ads", 2), ("fair", 1)) for n in range(size)],
    )  # fmt: skip
    rows = channels(Sources(events, run), ChannelsParams(top=1)).rows.to_pylist()
    assert [(row["group"], row["orders"]) for row in rows] == [("mail", 3), ("…", 3)]
