"""Progress of long work, reported to whoever watches: a terminal, a page, nobody."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator


class Step(Protocol):
    """One running piece of work."""

    def advance(self, amount: float = 1) -> None:
        """Say that `amount` more units are done."""
        ...


class Progress(Protocol):
    """Where long work reports to."""

    def task(self, label: str, total: float | None = None) -> AbstractContextManager[Step]:
        """Open a bar for `total` units (None: unknown); it closes with the context."""
        ...


class _SilentStep:
    def advance(self, amount: float = 1) -> None:
        """Nobody watches."""


class SilentProgress:
    """Reports to nobody: the default of every function that takes a `Progress`."""

    @contextmanager
    def task(self, label: str, total: float | None = None) -> Generator[Step]:
        """Open a bar that nobody sees."""
        yield _SilentStep()


SILENT = SilentProgress()
