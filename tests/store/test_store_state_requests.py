"""Requests, their receipts, and the privacy budget."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.core.rights import Receipt, Removal
from regulars.privacy.receipts import public_key, sign, verify
from regulars.store.budget import Budget
from regulars.store.requests import Requests
from regulars.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from regulars.core.rights import RightsRequest

NOW = datetime(2025, 1, 31, 23, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


def receipt_of(request: RightsRequest) -> Receipt:
    plain = Receipt(
        id=request.id,
        kind=request.kind,
        subject_hash=request.subject_hash,
        requested=request.requested,
        finished=NOW + timedelta(hours=1),
        removals=[Removal(where="events", what="rows", count=3)],
    )
    return sign(plain, bytes(32))


def test_a_request_is_open_due_in_thirty_days_and_then_done(state: State):
    requests = Requests(state)
    opened = requests.open("erase", "h" * 32, NOW)
    assert (opened.status, opened.due - opened.requested) == ("open", timedelta(days=30))
    assert requests.list(10) == [opened]
    assert requests.receipt(opened.id) is None
    done = requests.finish(opened.id, receipt_of(opened))
    assert (done.status, done.finished) == ("done", NOW + timedelta(hours=1))
    kept = Requests(state).receipt(opened.id)
    assert kept == receipt_of(opened)
    assert verify(kept, public_key(bytes(32)))


def test_a_failed_request_may_be_met_later_and_a_met_one_stays_so(state: State):
    requests = Requests(state)
    opened = requests.open("export", "h", NOW)
    failed = requests.fail(opened.id, "disk full")
    assert (failed.status, failed.detail, failed.receipt) == ("failed", "disk full", None)
    done = requests.finish(opened.id, receipt_of(opened))
    assert (done.status, done.detail) == ("done", "")
    with pytest.raises(UsageError, match="receipt already"):
        requests.finish(opened.id, receipt_of(opened))
    with pytest.raises(UsageError, match="receipt already"):
        requests.fail(opened.id, "no")
    assert requests.get(opened.id) == done


def test_the_newest_requests_come_first(state: State):
    requests = Requests(state)
    made = [requests.open("object", "h", NOW + timedelta(minutes=n)) for n in (2, 0, 1)]
    assert [r.id for r in requests.list(2)] == [made[0].id, made[2].id]


def test_impossible_requests_are_refused(state: State):
    requests = Requests(state)
    with pytest.raises(UsageError, match="not a request"):
        requests.open("sell", "h", NOW)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="time zone"):
        requests.open("erase", "h", datetime(2025, 1, 1))
    for call in (requests.get, requests.receipt, lambda name: requests.fail(name, "")):
        with pytest.raises(NotFoundError, match="no request"):
            call("req_0")
    assert requests.list(10) == []


def test_a_budget_is_spent_to_the_last_and_no_further(state: State):
    budget = Budget(state)
    left = [budget.spend("2025-01", 0.1, 1.0) for _ in range(10)]
    assert left == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0], abs=1e-12)
    version = state.version()
    with pytest.raises(UsageError, match="ε = 0 left"):
        budget.spend("2025-01", 0.001, 1.0)
    assert state.version() == version
    assert budget.spent("2025-01") == pytest.approx(1.0)
    assert budget.spend("2025-02", 0.5, 1.0) == pytest.approx(0.5)
    assert budget.spend("2025-01", 0.5, 2.0) == pytest.approx(0.5)
    ledger = budget.ledger()
    assert [(line.name, line.epsilon) for line in ledger[:2]] == [("2025-01", 0.5), ("2025-02", 0.5)]
    assert len(ledger) == 12
    assert abs(datetime.now(UTC) - ledger[0].time) < timedelta(minutes=1)


@pytest.mark.parametrize("epsilon", [0, -1, math.nan, math.inf])
def test_an_epsilon_that_cannot_be_added_up_is_refused(state: State, epsilon: float):
    with pytest.raises(UsageError, match="cannot be spent"):
        Budget(state).spend("x", epsilon, 1)


def test_two_spenders_at_once_never_overdraw(state: State):
    states = [State(state.path) for _ in range(4)]
    budgets = [Budget(each) for each in states]
    refused: list[int] = []

    def spend(budget: Budget) -> None:
        for _ in range(10):
            try:
                budget.spend("x", 0.1, 2.0)
            except UsageError:
                refused.append(1)

    threads = [threading.Thread(target=spend, args=(budget,)) for budget in budgets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budgets[0].spent("x") == pytest.approx(2.0)
    assert len(refused) == 20
    for each in states:
        each.close()
