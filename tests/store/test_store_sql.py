"""The process that runs a statement: it reads the views, opens nothing else, and ends in time and within its memory."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec
import pyarrow as pa
import pytest

from regulars.core.errors import BusyError, RegularsError, UsageError
from regulars.core.schema import EVENTS
from regulars.store import Store, sql, sql_worker
from regulars.store.sql import Views, run_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

VIEWS = Views(
    names=frozenset({"events"}),
    make=lambda _: {"events": "SELECT subject, kind, day, time, item FROM regulars_events WHERE subject <> 'hidden'"},
    time_zone="Asia/Shanghai",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a store of three events, one of somebody who is not to be seen."""
    when = datetime(2024, 3, 1, 20, tzinfo=UTC)
    plain: dict[str, Any] = dict.fromkeys(EVENTS.names)
    plain |= {"time": when, "day": date(2024, 3, 2), "properties": '{"email":"sealed"}', "item": "茶"}
    rows = [
        plain | {"id": "1", "subject": "anna", "kind": "view"},
        plain | {"id": "2", "subject": "anna", "kind": "purchase"},
        plain | {"id": "3", "subject": "hidden", "kind": "purchase"},
    ]
    with Store.create(tmp_path_factory.mktemp("it's a shop")) as opened:
        opened.append_events([pa.Table.from_pylist(rows, schema=EVENTS)])
        yield opened


def ask(store: Store, statement: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a statement."""
    return run_sql(store, VIEWS, statement, **options).rows.to_pylist()


def test_a_statement_sees_the_view_and_the_time_of_the_shop(store: Store) -> None:
    """20:00 in London is 4:00 of the next day in Shanghai; the path with an apostrophe is no trouble."""
    found = run_sql(
        store, VIEWS, "SELECT kind, count(*) AS n, max(hour(time)) AS hour, max(item) FROM events GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found.rows.to_pylist()] == [("purchase", 1, 4, "茶"), ("view", 1, 4, "茶")]
    assert (found.names[1], found.types[:2], found.truncated) == ("n", ["VARCHAR", "BIGINT"], False)


def test_what_the_view_leaves_out_cannot_be_named(store: Store) -> None:
    """Columns of the table behind it, columns of its files, and people who are not to be seen."""
    for name in ("properties", "filename"):
        with pytest.raises(UsageError) as raised:
            ask(store, f"SELECT\n {name} FROM events")
        assert raised.value.where == "line 2, column 2", name
    (row,) = ask(store, "SELECT DISTINCT subject, events AS whole FROM events ORDER BY 2 LIMIT 1")
    assert (row["subject"], set(row["whole"])) == ("anna", {"subject", "kind", "day", "time", "item"})


def test_rows_end_at_the_limit_and_the_answer_says_so(store: Store) -> None:
    """As many as there are is not too many; two columns of one name stay two."""
    assert not run_sql(store, VIEWS, "SELECT * FROM range(5)", rows=5).truncated
    cut = run_sql(store, VIEWS, "SELECT i AS a, i AS a FROM range(50000) t(i) ORDER BY i", rows=20_000)
    assert (cut.rows.num_rows, cut.truncated, cut.names) == (20_000, True, ["a", "a"])
    assert cut.rows.column(1)[19_999].as_py() == 19_999
    for rows in (0, -1, 1_000_001):
        with pytest.raises(UsageError):
            ask(store, "SELECT 1", rows=rows)


@pytest.mark.parametrize(
    "bomb",
    [
        "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1",
        "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t, range(2)) SELECT count(*) FROM t",
        # The parser fills gigabytes with this before it says that it is wrong.
        "SELECT " + "- " * 9_000,
    ],
    ids=["join", "recursion", "parser"],
)
def test_what_never_ends_is_ended(store: Store, bomb: str) -> None:
    """By the clock or its memory, and nothing of it is left."""
    with pytest.raises(RegularsError, match=r"longer than|too much memory"):
        ask(store, bomb, seconds=0.7)
    assert list(store.root.glob("spill*")) == []


def test_a_list_that_does_not_fit_says_so(store: Store) -> None:
    """Past the engine's memory: words, not a crash."""
    with pytest.raises(RegularsError, match="too much memory"):
        ask(store, "SELECT list(i) FROM range(300000000) t(i)")


def test_deep_statements_end_in_an_answer_or_in_words(store: Store) -> None:
    """A crash of the engine would be told as one."""
    assert ask(store, "SELECT * FROM " + "(SELECT * FROM " * 90 + "events" + ")" * 90 + " LIMIT 1")


def test_errors_tell_nothing_of_the_machine(store: Store, tmp_path: Path) -> None:
    """A table file that is gone: no path, and where to go."""
    with Store.create(tmp_path / "shop") as broken:
        broken.append_events([pa.Table.from_pylist(store.run(store.table("events")).to_pylist(), schema=EVENTS)])
        for path in broken.root.rglob("*.parquet"):
            path.unlink()
        with pytest.raises(RegularsError) as raised:
            ask(broken, "SELECT * FROM events")
    assert "parquet" not in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_an_empty_store_answers(tmp_path: Path) -> None:
    """Every column has its type before the first row comes."""
    with Store.create(tmp_path / "shop") as empty:
        assert ask(empty, "SELECT count(*) AS n, max(day) AS last FROM events") == [{"n": 0, "last": None}]


def test_more_statements_at_once_than_there_is_room_for_are_told_to_wait(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and when to ask again; room that was taken is given back."""
    monkeypatch.setattr(sql, "_SLOTS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(sql, "WAIT_SECONDS", 0.01)
    with sql._slot(), pytest.raises(BusyError):
        ask(store, "SELECT 1")
    assert ask(store, "SELECT 1 AS one") == [{"one": 1}]


HOSTILE = [
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "ATTACH '{folder}/out.db'",
    "EXPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_paths = ['/']",
    "SET threads = 64",
    "SET memory_limit = '1TB'",
    "SELECT * FROM job",
]


def test_the_sandbox_holds_where_the_check_is_not_asked(store: Store, tmp_path: Path) -> None:
    """The second wall, alone: told to run these, the engine of the process can open nothing and change nothing."""
    question = sql.Question(sql="", rows=10, seconds=5.0, spill=str(tmp_path / "spill"))
    setup = sql._setup(store, VIEWS, ["events"])
    connection = sql_worker._connection(msgspec.to_builtins(question))
    for statement in setup:
        connection.execute(statement)
    for statement in HOSTILE:
        with pytest.raises(duckdb.Error):
            connection.execute(statement.format(folder=tmp_path)).fetchall()
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (2,)
    connection.close()
    assert list(tmp_path.iterdir()) == []


def test_the_process_knows_nothing_of_the_server(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment, keys least of all, and no module of ours on its path."""
    seen: dict[str, Any] = {}
    real = subprocess.Popen

    def watched(command: list[str], **options: Any) -> Any:
        seen.update(options, command=command)
        return real(command, **options)

    monkeypatch.setenv("REGULARS_MASTER_KEY", "secret")
    monkeypatch.setattr(subprocess, "Popen", watched)
    assert ask(store, "SELECT 1 AS one") == [{"one": 1}]
    assert seen["env"].keys() == {"OPENBLAS_NUM_THREADS", "LC_ALL"}
    assert seen["command"][1] == "-I"
