"""Invitations: who brought whom, K, chains; nobody who is not in the events brings anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from regulars.insights.social import SocialParams, social
from regulars.insights.social_ties import referral_ties
from regulars.insights.sources import Sources


def came(subject, day, by, **more):
    return (subject, day, "page", {"referrer": by, **more})


CHAIN = (
    ("a", "2024-01-01", "share"),
    ("a", "2024-01-01", "share"),
    ("a", "2024-01-02", "invite"),
    ("x", "2024-01-01", "view"),
    ("y", "2024-01-02"),
    came("b", "2024-01-03", "a"),
    ("b", "2024-01-04"),
    came("c", "2024-01-05", "b"),
    came("d", "2024-01-05", "a"),
    came("e", "2024-01-06", "c"),
)


def test_degrees_and_chains_are_counted(events_of, run):
    """Customer a brings b and d, b brings c, c brings e: a → b → c → e is three steps; 3 of 7 brought any."""
    answer = social(Sources(events_of(*CHAIN), run), SocialParams())
    rows = [(r["number"], r["brought"], r["depth"]) for r in answer.rows.to_pylist()]
    assert rows == [(0, 4, 0), (1, 2, 2), (2, 1, 1), (3, 0, 1)]
    head = {name: one["value"] for name, one in answer.headline.items()}
    assert head["sent"] == 3
    assert head["brought"] == 4
    assert head["accepted"] is None  # more came than events say were invited
    assert head["longest"] == 3
    assert head["k"] == pytest.approx(4 / 7)
    assert head["invited_bought"] == 1 / 4
    assert head["others_bought"] == 1 / 3


def test_k_has_the_interval_of_a_mean_over_customers(events_of, run):
    """Of 7 customers one brought 2 and two brought 1: mean 4/7, mean square 6/7."""
    k = social(Sources(events_of(*CHAIN), run), SocialParams()).headline["k"]
    half = 1.959964 * ((6 / 7 - (4 / 7) ** 2) / 6) ** 0.5
    assert (k["low"], k["high"], k["n"]) == (pytest.approx(4 / 7 - half), pytest.approx(4 / 7 + half), 7)


def test_accepted_is_a_share_of_the_invitations(events_of, run):
    head = social(Sources(events_of(*CHAIN[:6]), run), SocialParams()).headline["accepted"]
    assert (head["value"], head["n"]) == (1 / 3, 3)


def test_only_those_brought_in_the_period_count_but_their_chain_goes_back(events_of, run):
    """From 5 January: c and d (by b and a, who came before) and e; b's tie still makes c the second step."""
    answer = social(Sources(events_of(*CHAIN), run), SocialParams(from_=date(2024, 1, 5)))
    assert answer.headline["brought"]["value"] == 3
    assert {r["number"]: r["depth"] for r in answer.rows.to_pylist()} == {0: 0, 1: 1, 2: 1, 3: 1}


def test_the_first_event_that_names_somebody_decides(events_of, run):
    events = events_of(
        ("a", "2024-01-01"), ("z", "2024-01-01"), came("b", "2024-01-02", None), came("b", "2024-01-03", "z"),
        came("b", "2024-01-04", "a"), came("c", "2024-01-05", "c"),
    )  # fmt: skip
    ties = run(referral_ties(events, date(2024, 1, 9))).to_pylist()
    assert [(t["giver"], t["taker"], t["since"]) for t in ties] == [("z", "b", 19725)]


def test_somebody_who_does_not_allow_analytics_brings_nobody(events_of, run):
    """Their events are not there, only their pseudonym in another's: no tie, and no number of theirs."""
    answer = social(Sources(events_of(("a", "2024-01-01"), came("b", "2024-01-02", "hidden")), run), SocialParams())
    assert answer.headline["brought"]["value"] == 0
    assert answer.rows.to_pylist()[0]["brought"] == 2


def test_a_circle_is_no_endless_chain(events_of, run):
    """Customer b came by a; later a names b, at the same moment as c names a: chains only go forward in time."""
    noon = {"time": datetime(2024, 1, 3, 12, tzinfo=UTC)}
    events = events_of(
        ("a", "2024-01-01", "view"), came("b", "2024-01-02", "a"), came("a", "2024-01-03", "b", **noon),
        came("c", "2024-01-03", "a", **noon),
    )  # fmt: skip
    answer = social(Sources(events, run), SocialParams())
    assert {r["number"]: r["depth"] for r in answer.rows.to_pylist()} == {0: 0, 1: 2, 2: 1}


def test_a_shop_without_invitations_says_so(events_of, run):
    answer = social(Sources(events_of(("a", "2024-01-01")), run), SocialParams())
    assert [(r["number"], r["brought"]) for r in answer.rows.to_pylist()] == [(0, 1)]
    assert answer.headline["sent"]["value"] == 0
    assert answer.headline["accepted"]["value"] is None
