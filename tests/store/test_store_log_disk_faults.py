"""A disk that fails at any call: nothing it did not keep is called durable, and the next records go through."""

from __future__ import annotations

import errno
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.collect.cutting import power_cut
from tests.collect.disks import FaultyDisk
from tests.collect.logs import Answers, append, body_of, numbers

from regulars.store.compaction import tail
from regulars.store.log import LogWriter
from regulars.store.log.writer import ROTATE

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = 7


def one_by_one(log: Path, disk: FaultyDisk, count: int = RECORDS) -> Answers:
    """Append records one after the other, a file for every two, and close."""
    answers = Answers()
    with LogWriter(log, answers.settle, segment_bytes=150, disk=disk) as writer:
        for number in range(count):
            append(writer, answers, number, body_of(number, 50))
    return answers


def calls(log: Path) -> list[str]:
    disk = FaultyDisk()
    assert one_by_one(log, disk).durable == list(range(RECORDS))
    return disk.calls


def test_the_calls_of_a_quiet_log_are_these(tmp_path: Path) -> None:
    begin = ["create", "sync_names"]
    pair = ["append", "sync", "append", "sync", "close"]
    names = ["sync_names", "sync_names"]
    assert calls(tmp_path / "log") == [*names, *(begin + pair) * 3, *begin, "append", "sync", "close"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("when", ["before", "after", "half"])
def test_one_fault_at_any_call_costs_one_answer_at_most(when: str, code: int, tmp_path: Path) -> None:
    for number in range(len(calls(tmp_path / "quiet"))):
        log = tmp_path / str(number)
        disk = FaultyDisk([number], when, code)
        answers = one_by_one(log, disk)
        found = numbers(log)
        assert set(answers.durable) <= set(found), (number, disk.calls)
        assert len(found) == len(set(found))
        assert len(answers.failed) <= 1
        assert answers.failed or disk.calls[number] in {"close", "cut"}
        assert all(error.where and error.fix and "did not take" in error.message for error in answers.errors)


@pytest.mark.parametrize("when", ["before", "after", "half"])
def test_a_disk_that_fails_for_a_while_gets_over_it(when: str, tmp_path: Path) -> None:
    for number in range(len(calls(tmp_path / "quiet"))):
        log = tmp_path / str(number)
        answers = one_by_one(log, FaultyDisk(range(number, number + 6), when), count=16)
        assert set(answers.durable) <= set(numbers(log))
        assert answers.durable[-1] == 15, "the last ones came long after the disk was well again"
        assert len(answers.failed) <= 6


def test_a_file_that_could_not_be_cut_back_is_never_written_to_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    names = calls(tmp_path / "quiet")
    sync = names.index("sync")
    answers = one_by_one(log, FaultyDisk([sync, sync + 1], "before"))
    assert answers.failed == [0]
    # It stands in the log all the same, unacknowledged: sent again it has the same id.
    assert numbers(log) == list(range(RECORDS))
    first = min((log / path.name for path in log.iterdir()), key=str)
    assert (first / "00000001.done").exists()


def test_the_log_goes_on_in_another_folder_when_somebody_deletes_its_own(tmp_path: Path) -> None:
    log, answers = tmp_path / "log", Answers()
    with LogWriter(log, answers.settle, segment_bytes=1) as writer:
        assert append(writer, answers, 0)
        folder = writer.folder
        # The answer comes before the full file is closed.
        while not list(folder.glob("*.done")):
            time.sleep(0.005)
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
        assert [append(writer, answers, number) for number in range(1, 4)] == [False, True, True]
        assert writer.folder != folder
    assert numbers(log) == [2, 3]


def test_a_name_that_a_failed_call_left_behind_does_not_stop_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    create = calls(tmp_path / "quiet").index("create")
    answers = one_by_one(log, FaultyDisk([create], "after"))
    assert answers.failed == [0]
    assert answers.durable == list(range(1, RECORDS)) == numbers(log)


def test_power_cuts_at_random_moments_lose_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = acknowledged = unacknowledged = 0
    for seed in range(200):
        source = random.Random(seed)
        monkeypatch.setattr(tail, "CHUNK_BYTES", source.choice([1, 5_000, 1 << 24]))
        durable, found = power_cut(tmp_path / str(seed), source)
        lost += len(durable - set(found))
        acknowledged += len(durable)
        unacknowledged += len(set(found) - durable)
    assert lost == 0
    assert acknowledged > 2_000
    assert unacknowledged > 100, "some of what was never acknowledged comes through, too"


def test_a_file_is_closed_when_somebody_asks_for_it(tmp_path: Path) -> None:
    log, answers = tmp_path / "log", Answers()
    with LogWriter(log, answers.settle) as writer:
        assert append(writer, answers, 1)
        done = writer.folder / "00000001.done"
        assert not done.exists()
        (log / ROTATE).touch()
        for _ in range(100):
            if done.exists():
                break
            assert threading.Event().wait(0.02) is False
        assert done.exists()
        assert append(writer, answers, 2)
        assert (writer.folder / "00000002.log").exists()
