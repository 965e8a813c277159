"""Readers: snapshots stay as they are, threads and processes do not disturb each other."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ibis
import pytest

from regulars.core.errors import NotFoundError, RegularsError, UsageError
from regulars.core.schema import TABLES
from regulars.store import Store
from regulars.store import engine as engine_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

WRITER = """
import sys
import pyarrow as pa
from datetime import date, datetime, UTC
from regulars.core.schema import EVENTS
from regulars.store import Store
row = dict.fromkeys(EVENTS.names) | {
    "id": "b", "time": datetime(2024, 1, 1, tzinfo=UTC), "day": date(2024, 1, 1), "subject": "s", "kind": "view"}
with Store.open(sys.argv[1], threads=1) as store:
    print(store.rows("events"), store.append_events([pa.Table.from_pylist([row], schema=EVENTS)]).snapshot)
"""


@pytest.mark.parametrize("name", list(TABLES))
def test_an_empty_table_has_its_columns(store: Store, name: str) -> None:
    answer = store.run(store.table(name))
    assert (answer.num_rows, answer.schema.names) == (0, TABLES[name].names)
    assert answer.schema.types == TABLES[name].types


def test_another_process_reads_and_writes_the_same_store(
    store: Store, tmp_path: Path, events_of: Callable[..., pa.Table], ids: Callable[[Store], list[str]]
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    before = store.table("events")
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path)], check=True, timeout=60, capture_output=True, text=True
    )
    assert done.stdout.split() == ["1", "s000002"]
    assert (store.refresh(), ids(store)) == ("s000002", ["a", "b"])
    assert store.run(before.count()).as_py() == 1


def test_a_table_keeps_its_rows_when_a_commit_comes_between(
    store: Store, events_of: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is read, another process commits, then the files are read: they must be the version's."""
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    manifest: Any = store.manifest
    asked = manifest.version

    def version(table: str) -> int:
        monkeypatch.undo()
        number = asked(table)
        store.append_events([events_of(("b", "x", "2024-01-01"))])
        return number

    monkeypatch.setattr(manifest, "version", version)
    assert store.run(store.table("events").count()).as_py() == 1
    assert store.run(store.table("events").count()).as_py() == 2


def test_threads_read_whole_snapshots_while_one_writes(store: Store, events_of: Callable[..., pa.Table]) -> None:
    """Every append has 10 events, so every count is a multiple of 10 and none shrinks."""
    stop = threading.Event()

    def read() -> list[int]:
        counts: list[int] = []
        while not stop.is_set() or not counts:
            events = store.table("events")
            counts.append(store.run(events.count()).as_py())
            assert store.run(events.select("subject").distinct().count()).as_py() == min(counts[-1], 10)
        return counts

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for batch in range(8):
                store.append_events([events_of(*[(f"{batch}-{n}", f"s{n}", "2024-01-01") for n in range(10)])])
        finally:
            stop.set()
        for reader in readers:
            counts = reader.result()
            assert counts == sorted(counts)
            assert {c % 10 for c in counts} == {0}
    assert store.run(store.table("events").count()).as_py() == 80


def test_a_second_writer_is_told_to_wait_and_readers_go_on(
    store: Store, tmp_path: Path, events_of: Callable[..., pa.Table]
) -> None:
    def slow() -> Any:
        with Store.open(tmp_path, threads=1) as other:
            assert other.run(other.table("events").count()).as_py() == 0
            with pytest.raises(UsageError, match="another import") as caught:
                other.append_events([events_of(("b", "x", "2024-01-01"))])
            assert "try again" in caught.value.fix
        yield events_of(("a", "x", "2024-01-01"))

    assert store.append_events(slow()).added == 1
    assert store.append_events([events_of(("b", "x", "2024-01-01"))]).added == 1


def test_old_versions_are_dropped_and_the_newest_still_answers(
    store: Store, events_of: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "VIEWS", 2)
    tables = [store.table("events")]
    for number in range(4):
        store.append_events([events_of((str(number), "x", "2024-01-01"))])
        tables.append(store.table("events"))
        assert store.table("events") is tables[-1]
    assert [store.run(tables[n].count()).as_py() for n in (0, 3, 4)] == [0, 3, 4]
    with pytest.raises(Exception, match="events_s000001"):
        store.run(tables[1].count())


def test_a_table_in_use_is_not_dropped_when_another_one_changes_often(
    store: Store,
    events_of: Callable[..., pa.Table],
    table_of: Callable[..., pa.Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "VIEWS", 2)
    store.upsert("items", table_of("items", {"item": "a"}))
    items = store.table("items")
    for number in range(4):
        store.append_events([events_of((str(number), "x", "2024-01-01"))])
        _ = store.table("events")
        assert store.table("items") is items


def test_hours_are_those_of_utc_in_every_thread(store: Store, events_of: Callable[..., pa.Table]) -> None:
    store.append_events([events_of(("a", "x", "2024-07-01", 23))])
    hour = store.table("events").time.hour()
    with ThreadPoolExecutor(1) as pool:
        answers = [store.run(hour), pool.submit(store.run, hour).result()]
    assert [a.to_pylist() for a in answers] == [[23], [23]]


def test_an_answer_that_needs_too_much_memory_is_an_error_with_advice(tmp_path: Path) -> None:
    with Store.create(tmp_path, 1, memory_limit="10MB", threads=1) as store:
        numbers = ibis.range(3_000_000).unnest().name("n").as_table()
        with pytest.raises(RegularsError, match="give the engine more memory"):
            store.run(numbers.aggregate(all=numbers.n.cast("string").collect()).all.length())


def test_tables_that_do_not_exist_are_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="events, items, customers"):
        store.table("orders")
    with pytest.raises(NotFoundError, match="regulars init"):
        Store.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_closed_is_closed(tmp_path: Path) -> None:
    with Store.create(tmp_path, 1) as store:
        pass
    with pytest.raises(RegularsError):
        _ = store.snapshot
