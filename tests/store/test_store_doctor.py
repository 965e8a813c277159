"""Damage is found, named, and never a traceback."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from regulars.core.errors import DamagedError
from regulars.store import Store
from regulars.store.compaction.removal import remove_subjects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa


@pytest.fixture
def damaged(
    tmp_path: Path, events_of: Callable[..., pa.Table], parquet_files: Callable[[Path], list[Path]]
) -> Callable[[str], Path]:
    """Return a function that makes a store of three events and damages its one file."""

    def damage(how: str) -> Path:
        with Store.create(tmp_path, 1, threads=1) as store:
            store.append_events([events_of(*[(str(n), "x", "2024-01-01") for n in range(3)])])
        (file,) = parquet_files(tmp_path)
        data = file.read_bytes()
        if how == "missing":
            file.unlink()
        elif how == "truncated":
            file.write_bytes(data[: len(data) // 2])
        elif how == "other bytes":
            file.write_bytes(b"x" * len(data))
        else:
            pq.write_table(pq.ParquetFile(file).read().slice(0, 2), file)
            with sqlite3.connect(tmp_path / "tables" / "manifest.db") as db:
                db.execute("UPDATE files SET bytes = ?", (file.stat().st_size,))
            db.close()
        return file

    return damage


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "No such file"),
        ("truncated", "bytes instead of"),
        ("other bytes", "is not a Parquet file"),
        ("fewer rows", "holds 2 rows instead of 3"),
    ],
)
def test_a_damaged_file_is_named(damaged: Callable[[str], Path], tmp_path: Path, how: str, said: str) -> None:
    file = damaged(how)
    with Store.open(tmp_path, threads=1) as store:
        checks = {check.name: check for check in store.check()}
    bad = checks["table files: events"]
    assert not bad.ok
    assert str(file) in bad.detail
    assert said in bad.detail
    assert "backup" in bad.fix
    assert checks["table files: items"].ok


@pytest.mark.parametrize("how", ["missing", "truncated", "other bytes"])
def test_reading_and_appending_say_that_the_shop_is_damaged(
    damaged: Callable[[str], Path], tmp_path: Path, events_of: Callable[..., pa.Table], how: str
) -> None:
    damaged(how)
    with Store.open(tmp_path, threads=1) as store:
        with pytest.raises(DamagedError, match="regulars doctor"):
            store.run(store.table("events"))
        with pytest.raises(DamagedError, match="regulars doctor"):
            store.append_events([events_of(("9", "x", "2024-01-01"))])
        assert store.snapshot == "s000001"


def test_a_file_lost_after_its_table_was_asked_for_is_damage(
    store: Store, tmp_path: Path, events_of: Callable[..., pa.Table], parquet_files: Callable[[Path], list[Path]]
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    events = store.table("events")
    parquet_files(tmp_path)[0].unlink()
    with pytest.raises(DamagedError):
        store.run(events)


def test_a_healthy_store_counts_its_files(store: Store, events_of: Callable[..., pa.Table]) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"), ("b", "x", "2024-01-01"))])
    assert [(c.ok, c.detail) for c in store.check()] == [
        (True, "1 files, 2 rows"),
        (True, "0 files, 0 rows"),
        (True, "0 files, 0 rows"),
    ]


def test_a_manifest_that_is_no_database_is_damage(tmp_path: Path) -> None:
    Store.create(tmp_path, 1).close()
    (tmp_path / "tables" / "manifest.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DamagedError, match=r"manifest\.db"):
        Store.open(tmp_path)


def test_a_newer_layout_asks_for_a_newer_program(tmp_path: Path) -> None:
    Store.create(tmp_path, 1).close()
    db = sqlite3.connect(tmp_path / "tables" / "manifest.db")
    db.execute("UPDATE meta SET value = 99 WHERE name = 'format'")
    db.commit()
    db.close()
    with pytest.raises(DamagedError, match="newer version"):
        Store.open(tmp_path)


def test_a_table_whose_last_files_were_erased_never_goes_back_to_an_older_version(
    store: Store, events_of: Callable[..., pa.Table]
) -> None:
    """A view of the older version would name files that are gone."""
    store.append_events([events_of(("a", "ann", "2024-01-01"), ("b", "ben", "2024-01-01"))])
    assert store.run(store.table("events").count()).as_py() == 2
    before = store.version("events")
    remove_subjects(store, ["ben"])
    assert store.version("events") > before
    assert store.run(store.table("events").select("subject")).column(0).to_pylist() == ["ann"]
    remove_subjects(store, ["ann"])
    assert store.run(store.table("events").count()).as_py() == 0
