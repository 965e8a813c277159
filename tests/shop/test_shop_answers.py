"""Kept answers: made once for a state, lagging at most as long as they are worth."""

from __future__ import annotations

import pytest

from regulars.shop import answers
from regulars.shop.answers import Answers


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(answers.time, "monotonic", clock.monotonic)
    return clock


def maker(clock, seconds):
    """Return a function that takes `seconds` and counts its calls, and the list of calls."""
    calls = []

    def make():
        clock.now += seconds
        calls.append(clock.now)
        return len(calls)

    return make, calls


def test_the_same_state_is_made_once(clock):
    kept = Answers()
    make, calls = maker(clock, 1.0)
    assert [kept.keep("a", "s1", make) for _ in range(3)] == [1, 1, 1]
    assert kept.keep("a", "s2", make) == 2
    assert len(calls) == 2


def test_an_answer_lags_behind_events_by_twenty_times_its_cost_and_no_longer(clock):
    kept = Answers()
    make, _ = maker(clock, 0.5)
    assert kept.keep("a", "s", make, version="v1") == 1
    clock.now += 9.4
    assert kept.keep("a", "s", make, version="v2") == 1
    clock.now += 0.7
    assert kept.keep("a", "s", make, version="v2") == 2


def test_a_costly_answer_lags_a_minute_at_most(clock):
    kept = Answers()
    make, _ = maker(clock, 30.0)
    assert kept.keep("a", "s", make, version="v1") == 1
    clock.now += 29
    assert kept.keep("a", "s", make, version="v2") == 1
    clock.now += 2
    assert kept.keep("a", "s", make, version="v2") == 2


def test_who_allows_what_and_own_writes_never_lag(clock):
    kept = Answers()
    make, _ = maker(clock, 10.0)
    assert kept.keep("a", "everyone", make, version="v1") == 1
    assert kept.keep("a", "one fewer", make, version="v1") == 2
    clock.now += 1
    kept.wrote()
    assert kept.keep("a", "one fewer", make, version="v2") == 3


def test_what_is_looked_at_is_renewed_beside_the_requests(clock):
    kept = Answers()
    watched, watched_calls = maker(clock, 1.0)
    left, left_calls = maker(clock, 1.0)
    _ = kept.keep("left", "s", left, version="v1")
    clock.now += 119.5
    _ = kept.keep("watched", "s", watched, version="v1")
    clock.now += 1
    kept.renew("v2")
    assert (len(watched_calls), len(left_calls)) == (2, 1)
    clock.now += 30
    assert kept.keep("watched", "s", watched, version="v2") == 2


def test_renewing_stops_when_told(clock):
    kept = Answers()
    make, calls = maker(clock, 1.0)
    _ = kept.keep("a", "s", make, version="v1")
    kept.renew("v2", lambda: True)
    assert len(calls) == 1


def test_the_answer_nobody_asked_for_longest_makes_room(clock, monkeypatch):
    monkeypatch.setattr(answers, "KEPT", 2)
    kept = Answers()
    make, calls = maker(clock, 1.0)
    for key in ("a", "b", "a", "c", "a"):
        _ = kept.keep(key, "s", make)
        clock.now += 1
    assert len(calls) == 3
    _ = kept.keep("b", "s", make)
    assert len(calls) == 4


def test_questions_with_mistakes_leave_nothing_behind():
    kept = Answers()
    for number in range(10):
        with pytest.raises(ZeroDivisionError):
            _ = kept.keep(str(number), "s", lambda: 1 / 0)
    assert not kept._making


def test_what_was_made_while_permissions_changed_is_dropped(clock):
    """One who refused, allowed, and refused again is not in an answer of the first refusal's name."""
    kept = Answers()
    allowed = ["without ann"]
    made = []

    def make():
        clock.now += 1
        made.append(allowed[0])
        return allowed[0]

    assert kept.keep("a", "without ann", make, version="v1") == "without ann"
    allowed[0] = "everyone"
    kept.renew("v2", allowed=lambda: allowed[0])
    assert len(made) == 1
    names = iter(["without ann", "everyone"])
    kept.renew("v2", allowed=lambda: next(names))
    allowed[0] = "without ann"
    assert kept.keep("a", "without ann", make, version="v2") == "without ann"
    assert len(made) == 3
