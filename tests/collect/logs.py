"""Writing a log and reading it back, whatever became of it in between."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from regulars.store.log import Arrival, LogWriter, segment_sets
from regulars.store.log.segments import mapped, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from regulars.core.errors import DiskError

ARRIVAL = Arrival(route="track", received=1_700_000_000_000_000, key="k", page=False, signal=False, network="")


class Answers:
    """What a writer said about each record, and a way to wait for it."""

    def __init__(self) -> None:
        self.durable: list[Any] = []
        self.failed: list[Any] = []
        self.errors: list[DiskError] = []
        self._said = threading.Condition()

    def settle(self, tokens: list[Any], error: DiskError | None) -> None:
        """Take the writer's word; give as `settle` to a LogWriter."""
        with self._said:
            (self.durable if error is None else self.failed).extend(tokens)
            if error is not None:
                self.errors.append(error)
            self._said.notify_all()

    def wait(self, token: Any, seconds: float = 10.0) -> bool:
        """Return whether the record became durable; it is an error when nothing is said about it."""
        with self._said:
            assert self._said.wait_for(lambda: token in self.durable or token in self.failed, seconds), "no answer"
            return token in self.durable


def append(writer: LogWriter, answers: Answers, number: int, body: bytes | None = None) -> bool:
    """Append one record and return whether it became durable."""
    writer.append(ARRIVAL, body if body is not None else body_of(number), number)
    return answers.wait(number)


def body_of(number: int, size: int = 0) -> bytes:
    """Return a body that says its number."""
    return b"%d|" % number + b"x" * size


def number_of(body: bytes) -> int:
    """Return the number a body says."""
    return int(body.partition(b"|")[0])


def bodies(directory: Path) -> list[bytes]:
    """Return every body in the log, oldest process and file first."""
    found: list[bytes] = []
    for segments in segment_sets(directory):
        for segment in segments.segments:
            with mapped(segment.path) as data:
                found += [one.body for one in read(data, 0)]
    return found


def numbers(directory: Path) -> list[int]:
    """Return the numbers of all records in the log."""
    return [number_of(body) for body in bodies(directory)]


def write_messages(
    shop: Path, messages: Iterable[dict[str, Any]], *, page: bool = False, signal: bool = False, first: int = 0
) -> None:
    """Write messages to the log of the shop in `shop`, one request each, received a microsecond apart.

    Parameters
    ----------
    first
        When the first was received: microseconds since 1970.
    """
    answers = Answers()
    sent = 0
    with LogWriter(shop / "log", answers.settle) as writer:
        for number, message in enumerate(messages):
            arrival = Arrival(
                route="batch", received=first + number, key="k", page=page, signal=signal, network="192.0.2.0"
            )
            writer.append(arrival, json.dumps({"batch": [message]}).encode(), number)
            sent += 1
    assert len(answers.durable) == sent
