"""A compactor that is killed at random moments and started again until the log is empty."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from tests.collect.logs import write_messages
from tests.collect.story import count_of, known, received, start_of, story

from regulars.shop import Shop
from regulars.shop.tending import compact
from regulars.store.compaction import tail

if TYPE_CHECKING:
    import random

CHUNK = 200_000


def prepare(folder: Path, messages: int) -> None:
    """Make a shop in `folder` with a log of a story and nothing in its tables."""
    Shop.create(folder).close()
    start = start_of(datetime.now(UTC))
    write_messages(folder, story(messages, start), first=received(start))


def serve() -> None:
    """Fork a process for each log named on standard input, which prints its number, and say what became of it."""
    while line := sys.stdin.readline():
        number = os.fork()
        if number == 0:
            print(os.getpid(), flush=True)
            drain(*line.split())
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def drain(folder: str, chunk: str) -> NoReturn:
    """Empty a log and end."""
    tail.CHUNK_BYTES = int(chunk)
    with Shop.open(Path(folder)) as shop:
        print("open", flush=True)
        done = compact(shop)
    os._exit(0 if done is not None else 3)


class Compactors:
    """Processes that empty logs; whoever forks them has loaded everything and opened nothing."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.collect.compacting"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _ = self._process.communicate(timeout=60)

    def run(self, folder: Path, chunk: int, seconds: float) -> int:
        """Empty the log of a shop for so many seconds once it is open, and return how that ended: 0 or -9."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder} {chunk}\n")
        self._process.stdin.flush()
        number = int(self._process.stdout.readline())
        assert self._process.stdout.readline() == "open\n"
        ended, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ended:
            os.kill(number, signal.SIGKILL)
        return int(self._process.stdout.readline())


def drained(source: Path, folder: Path) -> tuple[dict[str, Any], float]:
    """Copy a shop, drain it undisturbed, and return what it knows and how long that took."""
    shutil.copytree(source, folder)
    with Shop.open(folder) as shop:
        began = time.monotonic()
        assert compact(shop) is not None
        took = time.monotonic() - began
        return known(shop), took


def differences(folder: Path, expected: dict[str, Any], log: int) -> list[str]:
    """Return what a shop knows otherwise than expected, and what is wrong with its files."""
    with Shop.open(folder) as shop:
        found = known(shop)
        wrong = [check.detail for check in shop.store.check() if not check.ok]
    return [f"{name} of log {log}" for name in expected if found[name] != expected[name]] + wrong


def kill_again_and_again(
    folder: Path, messages: int, kills: int, source: random.Random, chunk: int = CHUNK
) -> dict[str, Any]:
    """Drain copies of one shop, killing the compactor at random moments, until it was killed so many times.

    Returns
    -------
        How often it was killed, how many logs were drained so, and what differed from an undisturbed run.
    """
    prepare(folder / "log", messages)
    expected, took = drained(folder / "log", folder / "undisturbed")
    killed = logs = 0
    different: list[str] = []
    with Compactors() as compactors:
        while killed < kills:
            logs += 1
            copy = folder / f"copy-{logs}"
            shutil.copytree(folder / "log", copy)
            # Ever longer, so that each log comes to an end.
            longest = took / 2
            while (status := compactors.run(copy, chunk, source.uniform(0, longest))) == -signal.SIGKILL:
                killed += 1
                longest *= 1.1
            assert status == 0
            different += differences(copy, expected, logs)
            shutil.rmtree(copy)
    return {
        "messages": messages,
        "rows": count_of(expected),
        "kills": killed,
        "logs_drained": logs,
        "undisturbed_seconds": round(took, 2),
        "different": different,
    }


if __name__ == "__main__":
    serve()
