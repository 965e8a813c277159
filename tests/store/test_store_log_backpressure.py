"""A disk that is too slow: senders are told, memory stays bounded, and nothing is left of it afterwards."""

from __future__ import annotations

import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from tests.collect.disks import SlowDisk
from tests.collect.logs import ARRIVAL, Answers, append, body_of, numbers

from regulars.core.errors import BusyError
from regulars.store.log import LogWriter
from regulars.store.log.frames import encode, size_of
from regulars.store.log.writer import GROUP_BYTES

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 1 << 20
BODY = 10_000


def fill(writer: LogWriter, disk: SlowDisk) -> int:
    """Append until the writer refuses, with one group stuck in the disk; return how many it took."""
    writer.append(ARRIVAL, body_of(0, BODY), 0)
    while disk.syncs == 0:
        assert threading.Event().wait(0.001) is False
    taken = 1
    while True:
        assert writer.pending_bytes <= LIMIT
        try:
            writer.append(ARRIVAL, body_of(taken, BODY), taken)
        except BusyError:
            return taken
        taken += 1


def test_more_than_may_wait_is_refused_and_what_was_taken_becomes_durable(tmp_path: Path) -> None:
    disk, answers = SlowDisk(), Answers()
    with LogWriter(tmp_path / "log", answers.settle, pending_bytes=LIMIT, disk=disk) as writer:
        taken = fill(writer, disk)
        size = size_of(encode(ARRIVAL, body_of(taken - 1, BODY)))
        assert LIMIT - size < writer.pending_bytes <= LIMIT
        # A record that is small enough still goes in: refused is what does not fit.
        writer.append(ARRIVAL, b"0|", -1)
        with pytest.raises(BusyError) as refused:
            writer.append(ARRIVAL, body_of(taken, BODY), taken)
        assert (refused.value.retry_after, refused.value.fix) == (1.0, "Send them again in a second.")
        assert answers.durable == [], "nothing is called durable before the disk says so"
        disk.open.set()
        assert answers.wait(taken - 1)
        assert append(writer, answers, taken + 1)
        assert writer.pending_bytes == 0
    assert answers.failed == []
    assert sorted(answers.durable) == [-1, *range(taken), taken + 1]
    assert numbers(tmp_path / "log") == [*range(taken), 0, taken + 1]


def test_memory_does_not_grow_while_senders_are_refused(tmp_path: Path) -> None:
    disk, answers = SlowDisk(), Answers()
    with LogWriter(tmp_path / "log", answers.settle, pending_bytes=LIMIT, disk=disk) as writer:
        _ = fill(writer, disk)
        body = body_of(1, BODY)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(5_000):
            with pytest.raises(BusyError):
                writer.append(ARRIVAL, body, "refused")
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < 200_000
        disk.open.set()
    assert "refused" not in answers.durable


def test_what_waits_goes_to_the_disk_in_groups_of_bounded_size(tmp_path: Path) -> None:
    disk, answers = SlowDisk(), Answers()
    body = b"1|" + bytes(1_000_000)
    with LogWriter(tmp_path / "log", answers.settle, disk=disk) as writer:
        for token in range(21):
            writer.append(ARRIVAL, body, token)
        disk.open.set()
        assert answers.wait(20)
        # Perhaps the first alone, then no more than GROUP_BYTES and the record that exceeds them at a time.
        assert 21_000_000 // (GROUP_BYTES + 1_000_000) < disk.syncs <= 4


def test_after_closing_nothing_is_taken_and_everything_taken_is_there(tmp_path: Path) -> None:
    answers = Answers()
    writer = LogWriter(tmp_path / "log", answers.settle)
    for number in range(500):
        writer.append(ARRIVAL, body_of(number), number)
    writer.close()
    with pytest.raises(BusyError):
        writer.append(ARRIVAL, b"late", "late")
    assert sorted(answers.durable) == numbers(tmp_path / "log") == list(range(500))
