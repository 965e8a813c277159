"""Group commit: many requests, one write, one sync, then all their answers.

While the disk is busy with one group the next one gathers, so that the slower the disk, the larger the groups: the
rate does not depend on the disk's time for a sync, and a quiet shop waits for one sync alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from regulars.core.errors import BusyError, DiskError
from regulars.core.ids import new_id
from regulars.store.log.disk import Disk, SystemDisk
from regulars.store.log.frames import Arrival, encode, size_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROTATE = "rotate"
"""Touched in the log's directory by whoever needs every file closed soon (an erasure): younger than a file, it is."""
LOOK_SECONDS = 0.25
TICK_SECONDS = 0.02
GROUP_BYTES = 8 * 1024 * 1024
"""Most bytes of one group, so that no answer waits for a very long write."""


class LogWriter:
    """One process's own files of the log, in a folder that only it writes to.

    Parameters
    ----------
    directory
        The log's directory.
    settle
        Called in the writer's thread, once a group, with the tokens of its records: durable, or not because of an
        error.
    segment_bytes, segment_seconds
        When a file is closed and the next begun.
    pending_bytes
        Most bytes that wait for the disk.
    disk
        The disk.
    """

    def __init__(
        self,
        directory: Path,
        settle: Callable[[list[Any], DiskError | None], None],
        *,
        segment_bytes: int = 64 << 20,
        segment_seconds: float = 60.0,
        pending_bytes: int = 32 << 20,
        disk: Disk | None = None,
    ) -> None:
        self.directory = directory
        self.folder = directory / new_id("w")
        self._settle = settle
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._pending_bytes = pending_bytes
        self._disk = disk or SystemDisk()
        self._ready = threading.Condition()
        self._waiting: list[tuple[tuple[bytes, bytes], Any]] = []
        self._waiting_bytes = 0
        self._stopping = False
        self._handle: int | None = None
        self._number = 0
        self._size = 0
        self._opened = 0.0
        self._lock = -1
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def append(self, arrival: Arrival, body: bytes, token: Any) -> None:
        """Hand over one record; `settle` says when it is durable.

        Raises
        ------
        BusyError
            Too much is waiting for the disk already: nothing was taken.
        """
        pieces = encode(arrival, body)
        size = size_of(pieces)
        with self._ready:
            if self._stopping or self._waiting_bytes + size > self._pending_bytes:
                raise BusyError("too many events are waiting for the disk", fix="Send them again in a second.")
            self._waiting.append((pieces, token))
            self._waiting_bytes += size
            if len(self._waiting) == 1:
                self._ready.notify()

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for the disk."""
        return self._waiting_bytes

    def close(self) -> None:
        """Make everything handed over durable, and stop."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while True:
            group, stopping = self._take()
            if group:
                self._commit(group)
            elif stopping:
                break
            self._rotate_if_due()
        self._close_segment()
        self._let_go()

    def _take(self) -> tuple[list[tuple[tuple[bytes, bytes], Any]], bool]:
        with self._ready:
            if not self._waiting and not self._stopping:
                # Without a file there is nothing to close in time, and nothing to wake up for.
                self._ready.wait(LOOK_SECONDS if self._handle is not None else None)
            taken, size = 0, 0
            for pieces, _ in self._waiting:
                size += size_of(pieces)
                taken += 1
                if size >= GROUP_BYTES:
                    break
            group, self._waiting = self._waiting[:taken], self._waiting[taken:]
            self._waiting_bytes -= size
            return group, self._stopping and not self._waiting

    def _commit(self, group: list[tuple[tuple[bytes, bytes], Any]]) -> None:
        tokens = [token for _, token in group]
        try:
            pieces = [piece for pair, _ in group for piece in pair]
            handle = self._open_segment()
            self._disk.append(handle, pieces)
            self._disk.sync(handle)
        except (OSError, MemoryError) as error:
            self._abandon()
            self._settle(
                tokens,
                DiskError(
                    f"the disk did not take the events ({getattr(error, 'strerror', None) or error})",
                    where=str(self.folder),
                    fix="Nothing was acknowledged; free or repair the disk, and send them again.",
                ),
            )
            return
        self._size += sum(map(len, pieces))
        self._settle(tokens, None)

    def _open_segment(self) -> int:
        if self._handle is None:
            if self._lock < 0:
                self._lock = self._own_folder()
            # Counted before it is made: a name that a failed call left behind is never tried again.
            self._number += 1
            try:
                handle = self._disk.create(self.folder / f"{self._number:08d}.log")
            except FileNotFoundError:
                # Somebody deleted the folder: the next try makes another.
                self._let_go()
                self.folder = self.directory / new_id("w")
                raise
            self._handle, self._size, self._opened = handle, 0, time.time()
            # The name must be durable before anything in the file is acknowledged.
            self._disk.sync_names(self.folder)
        return self._handle

    def _own_folder(self) -> int:
        """Make the folder; its lock is held for as long as this process lives, however it ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._disk.sync_names(self.directory)
            self._disk.sync_names(self.directory.parent)
            if os.fstat(lock).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "the folder was tidied away", str(self.folder))
        except OSError:
            os.close(lock)
            # As with files: whether a name is durable that failed to be once is never known again.
            self.folder = self.directory / new_id("w")
            raise
        return lock

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _abandon(self) -> None:
        """Cut off what was not acknowledged and never write to this file again.

        After a failed sync nobody knows which pages the system still holds, and a second sync may succeed without
        having written them: only a new file can be trusted.
        """
        if self._handle is None:
            return
        # What could not be cut off stays unacknowledged; the senders' next try has the same ids.
        with suppress(OSError):
            self._disk.cut(self._handle, self._size)
        self._close_segment()

    def _rotate_if_due(self) -> None:
        if self._handle is None or not self._size:
            return
        age = time.time() - self._opened
        if self._size >= self._segment_bytes or age >= self._segment_seconds or self._asked():
            self._close_segment()

    def _asked(self) -> bool:
        try:
            # The system's clock for files lags behind by up to a tick.
            return (self.directory / ROTATE).stat().st_mtime >= self._opened - TICK_SECONDS
        except OSError:
            return False

    def _close_segment(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            try:
                self._disk.close(handle)
                # The next file's name says that this one is complete.
                (self.folder / f"{self._number:08d}.done").touch()
            except OSError:
                pass
