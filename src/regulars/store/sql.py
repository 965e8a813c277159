"""Read-only SQL over views of a shop's tables, in a process that can do nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pyarrow as pa

from regulars.core.errors import BusyError, RegularsError, UsageError
from regulars.core.ids import new_id
from regulars.core.schema import TABLES
from regulars.store.sql_check import PRIVATE, check_text, check_tree, place

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Mapping, Sequence

    from regulars.store.store import Store

ROWS = 10_000
"""Rows of an answer where nobody says."""
MOST_ROWS = 1_000_000
SECONDS = 30.0
MEMORY = 1 << 30
"""Bytes of the query engine; past it, it spills to disk or gives up."""
ADDRESS_SPACE = MEMORY + (2 << 30)
"""Bytes of the whole process: libraries and reserved threads take one GiB before the first row is read."""
SPILL = 2 << 30
ANSWER = 256 << 20
THREADS = 2
AT_ONCE = 2
"""Statements of one server process that run side by side."""
WAIT_SECONDS = 3.0
_SLOTS = threading.BoundedSemaphore(AT_ONCE)
_WORKER = Path(__file__).with_name("sql_worker.py")
_SQL_TYPES = {"string": "VARCHAR", "double": "DOUBLE", "date32[day]": "DATE", "timestamp[us, tz=UTC]": "TIMESTAMPTZ"}
_ASK_LESS = "Ask for fewer days, fewer columns or a summary."
_NO_PLACE = 1 << 62


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told first."""

    sql: str
    rows: int
    seconds: float
    spill: str
    answer_bytes: int = ANSWER
    memory: str = f"{MEMORY}B"
    threads: int = THREADS
    spill_bytes: int = SPILL
    address_space: int = ADDRESS_SPACE


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What it is told when the statement may run: what makes the views, then closes the door behind them."""

    statements: list[str]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a statement."""

    rows: pa.Table
    names: list[str]
    """Column names as the statement has them: two may be alike."""
    types: list[str]
    """DuckDB's name of each column's type."""
    truncated: bool
    """There were more rows than asked for."""
    seconds: float


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """What may be read.

    Parameters
    ----------
    make
        Given the names of the views that a statement reads, returns SELECTs by name, in the order they are made. They
        may read one another, and the tables of the store as `regulars_events`, `regulars_items`, `regulars_customers`.
    names
        The views that a statement may name, in small letters.
    time_zone
        In which `time` is shown and cut into days and hours.
    """

    names: frozenset[str]
    make: Callable[[Collection[str]], Mapping[str, str]]
    time_zone: str = "UTC"


def run_sql(
    store: Store,
    views: Views,
    sql: str,
    *,
    rows: int = ROWS,
    seconds: float = SECONDS,
) -> Answer:
    """Return what a SELECT says.

    Raises
    ------
    UsageError
        The statement may not run, or does not work; `where` says the line and column.
    BusyError
        Others are asking.
    RegularsError
        It takes too long, or too much memory.
    """
    if not 1 <= rows <= MOST_ROWS:
        raise UsageError(f"{rows} is not between 1 and {MOST_ROWS:,}", where="limit")
    check_text(sql)
    started = time.perf_counter()
    with _slot(), _spill(store) as spill, _Process(seconds) as process:
        told = process.ask(Question(sql=sql, rows=rows, seconds=seconds, spill=str(spill)))
        used = check_tree(told.get("tree", ""), sql, views.names)
        header = process.ask(Setup(statements=_setup(store, views, used)))
        body = process.rest()
    if not header["ok"]:
        raise _meaning(header, sql)
    with pa.ipc.open_stream(body) as reader:
        table = reader.read_all()
    return Answer(
        rows=table,
        names=header["names"],
        types=header["types"],
        truncated=header["truncated"],
        seconds=time.perf_counter() - started,
    )


@contextmanager
def _slot() -> Generator[None]:
    if not _SLOTS.acquire(timeout=WAIT_SECONDS):
        raise BusyError(f"{AT_ONCE} statements are running already", fix="Ask again in a moment.", retry_after=5.0)
    try:
        yield
    finally:
        _SLOTS.release()


@contextmanager
def _spill(store: Store) -> Generator[Path]:
    folder = store.root / new_id("spill")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Process:
    """A process that answers one statement and is gone, whatever happens, after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late = False
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # No keys, no addresses: what is not there cannot be read.
            env={"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            cwd="/",
        )
        self._timer = threading.Timer(seconds, self._stop)
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        _ = self._process.wait()

    def ask(self, what: Question | Setup) -> dict[str, Any]:
        """Tell it something and return its answer."""
        assert self._process.stdin is not None  # noqa: S101 - they are pipes
        assert self._process.stdout is not None  # noqa: S101
        try:
            _ = self._process.stdin.write(msgspec.json.encode(what) + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._gone() from None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._gone()
        return msgspec.json.decode(line)

    def rest(self) -> bytes:
        """Return what it says behind its last answer."""
        assert self._process.stdout is not None  # noqa: S101
        data = self._process.stdout.read()
        if self._process.wait() != 0:
            raise self._gone()
        return data

    def _stop(self) -> None:
        self._late = True
        self._process.kill()

    def _gone(self) -> RegularsError:
        # Not in time, or ended by its limits or the system.
        if self._late:
            return RegularsError(f"the statement took longer than {self._seconds:g} seconds", fix=_ASK_LESS)
        return RegularsError("the statement takes too much memory", fix=_ASK_LESS)


def _setup(store: Store, views: Views, used: Collection[str]) -> list[str]:
    """Return the statements that make tables and views, and after which no other file can be opened."""
    paths = {table: _paths(store, table) for table in TABLES}
    return [
        *(f"CREATE VIEW {PRIVATE}{table} AS {_raw(table, found)}" for table, found in paths.items()),
        *(f'CREATE VIEW "{name}" AS {select}' for name, select in views.make(used).items()),
        f"SET TimeZone = {_quoted(views.time_zone)}",
        f"SET allowed_paths = {_listed([path for found in paths.values() for path in found])}",
        "SET enable_external_access = false",
        "SET errors_as_json = true",
        "SET lock_configuration = true",
    ]


def _raw(table: str, paths: Sequence[str]) -> str:
    if paths:
        return f"SELECT * FROM read_parquet({_listed(paths)}, hive_partitioning = false)"  # noqa: S608 - our own names
    columns = ", ".join(f'CAST(NULL AS {_SQL_TYPES[str(f.type)]}) AS "{f.name}"' for f in TABLES[table])
    return f"SELECT {columns} WHERE false"


def _paths(store: Store, table: str) -> list[str]:
    # The files of one version, so that a commit that comes in between changes nothing.
    version = store.manifest.version(table)
    return [str(store.root / entry.path) for entry in store.manifest.files(table, as_of=version)]


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _meaning(header: Mapping[str, Any], sql: str) -> RegularsError:
    """Return what an error of the engine means to the person who asked; nothing of this machine is in it."""
    kind = header["kind"]
    if kind in ("OutOfMemoryException", "TooLarge"):
        return RegularsError("the answer takes too much memory", fix=_ASK_LESS)
    if kind not in _THEIRS:
        return RegularsError("the statement could not be worked out", fix="Run `regulars doctor`.")
    text = str(header["error"]).partition(": ")[2]
    try:
        error = msgspec.json.decode(text, type=_EngineError, strict=False)
    except msgspec.MsgspecError:
        error = _EngineError(exception_message=text)
    message = error.exception_message.partition("\n")[0][:300]
    if PRIVATE in message or ".parquet" in message:
        message = "the statement could not be worked out"
    return UsageError(message, where=place(sql, error.position) or "sql", fix="Mend the statement.")


class _EngineError(msgspec.Struct, frozen=True, kw_only=True):
    exception_message: str
    position: int = _NO_PLACE


_THEIRS: Sequence[str] = (
    "BinderException", "CatalogException", "ConversionException", "InvalidInputException", "OutOfRangeException",
    "ParserException", "SyntaxException", "TypeMismatchException", "NotImplementedException", "ConstraintException",
    "InvalidTypeException", "ProgrammingError", "DataError", "NotSupportedException",
)  # fmt: skip
"""What comes of the statement; everything else comes of the shop or its machine."""
