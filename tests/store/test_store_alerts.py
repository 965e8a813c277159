"""Alerts and their outbox: one at a time of a series, and no message without its alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from regulars.core.alerts import Watched
from regulars.core.errors import NotFoundError, UsageError
from regulars.store.alerts import AlertBook
from regulars.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2025, 1, 31, 23, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FALL = Watched(
    series="orders", hours=1, state="watched", time=NOW, observed=1.0, expected=9.0, low=2.5, high=20.0
)  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def book(state: State) -> AlertBook:
    return AlertBook(state, "Tea house", writes=True)


def test_one_alert_of_a_series_goes_on_at_a_time_whoever_looks(book: AlertBook, state: State) -> None:
    first = book.open(FALL, NOW)
    assert first is not None
    assert first.falls
    assert book.open(FALL, NOW) is None
    assert AlertBook(state, "Tea house", writes=True).open(FALL, NOW) is None
    assert book.going_on() == [first]
    _ = book.acknowledge(first.id, NOW + MINUTE)
    assert book.open(FALL, NOW) is None
    closed = book.close(first.id, NOW + 2 * MINUTE)
    assert (closed.state, closed.acknowledged, closed.closed) == ("closed", NOW + MINUTE, NOW + 2 * MINUTE)
    assert book.close(first.id, NOW + 3 * MINUTE) == closed
    again = book.open(FALL, NOW + 4 * MINUTE)
    assert again is not None
    assert [alert.id for alert in book.list(5)] == [again.id, first.id]
    assert [delivery.event for delivery in book.deliveries(5)] == ["alert.opened", "alert.closed", "alert.opened"]


def test_an_alert_that_is_closed_cannot_be_acknowledged(book: AlertBook) -> None:
    alert = book.open(FALL, NOW)
    assert alert is not None
    closed = book.close(alert.id, NOW)
    assert book.acknowledge(alert.id, NOW) == closed


def test_what_does_not_exist_is_said_so(book: AlertBook) -> None:
    with pytest.raises(NotFoundError):
        book.acknowledge("alert_x", NOW)
    with pytest.raises(NotFoundError):
        book.close("alert_x", NOW)
    with pytest.raises(NotFoundError):
        book.resend("msg_x", NOW)
    with pytest.raises(UsageError):
        book.open(Watched(series="orders", hours=1, state="learning"), NOW)
    assert book.deliveries(5) == []


def test_a_message_names_the_alert_and_nobody(book: AlertBook) -> None:
    alert = book.open(FALL, NOW)
    assert alert is not None
    [letter] = book.due(NOW)
    body = json.loads(letter.body)
    assert body["type"] == "alert.opened"
    assert body["data"]["shop"] == "Tea house"
    assert body["data"]["alert"] | {"id": ""} == {
        "id": "", "series": "orders", "hours": 1, "time": "2025-01-31T23:00:00Z", "observed": 1.0, "expected": 9.0,
        "low": 2.5, "high": 20.0, "state": "open", "opened": "2025-01-31T23:00:00Z", "acknowledged": None,
        "closed": None,
    }  # fmt: skip


def test_a_message_waits_is_given_up_and_can_be_sent_again(book: AlertBook) -> None:
    _ = book.open(FALL, NOW)
    [letter] = book.due(NOW)
    book.failed(letter.id, "answered 500", NOW + MINUTE)
    assert book.due(NOW) == []
    [later] = book.due(NOW + MINUTE)
    assert (later.id, later.tries) == (letter.id, 1)
    assert book.resend(letter.id, NOW).state == "waiting"
    assert book.due(NOW) == [], "one that waits is not hurried"
    book.failed(letter.id, "answered 500", None)
    dead = book.delivery(letter.id)
    assert (dead.state, dead.tries, dead.next_try, dead.error) == ("dead", 2, None, "answered 500")
    assert book.due(NOW + 1000 * MINUTE) == []
    assert book.resend(letter.id, NOW).tries == 0
    book.delivered(letter.id)
    assert book.delivery(letter.id).state == "delivered"
    assert book.resend(letter.id, NOW).state == "delivered"
    assert book.due(NOW) == []


def test_without_a_webhook_nothing_is_written(state: State) -> None:
    book = AlertBook(state, "Tea house", writes=False)
    assert book.open(FALL, NOW) is not None
    assert book.deliveries(5) == []


def test_the_last_hour_that_was_judged_outlives_the_process(book: AlertBook, state: State) -> None:
    assert book.checked() is None
    assert book.standing() == []
    book.set_checked(NOW, [FALL])
    other = AlertBook(state, "Tea house", writes=True)
    assert other.checked() == NOW
    assert other.standing() == [FALL]
