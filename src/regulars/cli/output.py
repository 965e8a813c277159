"""What commands print: answers on stdout, progress and errors on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from regulars.core.errors import RegularsError, UsageError
from regulars.core.ranks import leads

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from regulars.core.progress import Step

out = Console(quiet=not leads())
err = Console(stderr=True)
EXIT_FAILED = 1
EXIT_USAGE = 2


def print_json(value: Any) -> None:
    """Print one JSON document."""
    if not leads():
        return
    text = msgspec.json.format(msgspec.json.encode(value)).decode()
    sys.stdout.write(text + "\n")


def print_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table for people; numbers to the right."""
    body = [list(row) for row in rows]
    table = RichTable(title=title or None, title_justify="left", header_style="bold")
    for at, column in enumerate(columns):
        numeric = bool(body) and all(isinstance(row[at], int | float | None) for row in body)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in body:
        table.add_row(*(_cell(value) for value in row))
    out.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def reported() -> Generator[None]:
    """Turn an error of ours into its words and an exit code; anything else is a defect and shows itself."""
    try:
        yield
    except RegularsError as error:
        err.print(f"[bold red]Error[/] {_escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED) from None
    except KeyboardInterrupt:
        err.print("Stopped.")
        raise SystemExit(130) from None


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


class _RichStep:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress = progress
        self.task = task

    def advance(self, amount: float = 1) -> None:
        """Move the bar."""
        self.progress.advance(self.task, amount)


class RichProgress:
    """Progress bars on stderr, nested work under its parent; gone when it is done but for one line each."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
            console=err, transient=False, disable=not leads(),
        )  # fmt: skip
        self._open = 0

    @contextmanager
    def task(self, label: str, total: float | None = None) -> Generator[Step]:
        """Open a bar."""
        if self._open == 0:
            self._bars.start()
        task = self._bars.add_task("  " * self._open + label, total=total)
        self._open += 1
        try:
            yield _RichStep(self._bars, task)
        finally:
            self._open -= 1
            self._bars.update(task, total=total or 1, completed=total or 1)
            if self._open == 0:
                self._bars.stop()
                for done in self._bars.task_ids:
                    self._bars.remove_task(done)
