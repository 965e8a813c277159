"""The state database: durable, private, all or nothing, and one version for every process."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import DamagedError, UsageError
from regulars.store.state import State, moment, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    opened.add_tables("CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY)")
    yield opened
    opened.close()


def add(state: State, name: str, *counters: str) -> None:
    with state.transaction(*counters) as db:
        db.execute("INSERT OR IGNORE INTO things VALUES (?)", (name,))


def test_commits_survive_a_power_cut_and_deleted_rows_are_overwritten(state: State):
    assert state.read("PRAGMA journal_mode")[0][0] == "wal"
    assert state.read("PRAGMA synchronous")[0][0] == 2
    assert state.read("PRAGMA secure_delete")[0][0] == 1


def test_the_files_are_their_owners_alone(state: State):
    add(state, "x")
    for path in (state.path, *(Path(f"{state.path}{end}") for end in ("-wal", "-shm"))):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_version_grows_with_changes_and_with_nothing_else(state: State):
    before = state.version()
    add(state, "x")
    assert state.version() == before + 1
    add(state, "x")  # ignored: nothing changed
    with state.transaction():
        pass
    assert state.note("INSERT INTO things VALUES (?)", [("noted",)])
    assert state.version() == before + 1
    add(state, "y", "things")
    assert (state.version(), state.number("things"), state.number("others")) == (before + 2, 1, 0)


def test_a_failed_block_leaves_nothing_behind(state: State):
    before = state.version()

    def fail() -> None:
        with state.transaction() as db:
            db.execute("INSERT INTO things VALUES ('x')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert state.read("SELECT * FROM things") == []
    assert state.version() == before
    add(state, "y")
    assert state.read("SELECT name FROM things") == [("y",)]


def test_what_one_connection_commits_another_sees(state: State):
    other = State(state.path)
    before = other.version()
    add(state, "x")
    assert other.version() == before + 1
    assert other.read("SELECT name FROM things") == [("x",)]
    other.close()


def test_eight_threads_and_two_processes_lose_no_commit(state: State):
    code = (
        "import sys; from pathlib import Path; from regulars.store.state import State\n"
        "state = State(Path(sys.argv[1]))\n"
        "for number in range(50):\n"
        "    with state.transaction() as db: db.execute('INSERT INTO things VALUES (?)', (f'child {number}',))\n"
    )
    before = state.version()
    child = subprocess.Popen([sys.executable, "-c", code, str(state.path)])
    threads = [
        threading.Thread(target=lambda n=n: [add(state, f"thread {n} {number}") for number in range(20)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert child.wait(60) == 0
    assert state.read("SELECT count(*) FROM things")[0][0] == 210
    assert state.version() == before + 210


def test_a_note_does_not_wait_for_a_writer(state: State):
    writer = sqlite3.connect(state.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    start = datetime.now(UTC)
    assert not state.note("INSERT INTO things VALUES (?)", [("x",)])
    assert datetime.now(UTC) - start < timedelta(seconds=1)
    writer.execute("ROLLBACK")
    writer.close()
    assert state.note("INSERT INTO things VALUES (?)", [("x",)])
    assert state.read("PRAGMA busy_timeout")[0][0] == 30_000


def test_a_writer_that_waits_too_long_is_told_so(state: State, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("regulars.store.state.PATIENCE_SECONDS", 0.05)
    impatient = State(state.path)
    writer = sqlite3.connect(state.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(UsageError, match="another process is writing"):
        add(impatient, "x")
    writer.execute("ROLLBACK")
    writer.close()
    impatient.close()


def test_wiping_leaves_no_log_and_says_when_a_reader_prevents_it(state: State, monkeypatch: pytest.MonkeyPatch):
    add(state, "x")
    state.wipe()
    assert Path(f"{state.path}-wal").stat().st_size == 0
    monkeypatch.setattr("regulars.store.state.PATIENCE_SECONDS", 0.05)
    impatient = State(state.path)
    reader = sqlite3.connect(state.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM things").fetchall()
    add(impatient, "y")
    with pytest.raises(UsageError, match="still in the log"):
        impatient.wipe()
    reader.execute("COMMIT")
    reader.close()
    impatient.wipe()
    impatient.close()


def test_what_is_no_database_or_a_newer_one_is_refused(tmp_path: Path, state: State):
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(os.urandom(8192))
    with pytest.raises(DamagedError, match="cannot be used"):
        State(rubbish)
    with pytest.raises(DamagedError, match="cannot be used"):
        State(tmp_path / "nowhere" / "state.db")
    with state.transaction() as db:
        db.execute("UPDATE meta SET value = 2 WHERE name = 'format'")
    with pytest.raises(UsageError, match="newer program"):
        State(state.path)


def test_stamps_sort_as_times_do():
    beijing = timezone(timedelta(hours=8))
    times = [datetime(2025, 1, 1, 7, 59, tzinfo=beijing), datetime(2025, 1, 1, tzinfo=UTC)]
    times.append(times[1] + timedelta(microseconds=1))
    assert sorted(stamp(time) for time in times) == [stamp(time) for time in times]
    assert [moment(stamp(time)) for time in times] == times
    assert moment(None) is None
    with pytest.raises(UsageError, match="time zone"):
        stamp(datetime(2025, 1, 1))
    with pytest.raises(UsageError, match="cannot be told"):
        stamp(datetime(1, 1, 1, tzinfo=beijing))
