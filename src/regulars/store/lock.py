"""One writer at a time, whichever thread or process it lives in."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regulars.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def writer_lock(path: Path, wait: float = 0.0) -> Generator[None]:
    """Hold the lock file at `path`; the system frees it when the process dies, however it dies.

    Parameters
    ----------
    path
        The file.
    wait
        Seconds to wait for whoever holds it: the compactor lets go within a second, an import when it is done.

    Raises
    ------
    UsageError
        Someone else is writing.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _taken(handle, time.monotonic() + wait):
            raise UsageError(
                "another import or clean-up is writing to this shop",
                where=str(path),
                fix="Wait until it has finished and try again; reading goes on meanwhile.",
            )
        yield
    finally:
        os.close(handle)


def _taken(handle: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True
