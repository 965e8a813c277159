"""Wherever the compactor is stopped, the next one comes to the same tables, consents and keys."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.logs import write_messages
from tests.collect.story import known, received, start_of, story

from regulars.core.errors import BusyError, UsageError
from regulars.shop import Shop
from regulars.shop.tending import compact
from regulars.store.compaction import Compactor, compactor, outbox, tail
from regulars.store.consents import Consents
from regulars.store.manifest import Manifest
from regulars.store.parquet_files import FileWriter
from regulars.store.subject_keys import SubjectKeys

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS: list[tuple[Any, str]] = [
    (SubjectKeys, "ensure"),
    (outbox, "write_bytes"),
    (FileWriter, "publish"),
    (Manifest, "commit"),
    (Manifest, "note_progress"),
    (Consents, "record"),
    (Consents, "move"),
    (Path, "unlink"),
    (tail, "sync_directory"),
    (compactor, "RejectsWriter"),
]
"""Everything that leaves a trace outside memory."""


class StoppedError(BaseException):
    """No handler of ordinary errors may tidy up after it."""


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shop with a log of 400 messages and nothing in its tables."""
    folder = tmp_path_factory.mktemp("story") / "shop"
    Shop.create(folder).close()
    start = start_of(datetime.now(UTC))
    write_messages(folder, story(400, start, people=6), first=received(start))
    return folder


@pytest.fixture(scope="module")
def undisturbed(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the shop knows after one run that nothing disturbed."""
    return drained(untouched, tmp_path_factory.mktemp("undisturbed") / "shop")


def drained(source: Path, folder: Path) -> dict[str, Any]:
    shutil.copytree(source, folder)
    with Shop.open(folder) as shop:
        assert compact(shop) is not None
        return known(shop)


def test_the_story_has_all_that_makes_it_hard(undisturbed: dict[str, Any]) -> None:
    kinds = {row["kind"] for row in undisturbed["events"]}
    assert {"identify", "purchase", "page", "view", "search", "alias"} <= kinds
    assert len(undisturbed["consents"]) >= 3
    assert {answer.given for found in undisturbed["answers"].values() for answer in found} == {True, False}
    assert len(undisturbed["customers"]) >= 2
    assert any(row["attributes"]["email"].endswith("@shop.example") for row in undisturbed["customers"])


@pytest.mark.parametrize("size", [1, 700, 6_000])
def test_the_tables_do_not_depend_on_how_much_is_read_at_a_time(
    size: int, untouched: Path, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "CHUNK_BYTES", size)
    assert drained(untouched, tmp_path / "shop") == undisturbed


def test_the_tables_do_not_depend_on_when_they_are_tidied(
    untouched: Path, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "CHUNK_BYTES", 3_000)
    shutil.copytree(untouched, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        running = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
        while running.cycle().more:
            running.maintenance.run(force=True)
            running._tidied(True)
        running.drain()
        assert known(shop) == undisturbed


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_stop_at_any_step_changes_nothing(
    owner: Any,
    name: str,
    when: str,
    untouched: Path,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stop at the first, second, fourth … time a step is taken, each time with a new compactor, until all is done."""
    monkeypatch.setattr(tail, "CHUNK_BYTES", 9_000)
    shutil.copytree(untouched, tmp_path / "shop")
    stops = 0
    for pause in (1, 1, 2, 3, 4, 6, 8, 1_000_000):
        with monkeypatch.context() as patch, Shop.open(tmp_path / "shop") as shop:
            patch.setattr(owner, name, stopping(getattr(owner, name), pause, when))
            try:
                assert compact(shop) is not None
            except StoppedError:
                stops += 1
            else:
                break
    assert stops > 0
    with Shop.open(tmp_path / "shop") as shop:
        assert compact(shop) is not None
        assert known(shop) == undisturbed
        assert list((shop.directory / "log").glob("*/*.log")) == []


def stopping(real: Callable[..., Any], pause: int, when: str) -> Callable[..., Any]:
    calls: list[int] = []

    def step(*values: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) < pause:
            return real(*values, **named)
        if when == "after":
            real(*values, **named)
        raise StoppedError

    return step


def test_answers_of_a_round_that_never_came_to_an_end_are_not_recorded_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a customer did before they refused is kept, even when the round of both is done twice."""
    now = datetime.now(UTC).isoformat()
    refuse = {"consent": {"categoryPreferences": {"analytics": False}}}
    message = {"type": "track", "event": "Looked", "userId": "ada", "timestamp": now}
    with Shop.create(tmp_path / "shop") as shop:
        write_messages(
            shop.directory,
            [
                message | {"messageId": "1"},
                message | {"messageId": "2", "context": refuse},
                message | {"messageId": "3"},
            ],
            first=int(datetime.now(UTC).timestamp() * 1e6),
        )
        with monkeypatch.context() as patch:
            patch.setattr(Manifest, "commit", stopping(Manifest.commit, 1, "before"))
            with pytest.raises(StoppedError):
                compact(shop)
        assert shop.vault.consents.current(shop.names.subject("ada")) == {}
        compact(shop)
        assert [row["id"] for row in known(shop)["events"]] == ["1"]
        assert shop.vault.consents.current(shop.names.subject("ada"))["analytics"].given is False


def test_nobody_goes_on_with_half_a_round_in_memory(
    untouched: Path, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that another process holds is no reason to count a round's consents and sessions twice."""

    def held(*_: Any) -> None:
        raise UsageError("another process is writing to it")

    shutil.copytree(untouched, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        with monkeypatch.context() as patch:
            patch.setattr(SubjectKeys, "ensure", held)
            with pytest.raises(BusyError):
                compact(shop)
        compact(shop)
        assert known(shop) == undisturbed
