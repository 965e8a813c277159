"""The newest rows in memory are those of the tables, however the files change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from regulars.core.compute import pc
from regulars.core.errors import DamagedError
from regulars.core.schema import EVENTS
from regulars.store import Store
from regulars.store.recent import RecentRows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TODAY = date(2024, 5, 2)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    store = Store.create(tmp_path, buckets=2)
    yield store
    store.close()


def events(*lines: tuple[str, str, int]) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for name, subject, day in lines:
        time = datetime(2024, 5, day, 12, tzinfo=UTC)
        base = {"id": name, "time": time, "day": time.date(), "subject": subject, "kind": "view"}
        rows.append(dict.fromkeys(EVENTS.names) | base)
    return pa.Table.from_pylist(rows, schema=EVENTS)


def everything(rows: pa.Table) -> pa.Table:
    return rows


def ids(rows: pa.Table) -> list[str]:
    return sorted(rows.column("id").to_pylist())


def test_rows_of_other_days_are_not_read_and_new_ones_are_seen(small: Store) -> None:
    recent = RecentRows(small, ["id", "subject", "day"])
    assert recent.rows(TODAY, TODAY, everything).num_rows == 0
    small.append_events([events(("old", "a", 1))])
    small.append_events([events(("x", "a", 2), ("y", "b", 2))])
    assert ids(recent.rows(TODAY, TODAY, everything)) == ["x", "y"]
    small.append_events([events(("z", "c", 2))])
    found = recent.rows(TODAY, TODAY, everything)
    assert ids(found) == ["x", "y", "z"]
    assert found.column_names == ["id", "subject", "day"]


def test_a_file_is_read_once(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    recent = RecentRows(small, ["id"])
    small.append_events([events(("x", "a", 2))])
    _ = recent.rows(TODAY, TODAY, everything)
    monkeypatch.setattr(recent, "_read", lambda path: pytest.fail(f"{path} was read again"))
    assert ids(recent.rows(TODAY, TODAY, everything)) == ["x"]


def test_what_left_the_tables_leaves_the_memory(small: Store) -> None:
    """As an erasure does it: the file goes, another takes its place, and the old one is deleted at once."""
    recent = RecentRows(small, ["id", "subject"])
    small.append_events([events(("x", "a", 2), ("y", "b", 2))])
    before = small.manifest.files("events")
    assert ids(recent.rows(TODAY, TODAY, everything)) == ["x", "y"]
    with small.writing() as writer:
        writer.write("events", 0, events(("y", "b", 2)))
        writer.publish()
        small.manifest.commit(writer.entries, [entry.path for entry in before], "erased")
    for entry in before:
        (small.root / entry.path).unlink()
    assert ids(recent.rows(TODAY, TODAY, everything)) == ["y"]


def test_what_is_taken_away_once_stays_away(small: Store) -> None:
    recent = RecentRows(small, ["id", "subject"])
    small.append_events([events(("x", "a", 2), ("y", "b", 2))])
    only_b = recent.rows(TODAY, TODAY, lambda rows: rows.filter(pc.equal(rows.column("subject"), "b")))
    assert ids(only_b) == ["y"]
    assert ids(recent.rows(TODAY, TODAY, everything)) == ["y"]


def test_a_damaged_file_is_named(small: Store) -> None:
    small.append_events([events(("x", "a", 2))])
    [entry] = small.manifest.files("events")
    (small.root / entry.path).write_bytes(b"not parquet")
    with pytest.raises(DamagedError, match="cannot be read"):
        RecentRows(small, ["id"]).rows(TODAY, TODAY, everything)
