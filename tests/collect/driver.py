"""A small process that writes a log, for tests that fail its system calls from outside.

For each folder read from standard input it forks a child, which prints its number, waits for a line, writes, and prints
what became of its records: `{"durable": […], "failed": […]}`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.collect.logs import Answers, append, body_of

from regulars.store.log import LogWriter

RECORDS = 9


def child(folder: Path) -> None:
    """Write records one by one, a file for every three."""
    print(os.getpid(), flush=True)
    _ = sys.stdin.readline()
    answers = Answers()
    with LogWriter(folder, answers.settle, segment_bytes=250) as writer:
        for number in range(RECORDS):
            append(writer, answers, number, body_of(number, 60))
    print(json.dumps({"durable": answers.durable, "failed": answers.failed}), flush=True)
    os._exit(0)


def main() -> None:
    """Serve until the input ends."""
    while line := sys.stdin.readline():
        number = os.fork()
        if number == 0:
            child(Path(line.strip()))
        _ = os.waitpid(number, 0)


if __name__ == "__main__":
    main()
