"""The store of one shop: append, look up, look after."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import duckdb
import msgspec

from regulars.core.errors import DamagedError, NotFoundError, UsageError
from regulars.core.ids import new_id
from regulars.core.schema import TABLES
from regulars.store.append import AppendResult, duplicate_rows, stage, write_events
from regulars.store.doctor import check_files, clear_removed, clear_unknown
from regulars.store.engine import Engine, reading
from regulars.store.lock import writer_lock
from regulars.store.manifest import FORMAT, Manifest
from regulars.store.parquet_files import FileWriter, conform
from regulars.store.upsert import merge

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable
    from datetime import date

    import ibis.expr.types as ir
    import pyarrow as pa

    from regulars.core.records import Check
    from regulars.store.manifest import FileEntry

Column = Literal["subject", "referrer"]
WAIT_SECONDS = 30.0
"""An import waits this long for another writer: the compactor lets go within a second."""


class Store:
    """The tables of a shop, as snapshots: `tables/manifest.db` and Parquet files.

    Made by `Store.create` or `Store.open`. Threads may share one store; other processes may open the same
    directory. Readers never wait for a writer, and there is one writer at a time.

    A write goes: files under temporary names, made durable; their final names, made durable; one SQLite
    transaction that makes them part of the next snapshot. A crash before the last step leaves the tables as
    they were, and files that no snapshot knows, which `clear_orphans` deletes. Files that left their table are
    kept for an hour, for readers of the older snapshot, and deleted by a later write.
    """

    def __init__(self, directory: Path, manifest: Manifest, engine: Engine) -> None:
        self.root = directory / "tables"
        """Where the table files are."""
        self.manifest = manifest
        """Which files make up the tables: for the compactor and its kin."""
        self._engine = engine
        self.buckets = manifest.meta("buckets")
        self.tenant = str(manifest.meta("tenant"))
        """Keeps this shop's pseudonyms apart from every other's."""

    @classmethod
    def create(cls, directory: str | Path, buckets: int = 16, **engine: Any) -> Store:
        """Make an empty store in `directory`, or open the one that is there.

        Parameters
        ----------
        directory
            The shop.
        buckets
            Over how many files customers are spread; fixed from now on.
        engine
            `memory_limit` and `threads`, as in `open`.
        """
        root = Path(directory) / "tables"
        root.mkdir(parents=True, exist_ok=True)
        Manifest.create(root / "manifest.db", buckets).close()
        return cls.open(directory, **engine)

    @classmethod
    def open(cls, directory: str | Path, *, memory_limit: str | None = None, threads: int | None = None) -> Store:
        """Open the store of the shop in `directory`.

        Raises
        ------
        NotFoundError
            There is none.
        DamagedError
            Its manifest cannot be read, or a newer version of this program wrote it.
        """
        directory = Path(directory).absolute()
        root = directory / "tables"
        if not (root / "manifest.db").exists():
            raise NotFoundError(
                "there are no tables here", where=str(directory), fix="Make a shop with `regulars init DIR`."
            )
        manifest = Manifest(root / "manifest.db")
        try:
            _check_format(manifest, root)
        except DamagedError:
            manifest.close()
            raise
        # Two engines must not share a spill directory: they would give their files the same names.
        return cls(directory, manifest, Engine(root / new_id("spill"), memory_limit, threads))

    def close(self) -> None:
        """Let go of files and memory."""
        self._engine.close()
        self.manifest.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def snapshot(self) -> str:
        """Id of the current snapshot: grows with every write, by whichever process."""
        return _name(self.manifest.snapshot())

    def version(self, table: str) -> str:
        """Return the newest snapshot that changed `table`."""
        return _name(self.manifest.version(_known(table)))

    def refresh(self) -> str:
        """Return the current snapshot; tables asked for from now on belong to it or a later one."""
        return self.snapshot

    def rows(self, table: str) -> int:
        """Return how many rows `table` holds, from the manifest alone."""
        return self.manifest.totals(_known(table))[0]

    def days(self) -> tuple[date, date] | None:
        """Return the first and last day that has events, from the manifest alone; None: no events."""
        _, first, last = self.manifest.totals("events")
        return (first, last) if first and last else None

    def table(self, name: str) -> ir.Table:
        """Return `events`, `items` or `customers` of the current snapshot, for expressions given to `run`."""
        version = self.manifest.version(_known(name))
        # Asking for the files of that version keeps name and content together when a commit comes in between.
        paths = [str(self.root / entry.path) for entry in self.manifest.files(name, as_of=version)]
        return self._engine.view(f"{name}_{_name(version)}", paths, TABLES[name])

    def run(self, expr: ir.Expr) -> Any:
        """Execute an expression over tables of this store; any thread may call.

        Returns
        -------
        pyarrow.Table
            For a table expression; an Arrow array or scalar for a column or a value.
        """
        return self._engine.run(expr)

    def append_events(self, batches: Iterable[pa.Table]) -> AppendResult:
        """Add events as one snapshot: each id once, all of them or, on any error, none.

        Parameters
        ----------
        batches
            Tables with the schema of `events`; read one after the other and not kept.
        """
        with self.writing(WAIT_SECONDS) as writer:
            staging = stage(batches, writer.temporary, self.buckets)
            with self._engine.cursor() as cursor:
                duplicates = duplicate_rows(staging, self.manifest, self.root, cursor)
            write_events(staging, duplicates, writer)
            added = sum(entry.rows for entry in writer.entries)
            snapshot = self._commit(writer, (), f"{added} events")
        return AppendResult(added=added, duplicates=staging.rows - added, snapshot=snapshot)

    def upsert(self, table: str, rows: pa.Table) -> AppendResult:
        """Add or replace items or customers as one snapshot; the last row of each key wins.

        Rows that are there already, unchanged, count as duplicates, and so do earlier rows of the same key.
        """
        if _known(table) == "events":
            raise UsageError("events are only added: use `append_events`")
        rows = conform(table, rows)
        with self.writing(WAIT_SECONDS) as writer:
            merged, result = merge(table, self.run(self.table(table)), rows)
            result = msgspec.structs.replace(
                result, duplicates=rows.num_rows - result.added - result.updated, snapshot=self.snapshot
            )
            if result.added or result.updated:
                old = [entry.path for entry in self.manifest.files(table)]
                writer.write(table, 0, merged)
                note = f"{result.added} added, {result.updated} updated {table}"
                result = msgspec.structs.replace(result, snapshot=self._commit(writer, old, note))
        return result

    def clear_orphans(self) -> list[str]:
        """Delete files that a crash left behind or that left their table a while ago; return their paths."""
        with writer_lock(self.root / "writer.lock"):
            return [*clear_removed(self.manifest, self.root), *clear_unknown(self.manifest, self.root)]

    def check(self) -> list[Check]:
        """Look at every file: is it there, whole, and does it hold the rows the manifest says."""
        return check_files(self.manifest, self.root)

    def _commit(self, writer: FileWriter, removed: Iterable[str], note: str) -> str:
        if not writer.entries:
            return self.snapshot
        writer.publish()
        # When this fails the files stay: nobody can tell whether the disk took the commit, and a file too many
        # is harmless where a file too few is a loss.
        return _name(self.manifest.commit(writer.entries, removed, note))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the query engine, for the compactor and its kin."""
        return self._engine.cursor()

    def holding(self, entries: Iterable[FileEntry], column: Column, subjects: Collection[str]) -> list[FileEntry]:
        """Return those of the files of events that hold one of these subjects in `column`."""
        paths = {str(self.root / entry.path): entry for entry in entries}
        if not paths or not subjects:
            return []
        with self.cursor() as cursor, reading():
            rows = cursor.read_parquet(list(paths), filename=True, hive_partitioning=False)
            theirs = duckdb.ColumnExpression(column).isin(*map(duckdb.ConstantExpression, sorted(subjects)))
            found = rows.filter(theirs).select(duckdb.ColumnExpression("filename")).distinct().fetchall()
        return [paths[row[0]] for row in found]

    @contextmanager
    def writing(self, wait: float = 0.0) -> Generator[FileWriter]:
        """Hold the only right to write; what is written becomes part of the tables by a commit to the manifest.

        Raises
        ------
        UsageError
            Someone else has been writing for `wait` seconds.
        """
        with writer_lock(self.root / "writer.lock", wait):
            _ = clear_removed(self.manifest, self.root)
            temporary = self.root / "tmp" / new_id("write")
            temporary.mkdir(parents=True)
            try:
                yield FileWriter(self.root, temporary)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)


def _name(snapshot: int) -> str:
    return f"s{snapshot:06d}"


def _check_format(manifest: Manifest, root: Path) -> None:
    written = manifest.meta("format")
    if written > FORMAT:
        raise DamagedError(
            "was written by a newer version", where=str(root), fix="Update the program: `pip install -U regulars`."
        )
    if written < FORMAT:
        raise DamagedError(
            "was written before customers had pseudonyms",
            where=str(root),
            fix="Make the shop again in a new directory and import its files: `regulars init`, `regulars import`.",
        )


def _known(table: str) -> str:
    if table not in TABLES:
        raise NotFoundError(f"there is no table '{table}'", fix=f"There are {', '.join(TABLES)}.")
    return table
