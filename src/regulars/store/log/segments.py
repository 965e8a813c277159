"""Reading the log: whose files there are, which are complete, what they hold."""

from __future__ import annotations

import fcntl
import mmap
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from regulars.store.log.frames import Arrival, frames, payload

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path


class Segment(NamedTuple):
    """One file of the log."""

    path: Path
    name: str
    """Folder and file: what positions are kept under."""
    complete: bool
    """Nobody writes to it any more."""


class SegmentSet(NamedTuple):
    """The files of one process, oldest first."""

    folder: Path
    alive: bool
    segments: list[Segment]


def segment_sets(directory: Path) -> list[SegmentSet]:
    """Return every process's files, the oldest process first."""
    if not directory.is_dir():
        return []
    found: list[SegmentSet] = []
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        # Listed before asking: a process that has just taken its lock, and begun a file, must not look dead with it.
        paths = sorted(folder.glob("*.log"))
        alive = owner_lives(folder)
        segments = [
            Segment(path, f"{folder.name}/{path.name}", not alive or _is_done(path) or path != paths[-1])
            for path in paths
        ]
        found.append(SegmentSet(folder, alive, segments))
    return found


def _is_done(path: Path) -> bool:
    return path.with_suffix(".done").exists()


def owner_lives(folder: Path) -> bool:
    """Tell whether the process that writes to this folder still runs: it holds the folder's lock."""
    try:
        handle = os.open(folder / "owner.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # The folder of a process that is about to take its lock, or that died before it could.
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def clear_folder(folder: Path) -> bool:
    """Delete the folder of a process that is gone, with whatever is no file of the log in it; tell whether it is.

    Its lock is held meanwhile, so that a process that is only starting finds it whole or not at all.
    """
    handle = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if any(folder.glob("*.log")):
            return False
        for left in folder.iterdir():
            left.unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        # Somebody holds it, or has just come back to it.
        return False
    finally:
        os.close(handle)
    return True


@contextmanager
def mapped(path: Path) -> Generator[memoryview]:
    """Yield the bytes of a file as they are now."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield memoryview(b"")
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view = memoryview(data)
            try:
                yield view
            finally:
                view.release()


class Read(NamedTuple):
    """One record, and where it ends."""

    arrival: Arrival
    body: bytes
    end: int


def read(data: memoryview, offset: int) -> Iterator[Read]:
    """Yield the whole records from `offset` on."""
    for start, end in frames(data, offset):
        arrival, body = payload(data, start, end)
        yield Read(arrival, body, end)


class Damage(NamedTuple):
    """Bytes of a complete file that are no record: `torn` at its end, where a crash cut a write, or in between."""

    torn: int
    between: int


def examine(path: Path) -> Damage:
    """Look at a whole file."""
    with mapped(path) as data:
        last, between = 0, 0
        for start, end in frames(data):
            between += start - last
            last = end
        return Damage(len(data) - last, between)


def cut_torn_tail(path: Path) -> int:
    """Cut off what a crash left half written at the end of a file that nobody writes to; return the bytes cut.

    Nothing else is touched: damage between whole records stays where it is, and the records after it are read.
    """
    damage = examine(path)
    if damage.torn:
        size = path.stat().st_size - damage.torn
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, size)
            os.fsync(handle)
        finally:
            os.close(handle)
    return damage.torn
