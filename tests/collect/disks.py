"""Disks that fail: at a chosen call, slowly, or by losing what a power cut loses."""

from __future__ import annotations

import errno
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.store.log.disk import SystemDisk

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence
    from pathlib import Path

PAGE = 4096


class FaultyDisk(SystemDisk):
    """The system's disk, whose calls numbered `faults` fail.

    Parameters
    ----------
    faults
        Numbers of calls, from 0.
    when
        `before` the call has done anything, `after` it has done everything, or `half` way (of an append).
    code
        The system's error number.
    """

    def __init__(self, faults: Sequence[int] = (), when: str = "before", code: int = errno.EIO) -> None:
        self.faults = set(faults)
        self.when = when
        self.code = code
        self.calls: list[str] = []

    def create(self, path: Path) -> int:
        return self._call("create", lambda: super(FaultyDisk, self).create(path))

    def append(self, handle: int, pieces: Sequence[bytes]) -> None:
        whole = b"".join(pieces)
        half = whole[: len(whole) // 2 + 7]
        self._call("append", lambda: super(FaultyDisk, self).append(handle, pieces), lambda: os.write(handle, half))

    def sync(self, handle: int) -> None:
        self._call("sync", lambda: super(FaultyDisk, self).sync(handle))

    def cut(self, handle: int, size: int) -> None:
        self._call("cut", lambda: super(FaultyDisk, self).cut(handle, size))

    def sync_names(self, folder: Path) -> None:
        self._call("sync_names", lambda: super(FaultyDisk, self).sync_names(folder))

    def close(self, handle: int) -> None:
        self._call("close", lambda: super(FaultyDisk, self).close(handle))

    def _call(self, name: str, work: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        number = len(self.calls)
        self.calls.append(name)
        if number not in self.faults:
            return work()
        if self.when == "after":
            work()
        elif self.when == "half" and half is not None:
            half()
        raise OSError(self.code, os.strerror(self.code))


class SlowDisk(SystemDisk):
    """The system's disk, whose syncs wait until they may go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.syncs = 0

    def sync(self, handle: int) -> None:
        self.syncs += 1
        assert self.open.wait(30)
        super().sync(handle)


@dataclass
class _File:
    path: Path
    live: bytearray
    durable: bytes = b""
    named: bool = False
    broken: bool = False
    """A sync of it failed: later ones say yes and write nothing, as systems do that drop the pages they could not
    write."""


class PowerCutDisk:
    """A disk in memory that keeps through a power cut what was synced, and of the rest anything or nothing.

    Parameters
    ----------
    source
        Chance.
    cut_at
        The call, counted from 1, during which the power goes.
    sync_fails
        Chance that a sync fails.
    """

    def __init__(self, source: random.Random, cut_at: int, sync_fails: float = 0.0) -> None:
        self._source = source
        self._cut_at = cut_at
        self._sync_fails = sync_fails
        self._lock = threading.Lock()
        self._calls = 0
        self._files: dict[int, _File] = {}
        self._folders: dict[Path, set[str]] = {}
        self.dead = threading.Event()
        self.left: dict[tuple[str, str], bytes] = {}
        """Folder and file → content, once the power is gone."""

    def create(self, path: Path) -> int:
        with self._lock:
            handle = len(self._files) + 1
            if self._step():
                self._files[handle] = _File(path, bytearray())
                self._die()
            self._files[handle] = _File(path, bytearray())
            return handle

    def append(self, handle: int, pieces: Sequence[bytes]) -> None:
        whole = b"".join(pieces)
        with self._lock:
            if self._step():
                self._files[handle].live += whole[: self._source.randint(0, len(whole))]
                self._die()
            self._files[handle].live += whole

    def sync(self, handle: int) -> None:
        time.sleep(self._source.random() * 0.0004)
        with self._lock:
            file = self._files[handle]
            if self._step():
                self._die()
            if self._source.random() < self._sync_fails:
                file.durable, file.broken = self._through(file), True
                raise OSError(errno.EIO, "the sync failed")
            if not file.broken:
                file.durable = bytes(file.live)

    def cut(self, handle: int, size: int) -> None:
        with self._lock:
            if self._step():
                self._die()
            del self._files[handle].live[size:]

    def sync_names(self, folder: Path) -> None:
        with self._lock:
            if self._step():
                self._die()
            self._folders.setdefault(folder, set()).update(path.name for path in folder.iterdir())
            for file in self._files.values():
                file.named |= file.path.parent == folder

    def close(self, handle: int) -> None:
        with self._lock:
            if self._step():
                self._die()

    def pull_the_plug(self) -> None:
        """Cut the power now, unless it is gone already."""
        with self._lock:
            if not self.dead.is_set():
                self._leave()

    def restore(self, directory: Path) -> None:
        """Write what is left into `directory`, as the next start finds it."""
        for (folder, name), content in self.left.items():
            (directory / folder).mkdir(parents=True, exist_ok=True)
            (directory / folder / name).write_bytes(content)

    def _step(self) -> bool:
        if self.dead.is_set():
            raise OSError(errno.EIO, "there is no power")
        self._calls += 1
        return self._calls == self._cut_at

    def _die(self) -> None:
        self._leave()
        raise OSError(errno.EIO, "the power has gone")

    def _leave(self) -> None:
        self.dead.set()
        for file in self._files.values():
            folder = file.path.parent
            named = file.named and folder.name in self._folders.get(folder.parent, set())
            if named or self._source.random() < 0.5:
                self.left[folder.name, file.path.name] = self._through(file)

    def _through(self, file: _File) -> bytes:
        """Return what of a file comes through: what was synced, then any pages, zeros, or old blocks of the disk."""
        source, durable, live = self._source, file.durable, bytes(file.live)
        if live[: len(durable)] != durable:
            # It was cut back since: that may have reached the disk or not.
            return source.choice([durable, live])
        size = source.choice([len(durable), len(live), source.randint(len(durable), len(live))])
        found = bytearray(live[:size])
        for start in range(len(durable) // PAGE * PAGE, size, PAGE):
            begin, end = max(start, len(durable)), min(start + PAGE, size)
            kind = source.random()
            if kind < 0.3:
                found[begin:end] = bytes(end - begin)
            elif kind < 0.4:
                found[begin:end] = source.randbytes(end - begin)
        return bytes(found)
