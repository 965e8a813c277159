"""The log on a real system whose disk refuses: no false word, and it goes on by itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.conftest import need

from regulars.core.errors import DiskError
from regulars.store.log import LogWriter

from .driver import RECORDS
from .injecting import CALLS, Driver, every
from .logs import Answers, append, body_of, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 2 << 20


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    need(shutil.which("strace") is not None, "strace (Debian's package)")
    with Driver(tmp_path_factory.mktemp("injected")) as made:
        yield made


@pytest.mark.parametrize(("call", "error"), CALLS, ids=["-".join(both) for both in CALLS])
def test_no_call_that_fails_makes_a_false_word_or_stops_the_log(driver: Driver, call: str, error: str) -> None:
    outcomes = every(driver, call, error)
    assert outcomes, "the call is made at least once"
    for outcome in outcomes:
        assert set(outcome.durable) <= set(outcome.found)
        assert len(outcome.failed) <= 1
        assert sorted(outcome.durable + outcome.failed) == list(range(RECORDS))
    if call in {"fdatasync", "writev"}:
        assert len(outcomes) == RECORDS
        assert [outcome.failed for outcome in outcomes] == [[number] for number in range(RECORDS)]


def test_calls_that_fail_for_good_leave_what_was_durable_before(driver: Driver) -> None:
    outcome = driver.run("fdatasync", "EIO", "4+")
    assert (outcome.durable, outcome.failed) == ([0, 1, 2], [3, 4, 5, 6, 7, 8])
    assert set(outcome.durable) <= set(outcome.found)


def test_a_full_disk_is_said_to_be_full_and_taken_up_again_when_there_is_room(small_disk: Path) -> None:
    ballast, log, answers = small_disk / "ballast", small_disk / "log", Answers()
    ballast.write_bytes(bytes(SIZE // 2))
    with LogWriter(log, answers.settle, segment_bytes=100_000) as writer:
        number = 0
        while append(writer, answers, number, body_of(number, 30_000)):
            number += 1
        assert 20 < number < 40
        for more in range(1, 6):
            assert not append(writer, answers, number + more, body_of(number + more, 30_000))
        assert all(isinstance(error, DiskError) and "No space left" in error.message for error in answers.errors)
        assert set(answers.durable) <= set(numbers(log))
        ballast.unlink()
        for more in range(6, 12):
            assert append(writer, answers, number + more, body_of(number + more, 30_000))
    assert sorted(answers.durable) == sorted(set(numbers(log)) - set(answers.failed))
    assert len(numbers(log)) == len(set(numbers(log)))
