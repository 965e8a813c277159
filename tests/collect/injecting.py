"""Failing the system calls of a process from outside, with strace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.collect.logs import numbers

ROOT = Path(__file__).resolve().parents[2]
CALLS = (
    ("fdatasync", "EIO"),
    ("fdatasync", "ENOSPC"),
    ("writev", "ENOSPC"),
    ("writev", "EIO"),
    ("openat", "ENOSPC"),
    ("openat", "EMFILE"),
    ("fsync", "EIO"),
    ("mkdir", "ENOSPC"),
    ("flock", "EIO"),
)
"""What a disk refuses, and how: writing, syncing, new files, the names of folders."""


class Outcome(NamedTuple):
    """What became of the records of one process."""

    injected: bool
    """The call was made often enough to fail."""
    durable: list[int]
    failed: list[int]
    found: list[int]
    """Records that are in the log afterwards."""


class Driver:
    """Processes that write a log under strace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.collect.driver"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def run(self, call: str, error: str, when: str) -> Outcome:
        """Let the calls numbered `when` (from 1; strace's notation) of one kind fail in a process that writes a log."""
        folder = self._folder / f"{call}-{error}-{when}"
        number = int(self._say(str(folder)))
        seen = folder.with_suffix(".trace")
        strace = subprocess.Popen(
            ["strace", "-f", "-o", seen, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={when}",
             "-p", str(number)],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert strace.stderr is not None
        said = strace.stderr.readline()
        assert "attached" in said, said
        answers: dict[str, Any] = json.loads(self._say("go"))
        _ = strace.communicate(timeout=30)
        return Outcome("(INJECTED)" in seen.read_text(), answers["durable"], answers["failed"], numbers(folder))

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def every(driver: Driver, call: str, error: str, step: int = 1) -> list[Outcome]:
    """Fail each call of a kind in turn, one process each (or every `step`th), until there are no more."""
    found: list[Outcome] = []
    number = 1
    while (outcome := driver.run(call, error, str(number))).injected:
        found.append(outcome)
        number += step
    return found
