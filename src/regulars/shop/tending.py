"""What keeps a shop's tables current while it is open: compacting, tidying, carrying out what people asked for."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from regulars.core.errors import UsageError
from regulars.shop.alerts import watching
from regulars.shop.facade import Shop
from regulars.shop.leases import lease
from regulars.shop.removing import carry_out
from regulars.store.compaction import Compactor, Cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

RETRY_SECONDS = 1.0
NICE = 5
"""Answers and events at the door come first."""


def tend(
    directories: Sequence[Path], stop: threading.Event, report: Callable[[str, Exception], None] | None = None
) -> None:
    """Keep these shops current until `stop` is set, each as long as nobody else does.

    A failure (a full disk, a damaged file) is reported and tried again; nothing of the log is lost meanwhile.
    """
    threads = [
        threading.Thread(target=_tend_one, args=(directory, stop, report or _quiet), name=f"tend-{directory.name}")
        for directory in directories
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def tend_in_background(directories: Sequence[str]) -> None:
    """Run `tend` in a process of its own that ends with its parent."""
    import signal
    import sys
    from pathlib import Path

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parent = os.getppid()
    os.nice(NICE)

    def watch() -> None:
        while not stop.wait(RETRY_SECONDS):
            if os.getppid() != parent:
                stop.set()

    threading.Thread(target=watch, daemon=True).start()
    tend(
        [Path(directory) for directory in directories],
        stop,
        lambda name, error: print(f"regulars: {name}: {error}", file=sys.stderr, flush=True),
    )


def compact(shop: Shop) -> Cycle | None:
    """Take everything in the log into the tables now; None when another process is doing so all the time."""
    with lease(shop.directory) as mine:
        if not mine:
            return None
        return Compactor(shop.store, shop.vault, shop.settings, shop.directory).drain()


def _tend_one(directory: Path, stop: threading.Event, report: Callable[[str, Exception], None]) -> None:
    while not stop.is_set():
        try:
            with lease(directory) as mine:
                if mine:
                    with Shop.open(directory) as shop, watching(shop, report):
                        _follow(shop, stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the log is safe, and giving up would let it fill the disk
            report(str(directory), error)
        stop.wait(RETRY_SECONDS)


def _follow(shop: Shop, stop: threading.Event) -> None:
    compactor = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
    pause = shop.settings.collect.compact_seconds
    while not stop.is_set():
        started = time.monotonic()
        try:
            done = compactor.cycle()
            if not done.more:
                _ = compactor.tidy()
            for request in shop.vault.requests.open_ones():
                carry_out(shop, compactor, request)
        except UsageError:
            # An import is writing: its turn.
            stop.wait(pause)
            continue
        if not done.more:
            stop.wait(max(0.01, pause - (time.monotonic() - started)))


def _quiet(_: str, __: Exception) -> None:
    """Nobody listens."""
