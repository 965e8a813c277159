"""Appending events: each id once, all or nothing, laid out by bucket and day."""

from __future__ import annotations

import threading
import zlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.core.errors import UsageError
from regulars.core.schema import EVENTS
from regulars.store import AppendResult, Store
from regulars.store import parquet_files as parquet_files_module
from regulars.store import staging as staging_module
from regulars.store.append import write_events
from regulars.store.parquet_files import FileWriter, buckets_of, cut_by_days, sort_by_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_every_column_comes_back_as_it_went_in(store: Store, table_of: Callable[..., pa.Table]) -> None:
    full: dict[str, Any] = {
        "id": "e1",
        "time": datetime(2024, 2, 29, 23, 59, 59, 999999, UTC),
        "day": date(2024, 3, 1),
        "subject": "Zoë 李",
        "kind": "purchase",
        "item": "i'\"; DROP TABLE events --",
        "quantity": 2.5,
        "value": 0.1,
        "currency": "EUR",
        "latitude": -33.9,
        "longitude": 151.2,
        "properties": '{"a": [1, "\\n"]}',
    }
    bare = {"id": "e0", "time": full["time"], "day": full["day"], "subject": "s", "kind": "view"}
    rows = table_of("events", bare, full)
    assert store.append_events([rows]).added == 2
    answer = store.run(store.table("events").order_by("id"))
    assert answer.schema.names == EVENTS.names
    assert answer.cast(EVENTS).equals(rows)


def test_result_counts_and_snapshot_ids_grow(store: Store, events_of: Callable[..., pa.Table]) -> None:
    assert store.snapshot == "s000000"
    first = store.append_events([events_of(("a", "x", "2024-01-01"), ("b", "y", "2024-01-02"))])
    assert first == AppendResult(added=2, duplicates=0, snapshot="s000001")
    second = store.append_events([events_of(("b", "y", "2024-01-02"), ("c", "y", "2024-01-05"))])
    assert second == AppendResult(added=1, duplicates=1, snapshot="s000002")
    assert (store.rows("events"), store.days()) == (3, (date(2024, 1, 1), date(2024, 1, 5)))
    assert store.snapshot == store.refresh() == "s000002"


def test_the_same_events_again_add_nothing_and_make_no_snapshot(
    store: Store,
    events_of: Callable[..., pa.Table],
    ids: Callable[[Store], list[str]],
    tmp_path: Path,
    parquet_files: Callable[[Path], list[Path]],
) -> None:
    rows = events_of(("a", "x", "2024-01-01"), ("b", "y", "2024-01-02"))
    store.append_events([rows])
    before = parquet_files(tmp_path)
    assert store.append_events([rows, rows]) == AppendResult(added=0, duplicates=4, snapshot="s000001")
    assert ids(store) == ["a", "b"]
    assert parquet_files(tmp_path) == before


def test_of_equal_ids_in_one_append_the_first_stays(store: Store, events_of: Callable[..., pa.Table]) -> None:
    one, two = events_of(("a", "first", "2024-01-01")), events_of(("a", "second", "2024-01-01"))
    assert store.append_events([one, two]) == AppendResult(added=1, duplicates=1, snapshot="s000001")
    assert store.run(store.table("events").select("subject")).to_pylist() == [{"subject": "first"}]


def test_an_id_of_another_customer_is_the_same_event(store: Store, events_of: Callable[..., pa.Table]) -> None:
    """An id names one event of the whole shop, so it is looked for in every bucket."""
    for number in range(16):
        result = store.append_events([events_of(("a", f"subject {number}", "2024-01-01"))])
        assert result.added == (number == 0)


@pytest.mark.parametrize(("day", "added"), [("2024-03-12", 0), ("2024-03-08", 0), ("2024-03-13", 1), ("2024-03-07", 1)])
def test_an_id_is_looked_for_two_days_around(
    store: Store, events_of: Callable[..., pa.Table], day: str, added: int
) -> None:
    store.append_events([events_of(("a", "x", "2024-03-10"))])
    assert store.append_events([events_of(("a", "x", day))]).added == added


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_do_not_overflow(store: Store, events_of: Callable[..., pa.Table], day: str) -> None:
    assert store.append_events([events_of(("a", "x", day))]).added == 1
    assert store.append_events([events_of(("a", "x", day))]).added == 0


def test_an_error_while_reading_leaves_the_store_as_it_was(
    store: Store,
    events_of: Callable[..., pa.Table],
    ids: Callable[[Store], list[str]],
    tmp_path: Path,
    parquet_files: Callable[[Path], list[Path]],
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    files = parquet_files(tmp_path)

    def broken() -> Iterator[pa.Table]:
        yield events_of(("b", "x", "2024-01-01"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.append_events(broken())
    assert (ids(store), store.snapshot, parquet_files(tmp_path)) == (["a"], "s000001", files)
    assert list((tmp_path / "tables" / "tmp").iterdir()) == []
    assert store.append_events([events_of(("b", "x", "2024-01-01"))]).added == 1


@pytest.mark.parametrize("change", ["missing", "type", "null"])
def test_rows_that_are_not_events_are_refused(store: Store, events_of: Callable[..., pa.Table], change: str) -> None:
    rows = events_of(("a", "x", "2024-01-01"))
    if change == "missing":
        rows = rows.drop_columns("subject")
    elif change == "type":
        rows = rows.set_column(0, "time", pa.array(["yesterday"])).drop_columns("day")
    else:
        rows = pa.Table.from_pydict(
            rows.to_pydict() | {"subject": [None]}, pa.schema([f.with_nullable(True) for f in EVENTS])
        )
    with pytest.raises(UsageError, match="not events"):
        store.append_events([rows])
    assert store.snapshot == "s000000"


def test_no_rows_are_no_snapshot(store: Store) -> None:
    assert store.append_events([]) == AppendResult(added=0, duplicates=0, snapshot="s000000")
    assert store.append_events([EVENTS.empty_table()]).snapshot == "s000000"
    assert store.days() is None


def test_a_bucket_is_crc_32_of_the_subject() -> None:
    """The CRC-32 catalogue's check value: '123456789' has 0xCBF43926, whose last hexadecimal digit is 6."""
    subjects = pa.chunked_array([["123456789", "a"], ["123456789"]])
    assert buckets_of(subjects, 16).tolist() == [6, zlib.crc32(b"a") % 16, 6]


def test_a_small_append_is_one_sorted_file_for_each_bucket(
    store: Store,
    events_of: Callable[..., pa.Table],
    tmp_path: Path,
    parquet_files: Callable[[Path], list[Path]],
) -> None:
    rows = [(f"{s}{d}", f"s{s}", f"2024-{d:02}-01", 23 - s) for d in range(12, 0, -1) for s in range(20)]
    store.append_events([events_of(*rows)])
    files = parquet_files(tmp_path)
    assert len(files) == 4
    for file in files:
        read = pq.ParquetFile(file).read()
        assert "20240101-20241201" in file.name
        assert {zlib.crc32(s.encode()) % 4 for s in read.column("subject").to_pylist()} == {
            int(file.parent.name.removeprefix("bucket-"))
        }
        keys = list(zip(read.column("subject").to_pylist(), read.column("time").to_pylist(), strict=True))
        assert keys == sorted(keys)


def test_files_written_side_by_side_keep_their_own_entries(
    tmp_path: Path, events_of: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower of two writes ends last though it began first; neither may take the other's place."""
    writer, overtaken = FileWriter(tmp_path, tmp_path), threading.Event()
    measured = parquet_files_module._days

    def days(rows: pa.Table) -> tuple[date | None, date | None]:
        if rows.num_rows == 3:
            assert overtaken.wait(30)
        return measured(rows)

    monkeypatch.setattr(parquet_files_module, "_days", days)
    slow = threading.Thread(
        target=writer.write,
        args=("events", 0, events_of(*[(str(n), "x", "2024-01-01") for n in range(3)])),
    )
    slow.start()
    while not list(tmp_path.glob("*.parquet")):
        pass
    writer.write("events", 1, events_of(("9", "y", "2024-05-05")))
    overtaken.set()
    slow.join()
    writer.publish()
    assert {entry.bucket: entry.rows for entry in writer.entries} == {0: 3, 1: 1}
    for entry in writer.entries:
        assert pq.ParquetFile(tmp_path / entry.path).metadata.num_rows == entry.rows
        assert (tmp_path / entry.path).stat().st_size == entry.bytes


def test_row_groups_know_their_days(
    store: Store,
    events_of: Callable[..., pa.Table],
    tmp_path: Path,
    parquet_files: Callable[[Path], list[Path]],
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-05"), ("b", "x", "2024-01-09"))])
    group = pq.ParquetFile(parquet_files(tmp_path)[0]).metadata.row_group(0)
    day = group.column(EVENTS.names.index("day"))
    assert (day.statistics.min, day.statistics.max) == (date(2024, 1, 5), date(2024, 1, 9))
    assert day.compression == "ZSTD"


def test_many_rows_are_cut_between_days(events_of: Callable[..., pa.Table]) -> None:
    """Days of 3, 1, 4 and 1 rows, at most about 4 a file: running totals 3 and 4 | 8 | 9."""
    days = ["2024-01-01"] * 3 + ["2024-01-02"] + ["2024-01-04"] * 4 + ["2024-01-09"]
    rows = events_of(*[(str(n), "x", day) for n, day in enumerate(days)])
    parts = list(cut_by_days(rows, 4))
    assert [p.num_rows for p in parts] == [4, 4, 1]
    assert [sorted({d.day for d in p.column("day").to_pylist()}) for p in parts] == [[1, 2], [4], [9]]
    assert [p.num_rows for p in cut_by_days(rows, 9)] == [9]


def test_events_of_one_instant_keep_their_order(events_of: Callable[..., pa.Table]) -> None:
    rows = events_of(
        ("z", "b", "2024-01-01"), ("y", "a", "2024-01-02"), ("x", "b", "2024-01-01"), ("w", "a", "2024-01-01")
    )
    assert sort_by_subject(rows).column("id").to_pylist() == ["w", "y", "z", "x"]


def test_rows_that_waited_on_disk_are_the_same_rows(
    tmp_path: Path, events_of: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = [
        events_of(*[(f"{(b * 60 + n) % 250}", f"s{n}", f"2024-01-{1 + n % 28:02}") for n in range(60)])
        for b in range(5)
    ]
    answers: list[pa.Table] = []
    for limit in (staging_module.SPILL_BYTES, 1):

        def limited(directory: Path, buckets: int, limit: int = limit) -> staging_module.Staging:
            return staging_module.Staging(directory, buckets, limit)

        with monkeypatch.context() as patch, Store.create(tmp_path / str(limit), 4, threads=1) as store:
            patch.setattr("regulars.store.append.Staging", limited)
            result = store.append_events(batches)
            assert (result.added, result.duplicates) == (250, 50)
            answers.append(store.run(store.table("events").order_by("id")))
    assert answers[0].equals(answers[1])


def test_spilled_rows_leave_memory(tmp_path: Path, events_of: Callable[..., pa.Table]) -> None:
    """Above the limit nothing is held, and each bucket comes back from its file."""
    staged = staging_module.Staging(tmp_path, 4, spill_bytes=1)
    staged.add(events_of(*[(str(n), f"s{n}", "2024-01-01") for n in range(40)]))
    staged.finish()
    assert len(list(tmp_path.glob("staged-*.arrow"))) == 5
    assert sum(rows.num_rows for _, rows in staged.buckets()) == 40
    writer = FileWriter(tmp_path, tmp_path)
    write_events(staged, np.zeros(40, dtype=np.bool_), writer)
    assert sorted(e.bucket for e in writer.entries) == [0, 1, 2, 3]
