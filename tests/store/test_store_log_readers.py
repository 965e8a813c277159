"""Whose files a reader may call complete, while processes come and go."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.collect.logs import ARRIVAL, Answers, append, body_of, number_of, numbers

from regulars.store.compaction import tail
from regulars.store.compaction.tail import Tail
from regulars.store.log import LogWriter, segment_sets, segments
from regulars.store.log.segments import clear_folder, owner_lives
from regulars.store.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_file_that_a_living_process_writes_to_is_incomplete(tmp_path: Path) -> None:
    answers = Answers()
    with LogWriter(tmp_path, answers.settle, segment_bytes=1) as writer:
        for number in range(3):
            assert append(writer, answers, number)
        assert segment_sets(tmp_path)[0].alive
        writer._segment_bytes = 1 << 20
        assert append(writer, answers, 3)
        assert [one.complete for one in segment_sets(tmp_path)[0].segments] == [True, True, True, False]
    (found,) = segment_sets(tmp_path)
    assert not found.alive
    assert [one.complete for one in found.segments] == [True] * 4


def test_a_process_that_begins_while_one_looks_is_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between asking whether it lives and listing its files it may take its lock and begin the first."""
    answers, begun = Answers(), []
    writer = LogWriter(tmp_path, answers.settle)
    writer.folder.mkdir()

    def begin(folder: Path) -> bool:
        lives = owner_lives(folder)
        if not begun:
            begun.append(append(writer, answers, 1))
        return lives

    monkeypatch.setattr(segments, "owner_lives", begin)
    assert [one for found in segment_sets(tmp_path) for one in found.segments if one.complete] == []
    assert begun == [True]
    assert [one.complete for found in segment_sets(tmp_path) for one in found.segments] == [False]
    writer.close()


def test_a_folder_goes_only_when_its_process_is_gone_and_its_files_are(tmp_path: Path) -> None:
    answers = Answers()
    with LogWriter(tmp_path, answers.settle, segment_bytes=1) as writer:
        assert append(writer, answers, 1)
        assert not clear_folder(writer.folder)
    assert not clear_folder(writer.folder)
    (writer.folder / "00000001.log").unlink()
    assert clear_folder(writer.folder)
    assert not writer.folder.exists()


def test_files_are_gone_for_good_before_their_positions_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose deletion a power cut undid would be read again from its beginning."""
    steps: list[str] = []
    monkeypatch.setattr(tail, "sync_directory", lambda folder: steps.append(f"sync {len(list(folder.glob('*.log')))}"))
    monkeypatch.setattr(Manifest, "note_progress", lambda *_: steps.append("forget"))
    answers = Answers()
    with LogWriter(tmp_path / "log", answers.settle) as writer:
        assert append(writer, answers, 1)
    following = Tail(tmp_path / "log", Manifest.create(tmp_path / "manifest.db", 1))
    following.taken(following.next_chunk())
    following.clear_finished()
    assert steps == ["sync 0", "forget"]


def test_readers_and_short_lived_writers_side_by_side_lose_nothing_and_read_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "SETTLED_SECONDS", -1)
    monkeypatch.setattr(tail, "CHUNK_BYTES", 3_000)
    log, answers = tmp_path / "log", Answers()
    log.mkdir()

    def write(thread: int) -> None:
        for life in range(12):
            with LogWriter(log, answers.settle, segment_bytes=2_000) as writer:
                for number in range(15):
                    token = (thread * 100 + life) * 100 + number
                    writer.append(ARRIVAL, body_of(token, 100 + 37 * number), token)
                    if number % 4 == 0:
                        # A folder tidied away before its lock was taken costs its first records, and says so.
                        _ = answers.wait(token)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(3)]
    manifest = Manifest.create(tmp_path / "manifest.db", 1)
    monkeypatch.setattr(manifest, "note_progress", lambda _: None)
    following, found = Tail(log, manifest), list[int]()
    for thread in threads:
        thread.start()
    done = False
    while not done:
        done = not any(thread.is_alive() for thread in threads)
        chunk = following.next_chunk()
        done = done and not chunk.reads
        found += [number_of(body) for _, body in chunk.reads]
        following.taken(chunk)
        following.clear_finished()
    assert len(answers.durable) + len(answers.failed) == 3 * 12 * 15
    assert len(answers.failed) < 100
    assert set(answers.durable) <= set(found)
    assert len(found) == len(set(found))
    following.clear_finished()
    assert numbers(log) == []
    assert list(log.iterdir()) == []


def test_a_reader_of_a_half_written_record_waits_for_the_rest(tmp_path: Path) -> None:
    answers = Answers()
    with LogWriter(tmp_path / "log", answers.settle) as writer:
        assert append(writer, answers, 1)
        path = writer.folder / "00000001.log"
        following = Tail(tmp_path / "log", Manifest.create(tmp_path / "manifest.db", 1))
        first = following.next_chunk()
        following.taken(first)
        record = path.read_bytes().replace(b"1|", b"2|")
        handle = os.open(path, os.O_WRONLY | os.O_APPEND)
        for piece in (record[:20], record[20:]):
            assert following.next_chunk().reads == []
            following.clear_finished()
            os.write(handle, piece)
        os.close(handle)
        assert first.positions == {f"{writer.folder.name}/00000001.log": len(record)}
        # Not what the writer wrote: its checksum is another's.
        assert following.next_chunk().reads == []
        assert path.stat().st_size == 2 * len(record), "only the file of a process that is gone is cut"


def test_a_folder_that_was_made_a_moment_ago_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log" / "w_new").mkdir(parents=True)
    following = Tail(tmp_path / "log", Manifest.create(tmp_path / "manifest.db", 1))
    following.clear_finished()
    assert (tmp_path / "log" / "w_new").exists()
    old = time.time() - tail.SETTLED_SECONDS - 5
    os.utime(tmp_path / "log" / "w_new", (old, old))
    following.clear_finished()
    assert not (tmp_path / "log" / "w_new").exists()
