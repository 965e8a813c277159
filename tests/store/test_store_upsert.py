"""Items and customers: the last row of each key wins, in one snapshot."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.store import AppendResult, Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa


def test_added_updated_and_unchanged_are_counted(store: Store, table_of: Callable[..., pa.Table]) -> None:
    first = store.upsert("items", table_of("items", {"item": "b", "price": 2.0}, {"item": "a", "title": "A"}))
    assert first == AppendResult(added=2, duplicates=0, snapshot="s000001")
    rows = table_of(
        "items",
        {"item": "b", "price": 3.0},  # another price
        {"item": "a", "title": "A"},  # as it was
        {"item": "c", "title": "old"},  # replaced two lines below
        {"item": "c", "title": "new"},
    )
    second = store.upsert("items", rows)
    assert second == AppendResult(added=1, updated=1, duplicates=2, snapshot="s000002")
    answer = store.run(store.table("items").select("item", "title", "price").order_by("item")).to_pylist()
    assert answer == [
        {"item": "a", "title": "A", "price": None},
        {"item": "b", "title": None, "price": 3.0},
        {"item": "c", "title": "new", "price": None},
    ]


def test_the_same_rows_again_make_no_snapshot(store: Store, table_of: Callable[..., pa.Table]) -> None:
    rows = table_of("customers", {"subject": "x", "created": datetime(2024, 1, 1, tzinfo=UTC), "attributes": "{}"})
    assert store.upsert("customers", rows).added == 1
    assert store.upsert("customers", rows) == AppendResult(added=0, duplicates=1, snapshot="s000001")
    assert store.upsert("customers", rows.slice(0, 0)) == AppendResult(added=0, duplicates=0, snapshot="s000001")


@pytest.mark.parametrize(("before", "after"), [("A", None), (None, "A"), ("A", "B")])
def test_a_whole_row_takes_the_place_of_a_whole_row(
    store: Store, table_of: Callable[..., pa.Table], before: str | None, after: str | None
) -> None:
    store.upsert("items", table_of("items", {"item": "a", "title": before}))
    assert store.upsert("items", table_of("items", {"item": "a", "title": after})).updated == 1
    assert store.run(store.table("items").select("title")).to_pylist() == [{"title": after}]


def test_an_older_snapshot_still_reads_the_older_rows(store: Store, table_of: Callable[..., pa.Table]) -> None:
    store.upsert("items", table_of("items", {"item": "a", "title": "old"}))
    old = store.table("items").title
    store.upsert("items", table_of("items", {"item": "a", "title": "new"}))
    assert store.clear_orphans() == []
    assert store.run(old).to_pylist() == ["old"]
    assert store.run(store.table("items").title).to_pylist() == ["new"]
    assert store.rows("items") == 1


def test_replaced_files_are_deleted_by_a_later_write(
    store: Store,
    table_of: Callable[..., pa.Table],
    tmp_path: Path,
    parquet_files: Callable[[Path], list[Path]],
) -> None:
    for title in ("one", "two"):
        store.upsert("items", table_of("items", {"item": "a", "title": title}))
    assert len(parquet_files(tmp_path)) == 2
    with sqlite3.connect(tmp_path / "tables" / "manifest.db") as db:
        db.execute("UPDATE snapshots SET time = '2024-01-01T00:00:00.000000+00:00'")
    db.close()
    assert store.upsert("items", table_of("items", {"item": "a", "title": "three"})).snapshot == "s000003"
    assert len(parquet_files(tmp_path)) == 2  # "two" has just been replaced, "one" long ago
    assert store.run(store.table("items").title).to_pylist() == ["three"]
    assert [c.ok for c in store.check()] == [True] * 3


def test_what_a_dead_process_spilled_is_cleared_and_what_a_living_one_spills_is_not(
    store: Store, tmp_path: Path
) -> None:
    old, fresh = tmp_path / "tables" / "spill_old", tmp_path / "tables" / "spill_fresh"
    for folder in (old, fresh):
        folder.mkdir()
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(old, (two_days_ago, two_days_ago))
    assert store.clear_orphans() == ["spill_old"]
    assert (old.exists(), fresh.exists()) == (False, True)


def test_events_and_unknown_tables_are_refused(store: Store, table_of: Callable[..., pa.Table]) -> None:
    with pytest.raises(UsageError, match="append_events"):
        store.upsert("events", table_of("events"))
    with pytest.raises(NotFoundError, match="orders"):
        store.upsert("orders", table_of("items"))
    with pytest.raises(UsageError, match="not items"):
        store.upsert("items", table_of("customers", {"subject": "x"}))
