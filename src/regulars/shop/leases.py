"""Who looks after a shop: one process at a time, for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def lease(directory: Path) -> Generator[bool]:
    """Try to become the one who compacts the shop in `directory`; yield whether that is so.

    The system ends the lease with the process, however it dies.
    """
    log = directory / "log"
    log.mkdir(exist_ok=True)
    handle = os.open(log / "compactor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
