"""Events, items and customers written down by hand, and a store to put them in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from regulars.core.schema import TABLES
from regulars.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def table_of() -> Callable[..., pa.Table]:
    """Return a function: table name and rows as dicts; columns that are not given are empty."""

    def build(table: str, *rows: dict[str, Any]) -> pa.Table:
        schema = TABLES[table]
        return pa.Table.from_pylist([dict.fromkeys(schema.names) | row for row in rows], schema=schema)

    return build


@pytest.fixture(scope="session")
def events_of(table_of: Callable[..., pa.Table]) -> Callable[..., pa.Table]:
    """Return a function: rows of (id, subject, day) or (id, subject, day, hour)."""

    def build(*rows: tuple[Any, ...]) -> pa.Table:
        lines: list[dict[str, Any]] = []
        for name, subject, day, *hour in rows:
            at = date.fromisoformat(day)
            moment = datetime.combine(at, time(hour[0] if hour else 12), UTC)
            lines.append({"id": name, "subject": subject, "day": at, "time": moment, "kind": "view"})
        return table_of("events", *lines)

    return build


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Make an empty store of four buckets."""
    with Store.create(tmp_path, 4, threads=1) as made:
        yield made


@pytest.fixture(scope="session")
def ids() -> Callable[[Store], list[str]]:
    """Return a function: the ids of all events of a store, sorted."""

    def read(store: Store) -> list[str]:
        return sorted(store.run(store.table("events").select("id")).column("id").to_pylist())

    return read


@pytest.fixture(scope="session")
def parquet_files() -> Callable[[Path], list[Path]]:
    """Return a function: every Parquet file under a shop, finished or not."""

    def find(directory: Path) -> list[Path]:
        return sorted((directory / "tables").rglob("*.parquet"))

    return find
