"""Erasing from models: counts are those of who is left, no file keeps a row, and a crash loses nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from regulars.core.versions import current_version, last_erasure, make_current
from regulars.interests import Histories
from regulars.interests.blend_parts import PART_TYPES
from regulars.interests.model_files import read_model
from regulars.recommend import load
from regulars.recommend.erasing import erase_from_models, without

if TYPE_CHECKING:
    from pathlib import Path

GONE = ("c003", "c017")


@pytest.fixture
def models(shop_directory: Path, tmp_path: Path) -> Path:
    return shutil.copytree(shop_directory / "models", tmp_path / "models")


@pytest.fixture
def names(shop_directory: Path) -> list[str]:
    """Return the pseudonyms of those who go."""
    from regulars.shop import Shop

    with Shop.open(shop_directory) as shop:
        return [shop.names.subject(name) for name in GONE]


def arrays(folder: Path) -> dict[str, Any]:
    return read_model(folder)[1]


def used(models: Path) -> Path:
    return models / "blend" / current_version(models)


def test_what_counts_is_what_learning_from_the_rest_gives(models: Path, names: list[str], tmp_path: Path) -> None:
    before = load(used(models))
    removals = {one.what: one.count for one in erase_from_models(models, names)}
    after = load(used(models))
    gone = sorted(before.interactions.user_index[name] for name in names)
    assert removals["customers in learned versions"] == 2
    assert removals["events in learned versions"] == int(before.interactions.histories.lengths[gone].sum()) > 0
    left = without(before.interactions, gone)
    assert len(left.users) == len(before.interactions.users) - 2
    counted = [name for name, part in after.blend.parts_.items() if part.forgets_at_once]
    assert set(counted) == {"popularity", "covisitation", "knn", "neighbours", "repeat"}
    for name in counted:
        part = after.blend.parts_[name]
        PART_TYPES[name](part.config).fit(left).save(tmp_path / "fresh" / name)
        made, kept = arrays(tmp_path / "fresh" / name), arrays(used(models) / name)
        assert made.keys() == kept.keys()
        for array, values in made.items():
            np.testing.assert_array_equal(values, kept[array], err_msg=f"{name} {array}")
    # The blend's own signals are counts as well.
    signals, were = after.blend.featurizer_.signals, before.blend.featurizer_.signals
    chosen = np.unique(left.histories.owners * len(left.items) + left.histories.items) % len(left.items)
    assert np.all(signals.ever <= were.ever)
    assert signals.ever.sum() < were.ever.sum()
    assert (signals.ever > 0).sum() == len(np.unique(chosen))


def test_nothing_else_of_the_blend_changes_but_a_row_of_vectors(models: Path, names: list[str]) -> None:
    before, old = load(used(models)), arrays(used(models) / "als")
    _ = erase_from_models(models, names)
    after = load(used(models))
    gone = [before.interactions.user_index[name] for name in names]
    new = arrays(used(models) / "als")
    np.testing.assert_array_equal(new["user_factors"], np.delete(old["user_factors"], gone, 0))
    np.testing.assert_array_equal(new["item_factors"], old["item_factors"])
    np.testing.assert_array_equal(after.blend.weighing_.weights, before.blend.weighing_.weights)
    assert after.interactions.items == before.interactions.items


def test_no_file_holds_the_name_or_the_row_of_who_is_gone(models: Path, names: list[str]) -> None:
    before = load(used(models))
    number = before.interactions.user_index[names[0]]
    history = before.interactions.histories.row(number)
    vector = arrays(used(models) / "als")["user_factors"][number]
    traces = [names[0].encode(), history.items.tobytes(), history.times.tobytes(), vector.tobytes()]

    def found() -> list[bool]:
        everything = b"".join(path.read_bytes() for path in models.rglob("*") if path.is_file())
        return [trace in everything for trace in traces]

    assert found() == [True] * 4
    _ = erase_from_models(models, names)
    assert found() == [False] * 4


def test_the_cards_say_who_is_gone_and_what_is_left_of_them(models: Path, names: list[str]) -> None:
    first = used(models).name
    _ = erase_from_models(models, names[:1])
    _ = erase_from_models(models, names[1:])
    learned = load(used(models))
    assert used(models).name == f"{first}-2"
    for card in learned.cards:
        assert card.version == f"{first}-2"
        assert card.customers == 118
        line = card.lineage
        assert line is not None
        assert (line.weighed_in, line.erased, line.forget_later) == (first, 2, ["als", "blend"])
        assert line.recounted_at is not None
    text = (used(models) / "card.md").read_text()
    assert "Erased since: 2 customers; counts made again at 20" in text
    assert "als, blend forget the rest when they next learn from the start." in text


def test_older_versions_that_held_them_are_deleted_and_others_stay(models: Path, names: list[str]) -> None:
    older = shutil.copytree(used(models), models / "blend" / "0123456789ab")
    _ = erase_from_models(models, names)
    assert not older.exists()
    assert [path.name for path in (models / "blend").iterdir()] == [used(models).name]
    kept = used(models).stat().st_mtime_ns
    assert all(one.count == 0 for one in erase_from_models(models, [*names, "nobody"]))
    assert used(models).stat().st_mtime_ns == kept


def test_a_crash_before_the_new_version_is_in_use_leaves_the_old_one_and_the_next_try_ends_it(
    models: Path, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = used(models).name

    def crash(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("regulars.recommend.erasing.make_current", crash)
        with pytest.raises(OSError, match="no space"):
            _ = erase_from_models(models, names)
    assert used(models).name == before
    assert names[0] in load(used(models)).interactions.user_index
    assert erase_from_models(models, names)[0].count == 2
    assert names[0] not in load(used(models)).interactions.user_index
    assert [path.name for path in (models / "blend").iterdir()] == [f"{before}-1"]


def test_where_nobody_is_left_nothing_is_learned(models: Path) -> None:
    everyone = load(used(models)).interactions.users
    _ = erase_from_models(models, everyone)
    assert current_version(models) == ""
    assert list((models / "blend").iterdir()) == []


def test_an_erasure_is_on_record_before_it_looks_even_where_nothing_was_learned(tmp_path: Path) -> None:
    assert last_erasure(tmp_path / "models") == 0
    _ = erase_from_models(tmp_path / "models", ["someone"])
    assert last_erasure(tmp_path / "models") > 0


def test_the_version_in_use_is_one_small_file(tmp_path: Path) -> None:
    make_current(tmp_path, "abc")
    assert current_version(tmp_path) == "abc"
    assert msgspec.json.decode((tmp_path / "current.json").read_bytes()) == {"blend": "abc"}
    make_current(tmp_path, "")
    assert current_version(tmp_path) == ""


def test_slates_still_come_from_every_part_after_an_erasure(models: Path, names: list[str]) -> None:
    _ = erase_from_models(models, names)
    blend = load(used(models)).blend
    lists, scores = blend.recommend(Histories.of([[5, 10], [0]]), 5, exclude_known=False)
    assert lists.shape == (2, 5)
    assert np.isfinite(scores).all()


def test_what_a_crash_left_half_written_goes_and_what_is_being_written_stays(models: Path, names: list[str]) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    _ = ended.wait()
    left, written = (models / "blend" / f".abc.{pid}.tmp" for pid in (ended.pid, os.getpid()))
    _ = shutil.copytree(used(models), left)
    _ = shutil.copytree(used(models), written)
    _ = erase_from_models(models, names)
    assert not left.exists()
    assert (written / "known").is_dir()


def test_a_version_that_this_program_cannot_load_is_deleted(models: Path, names: list[str]) -> None:
    facts = used(models) / "knn" / "model.json"
    facts.write_text(facts.read_text().replace('"neighbours"', '"a setting of another program"'))
    assert erase_from_models(models, names)[0].count == 2
    assert current_version(models) == ""
    assert list((models / "blend").iterdir()) == []
