"""Consents: the newest answer holds, the refusal of two, and nothing of it is left when forgotten."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import UsageError
from regulars.core.rights import PURPOSES, Consent
from regulars.store.consents import Consents
from regulars.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def consents(state: State) -> Consents:
    return Consents(state)


def answer(subject: str, given: bool, seconds: float = 0, purpose: str = "marketing", source: str = "page") -> Consent:
    time = START + timedelta(seconds=seconds)
    return Consent(subject=subject, purpose=purpose, given=given, time=time, source=source, notice="3")


def test_an_answer_comes_back_as_it_was_given(consents: Consents):
    consents.record([answer("ann", True), answer("ann", False, 1, "analytics"), answer("bob", True)])
    assert consents.current("ann") == {
        "analytics": answer("ann", False, 1, "analytics"),
        "marketing": answer("ann", True),
    }
    assert consents.current("nobody") == {}


def test_the_newest_answer_holds_in_whatever_order_answers_arrive(consents: Consents):
    answers = [answer("ann", number % 3 > 0, number) for number in range(8)]
    random.Random(2).shuffle(answers)
    for item in answers:
        consents.record([item])
    assert consents.current("ann")["marketing"] == answer("ann", True, 7)
    assert [item.time for item in consents.history("ann")] == sorted(item.time for item in answers)
    consents.record([answer("ann", False, 6.5)])
    assert consents.current("ann")["marketing"].given
    consents.record([answer("ann", False, 7.5)])
    assert not consents.current("ann")["marketing"].given


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_of_two_answers_at_the_same_time_the_refusal_holds(consents: Consents, order: tuple[bool, bool]):
    for given in order:
        consents.record([answer("ann", given)])
    assert not consents.current("ann")["marketing"].given
    assert len(consents.history("ann")) == 2


def test_an_answer_sent_twice_is_one_answer(consents: Consents):
    consents.record([answer("ann", True)])
    version = consents.version()
    consents.record([answer("ann", True)] * 3)
    assert len(consents.history("ann")) == 1
    assert consents.version() == version


def test_sets_and_counts_follow_the_answers(consents: Consents):
    consents.record([answer("ann", True), answer("bob", False), answer("cid", True), answer("ann", True, 0, "service")])
    assert consents.given("marketing") == {"ann", "cid"}
    assert consents.refused("marketing") == {"bob"}
    consents.record([answer("cid", False, 9)])
    assert consents.given("marketing") == {"ann"}
    assert consents.refused("marketing") == {"bob", "cid"}
    assert consents.counts() == {
        "analytics": {"given": 0, "refused": 0},
        "personalisation": {"given": 0, "refused": 0},
        "marketing": {"given": 1, "refused": 2},
        "service": {"given": 1, "refused": 0},
    }


def test_sets_are_read_again_only_after_a_change_of_any_process(consents: Consents, state: State):
    consents.record([answer("ann", True)])
    first = consents.given("marketing")
    with state.transaction() as db:  # a change of something else
        db.execute("CREATE TABLE other (x)")
        db.execute("INSERT INTO other VALUES (1)")
    assert consents.given("marketing") is first
    other_state = State(state.path)
    Consents(other_state).record([answer("bob", True)])
    assert consents.given("marketing") == {"ann", "bob"}
    other_state.close()


def test_a_bad_answer_keeps_the_good_ones_of_its_call_out(consents: Consents):
    with pytest.raises(UsageError, match="not a purpose"):
        consents.record([answer("ann", True), answer("ann", True, purpose="profit")])
    with pytest.raises(UsageError, match="time zone"):
        consents.record(
            [Consent(subject="ann", purpose="service", given=True, time=datetime(2025, 1, 1), source="page")]
        )
    assert consents.history("ann") == []
    with pytest.raises(UsageError, match="not a purpose"):
        consents.given("profit")


def test_a_visitors_answers_become_the_customers_and_the_newer_holds(consents: Consents):
    consents.record([answer("visitor", False, 5), answer("visitor", True, 1, "analytics")])
    consents.record([answer("ann", True, 3), answer("ann", False, 2, "analytics"), answer("ann", True, 0, "service")])
    assert consents.move("visitor", "ann") == 2
    assert {name: item.given for name, item in consents.current("ann").items()} == {
        "analytics": False,
        "marketing": False,
        "service": True,
    }
    assert len(consents.history("ann")) == 5
    assert consents.current("visitor") == {}
    assert consents.history("visitor") == []
    assert consents.move("ann", "ann") == 0
    assert len(consents.history("ann")) == 5


def test_forgetting_leaves_no_byte_of_the_person(consents: Consents, state: State):
    name = "Zq7Xw3Lk9PbT"
    consents.record([answer(name, number % 2 == 0, number) for number in range(4)])
    consents.record([answer("bob", True)])
    files = [state.path, Path(f"{state.path}-wal")]
    assert any(name.encode() in path.read_bytes() for path in files)
    assert consents.forget(name) == 4
    assert consents.current(name) == {}
    assert name not in consents.given("marketing") | consents.refused("marketing")
    assert not any(name.encode() in path.read_bytes() for path in files)
    assert consents.current("bob")
    assert consents.forget(name) == 0


def test_the_suppression_list_grows_shrinks_and_is_seen_elsewhere(consents: Consents, state: State):
    other_state = State(state.path)
    other = Consents(other_state)
    assert other.suppressed() == frozenset()
    consents.suppress(["aa", "bb", "aa"])
    assert other.suppressed() == consents.suppressed() == {"aa", "bb"}
    other.unsuppress("aa")
    assert consents.suppressed() == {"bb"}
    other_state.close()


def test_any_order_of_answers_and_moves_agrees_with_a_simple_model(consents: Consents):
    source = random.Random(5)
    kept: dict[tuple[str, str], list[tuple[datetime, bool]]] = {}
    for _ in range(400):
        subject, purpose = source.choice("abcd"), source.choice(PURPOSES)
        if source.random() < 0.1:
            old = source.choice("abcd")
            consents.move(old, subject)
            for each in PURPOSES if old != subject else ():
                kept.setdefault((subject, each), []).extend(kept.pop((old, each), []))
            continue
        item = answer(subject, source.random() < 0.5, source.randrange(20), purpose)
        consents.record([item])
        kept.setdefault((subject, purpose), []).append((item.time, item.given))
    for subject in "abcd":
        found = {purpose: (item.time, item.given) for purpose, item in consents.current(subject).items()}
        expected = {
            purpose: max(answers, key=lambda pair: (pair[0], not pair[1]))
            for (name, purpose), answers in kept.items()
            if name == subject and answers
        }
        assert found == expected
