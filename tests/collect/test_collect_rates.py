"""What each key may still send: a bucket of tokens, to the event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.core.errors import BusyError
from regulars.core.rights import KeyInfo
from regulars.shop import collecting
from regulars.shop.collecting import Rates


class Clock:
    """A clock that stands until it is moved."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(collecting, "time", made)
    return made


def key(name: str = "k", rate: float = 10.0, burst: int = 50) -> KeyInfo:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return KeyInfo(id=name, role="write", label="", created=now, rate=rate, burst=burst)


def refused(rates: Rates, count: int, info: KeyInfo) -> float:
    with pytest.raises(BusyError) as error:
        rates.take(info, count)
    return error.value.retry_after


def test_a_burst_passes_and_the_next_event_waits_for_its_token(clock: Clock) -> None:
    rates = Rates()
    for _ in range(50):
        rates.take(key(), 1)
    assert refused(rates, 1, key()) == pytest.approx(0.1)
    assert refused(rates, 7, key()) == pytest.approx(0.7)
    clock.now += 0.1
    rates.take(key(), 1)
    assert refused(rates, 1, key()) == pytest.approx(0.1)


def test_tokens_gather_at_the_rate_and_never_above_the_burst(clock: Clock) -> None:
    rates = Rates()
    rates.take(key(), 50)
    clock.now += 3.0
    rates.take(key(), 30)
    assert refused(rates, 1, key()) == pytest.approx(0.1)
    clock.now += 1_000_000.0
    rates.take(key(), 50)
    assert refused(rates, 20, key()) == pytest.approx(2.0)


def test_what_is_refused_costs_nothing_however_often(clock: Clock) -> None:
    rates = Rates()
    rates.take(key(), 45)
    for _ in range(100):
        assert refused(rates, 6, key()) == pytest.approx(0.1)
    rates.take(key(), 5)


def test_a_batch_larger_than_the_burst_passes_with_a_full_bucket_and_is_paid_for_afterwards(clock: Clock) -> None:
    rates = Rates()
    rates.take(key(), 80)
    assert refused(rates, 1, key()) == pytest.approx(3.1)
    clock.now += 3.1
    rates.take(key(), 1)
    assert refused(rates, 80, key()) == pytest.approx(5.0)


def test_over_a_minute_no_more_passes_than_burst_and_rate_allow(clock: Clock) -> None:
    rates, passed = Rates(), 0
    for _ in range(6_000):
        clock.now += 0.01
        try:
            rates.take(key(), 3)
        except BusyError:
            continue
        passed += 3
    assert 50 + 60 * 10 - 3 < passed <= 50 + 60 * 10


def test_keys_do_not_take_from_each_other(clock: Clock) -> None:
    rates = Rates()
    rates.take(key("a"), 50)
    rates.take(key("b", rate=1_000.0, burst=2), 2)
    assert refused(rates, 1, key("a")) == pytest.approx(0.1)
    clock.now += 0.0021
    rates.take(key("b", rate=1_000.0, burst=2), 2)
