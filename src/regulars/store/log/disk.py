"""The few calls to the disk on which durability rests, in one place, so that tests can pull the plug."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from regulars.core.files import sync_directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST = 512
"""Pieces for one call: every system takes at least 1,024 (IOV_MAX)."""


class Disk(Protocol):
    """What the log asks of a disk; each call raises OSError when the disk refuses."""

    def create(self, path: Path) -> int:
        """Make a new file that is only appended to; return its handle. Its name is not durable yet."""
        ...

    def append(self, handle: int, pieces: Sequence[bytes]) -> None:
        """Write all pieces, one after the other."""
        ...

    def sync(self, handle: int) -> None:
        """Return when everything appended survives a power cut."""
        ...

    def cut(self, handle: int, size: int) -> None:
        """Cut the file back to `size` bytes."""
        ...

    def sync_names(self, folder: Path) -> None:
        """Return when the names in `folder` survive a power cut."""
        ...

    def close(self, handle: int) -> None:
        """Let go of the file."""
        ...


class SystemDisk:
    """The operating system's."""

    def create(self, path: Path) -> int:
        """Make a new file; one that exists is an error."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def append(self, handle: int, pieces: Sequence[bytes]) -> None:
        """Write all pieces; a short write goes on where it stopped, or says why it cannot."""
        for begin in range(0, len(pieces), _MOST):
            part: list[bytes | memoryview] = list(pieces[begin : begin + _MOST])
            while part:
                written = os.writev(handle, part)
                while part and written >= len(part[0]):
                    written -= len(part.pop(0))
                if written:
                    part[0] = memoryview(part[0])[written:]

    def sync(self, handle: int) -> None:
        """Sync data and length; the times of the file do not matter."""
        os.fdatasync(handle)

    def cut(self, handle: int, size: int) -> None:
        """Truncate."""
        os.ftruncate(handle, size)

    def sync_names(self, folder: Path) -> None:
        """Sync the directory."""
        sync_directory(folder)

    def close(self, handle: int) -> None:
        """Close."""
        os.close(handle)
