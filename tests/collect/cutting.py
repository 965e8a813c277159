"""Power cuts in the middle of writing, and what is there at the next start."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

from regulars.store.compaction.tail import Tail
from regulars.store.log import LogWriter
from regulars.store.manifest import Manifest

from .disks import PowerCutDisk
from .logs import ARRIVAL, Answers, body_of, number_of

if TYPE_CHECKING:
    from pathlib import Path

PARTS = 5_000


def power_cut(folder: Path, source: random.Random) -> tuple[set[int], list[int]]:
    """Write from four threads until the power goes; return what was acknowledged and what is there at the next start.

    The log is read as the compactor reads it, to its end and until its files are deleted.
    """
    disk = PowerCutDisk(source, source.randint(1, 120), sync_fails=source.choice([0, 0, 0.1]))
    answers = Answers()
    with LogWriter(folder / "before", answers.settle, segment_bytes=source.choice([1, 20_000]), disk=disk) as writer:
        threads = [
            threading.Thread(target=keep_writing, args=(writer, disk, answers, thread, source.random()))
            for thread in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    disk.restore(folder / "log")
    return set(answers.durable), drained(folder)


def keep_writing(writer: LogWriter, disk: PowerCutDisk, answers: Answers, thread: int, seed: float) -> None:
    source = random.Random(seed)
    number = thread * PARTS
    while not disk.dead.is_set():
        for _ in range(source.randint(1, 3)):
            number += 1
            writer.append(ARRIVAL, body_of(number, source.choice([10, 500, 9_000])), number)
        _ = answers.wait(number)


def drained(folder: Path) -> list[int]:
    """Return the numbers of all records, read chunk by chunk; the log must be empty afterwards."""
    found: list[int] = []
    manifest = Manifest.create(folder / "manifest.db", 1)
    following = Tail(folder / "log", manifest)
    while True:
        chunk = following.next_chunk()
        if not chunk.reads:
            break
        found += [number_of(body) for _, body in chunk.reads]
        following.taken(chunk)
    following.clear_finished()
    manifest.close()
    assert list((folder / "log").glob("*/*.log")) == []
    return found
