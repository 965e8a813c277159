"""Saved cohorts: definitions with versions, fixed lists, and people taken out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.core.rights import Removal
from regulars.store.cohorts import SavedCohorts
from regulars.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def saved(tmp_path: Path) -> Iterator[SavedCohorts]:
    state = State(tmp_path / "state.db")
    yield SavedCohorts(state)
    state.close()


def test_a_definition_is_kept_and_replaced_only_when_asked(saved: SavedCohorts) -> None:
    first = saved.save("vip", ["purchase >= 3"], "Our best")
    assert (first.name, first.rules, first.description, first.listed, first.version) == (
        "vip", ["purchase >= 3"], "Our best", None, 1)  # fmt: skip
    with pytest.raises(UsageError, match="already"):
        saved.save("vip", ["purchase >= 4"])
    second = saved.save("vip", [], subjects=["b", "a", "b"], replace=True)
    assert (second.rules, second.listed, second.version, second.created) == ([], 2, 2, first.created)
    assert second.changed >= first.changed
    assert saved.listed("vip") == ["a", "b"]
    assert [cohort.name for cohort in saved.list()] == ["vip"]


def test_a_list_with_nobody_is_a_list(saved: SavedCohorts) -> None:
    assert saved.save("none", [], subjects=[]).listed == 0
    assert saved.listed("none") == []
    assert saved.listed("absent") is None


def test_every_change_is_seen_by_its_number(saved: SavedCohorts) -> None:
    seen = [saved.version()]
    saved.save("a", ["view"])
    seen.append(saved.version())
    saved.save("a", ["cart"], replace=True)
    seen.append(saved.version())
    saved.delete("a")
    seen.append(saved.version())
    assert seen == sorted(set(seen))


def test_what_is_not_there_cannot_be_shown_or_deleted(saved: SavedCohorts) -> None:
    for act in (saved.get, saved.delete):
        with pytest.raises(NotFoundError, match="no cohort 'x'"):
            act("x")


def test_an_erasure_reaches_every_list(saved: SavedCohorts) -> None:
    saved.save("one", [], subjects=["a", "b"])
    saved.save("two", ["view"], subjects=["a", "device"])
    before = saved.version()
    what = "places on fixed lists of customers"
    assert saved.erase(["a", "device"]) == [Removal(where="cohorts", what=what, count=3)]
    assert saved.version() > before
    assert (saved.listed("one"), saved.listed("two")) == (["b"], [])
    assert saved.erase(["a"]) == [Removal(where="cohorts", what=what, count=0)]
