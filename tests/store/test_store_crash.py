"""A crash at any step leaves the old snapshot, whole; the same import then works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import DamagedError
from regulars.store import Store
from regulars.store.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa


class PowerCutError(BaseException):
    """No handler of ordinary errors may tidy up after it."""


def cut(*_: object, **__: object) -> None:
    raise PowerCutError


@pytest.mark.parametrize("step", ["commit", "second rename", "first write"])
def test_a_crash_leaves_the_old_snapshot_and_a_retry_works(
    step: str,
    tmp_path: Path,
    events_of: Callable[..., pa.Table],
    ids: Callable[[Store], list[str]],
    parquet_files: Callable[[Path], list[Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Store.create(tmp_path, 4, threads=1) as store:
        store.append_events([events_of(("old", "x", "2024-01-01"))])
        whole = parquet_files(tmp_path)
        more = events_of(*[(f"new{n}", f"s{n}", "2024-01-01") for n in range(20)])
        with monkeypatch.context() as patch:
            if step == "commit":
                patch.setattr(Manifest, "commit", cut)
            elif step == "second rename":
                patch.setattr(Path, "rename", rename_once())
            else:
                patch.setattr("regulars.store.parquet_files.sync_file", cut)
            with pytest.raises(PowerCutError):
                store.append_events([more])
    left = {"commit": 4, "second rename": 1, "first write": 0}[step]
    with Store.open(tmp_path, threads=1) as store:
        assert (store.snapshot, ids(store), store.rows("events")) == ("s000001", ["old"], 1)
        assert all(check.ok for check in store.check())
        assert len(parquet_files(tmp_path)) == len(whole) + left
        assert store.append_events([more]).added == 20
        assert store.append_events([more]).added == 0
        assert len(store.clear_orphans()) == left
        assert len(parquet_files(tmp_path)) == len(whole) + 4
        assert store.clear_orphans() == []
        assert len(ids(store)) == 21


def rename_once() -> Callable[[Path, Path], Path]:
    done: list[Path] = []
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if done:
            raise PowerCutError
        done.append(self)
        return real(self, target)

    return rename


KILLED = """
import os, sys
import pyarrow as pa
from datetime import date, datetime, UTC
from regulars.core.schema import EVENTS
from regulars.store import Store
from regulars.store.manifest import Manifest
Manifest.commit = lambda *_: os.kill(os.getpid(), 9)
row = dict.fromkeys(EVENTS.names) | {
    "id": "b", "time": datetime(2024, 1, 1, tzinfo=UTC), "day": date(2024, 1, 1), "subject": "s", "kind": "view"}
Store.open(sys.argv[1], threads=1).append_events([pa.Table.from_pylist([row], schema=EVENTS)])
"""


def test_a_killed_writer_frees_the_lock_and_its_leftovers_can_be_cleared(
    store: Store, tmp_path: Path, events_of: Callable[..., pa.Table], ids: Callable[[Store], list[str]]
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -9
    assert ids(store) == ["a"]
    assert sorted(path.split("/")[0] for path in store.clear_orphans()) == ["events", "tmp"]
    assert store.append_events([events_of(("b", "x", "2024-01-01"))]).added == 1
    assert ids(store) == ["a", "b"]


def test_a_failed_commit_says_what_to_do_and_changes_nothing(
    store: Store, events_of: Callable[..., pa.Table], ids: Callable[[Store], list[str]]
) -> None:
    store.append_events([events_of(("a", "x", "2024-01-01"))])
    with pytest.raises(DamagedError, match="Free disk space"):
        store.manifest.commit(store.manifest.files("events"), [], "the same path twice")
    assert (store.snapshot, ids(store)) == ("s000001", ["a"])


def test_a_half_made_store_is_completed(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "manifest.db").touch()
    with pytest.raises(DamagedError):
        Store.open(tmp_path)
    with Store.create(tmp_path, 8) as store:
        assert (store.buckets, store.snapshot) == (8, "s000000")
    with Store.create(tmp_path, 99) as store:
        assert store.buckets == 8
