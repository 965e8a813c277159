"""Semantic ids: alike vectors share the beginning of their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import DamagedError, InputError
from regulars.events.item_files import read_items
from regulars.interests.lexical import lexical_vectors
from regulars.interests.semantic_ids import SemanticIds
from regulars.interests.text_vectors import principal_components

if TYPE_CHECKING:
    from pathlib import Path

# Two groups far apart, two pairs near one another in each.
POINTS = np.array([[0, 0], [0, 0.1], [0, 2], [0, 2.1], [50, 0], [50, 0.1], [50, 2], [50, 2.1]], np.float32)


def test_codes_of_two_groups_of_two_pairs() -> None:
    """The first code is the group, the second the pair, the last tells the two of a pair apart."""
    ids = SemanticIds.fit(POINTS, levels=2, size=2)
    assert ids.codes.dtype == np.int16
    first, second, last = ids.codes.T
    assert len(set(first[:4])) == 1
    assert len(set(first[4:])) == 1
    assert first[0] != first[4]
    assert second[0] == second[1] != second[2] == second[3]
    assert last.tolist() == [0, 1] * 4
    assert ids.collisions == 1.0
    # The second level's centres serve both groups: pairs are .05 off their middle, and nothing else is lost.
    np.testing.assert_allclose(ids.reconstruct()[0], [0, 0.05], atol=1e-4)


def test_neighbours_share_codes_and_then_are_near() -> None:
    """The other of the pair first, then the other pair; never the far group."""
    ids = SemanticIds.fit(POINTS, levels=2, size=2)
    assert ids.neighbours(0).tolist() == [1, 2, 3]
    assert ids.neighbours(7, 1).tolist() == [6]


def test_new_vectors_are_numbered_after_those_known() -> None:
    """A vector beside a known pair gets its codes and the next number; two alike get the next two."""
    ids = SemanticIds.fit(POINTS, levels=2, size=2)
    found = ids.encode(np.array([[0, 0.05], [0, 0.05], [50, 2.0]], np.float32))
    assert found[0].tolist() == [*ids.codes[0, :2], 2]
    assert found[1].tolist() == [*ids.codes[0, :2], 3]
    assert found[2].tolist() == [*ids.codes[6, :2], 2]


def test_codes_are_unique_and_the_same_each_time(tmp_path: Path) -> None:
    """No two items share all codes; a second fit and a loaded one have the same."""
    vectors = np.random.default_rng(3).normal(size=(500, 8)).astype(np.float32)
    ids = SemanticIds.fit(vectors, levels=2, size=8)
    assert len(np.unique(ids.codes, axis=0)) == 500
    np.testing.assert_array_equal(SemanticIds.fit(vectors, levels=2, size=8).codes, ids.codes)
    ids.save(tmp_path / "ids")
    np.testing.assert_array_equal(SemanticIds.load(tmp_path / "ids").codes, ids.codes)
    (tmp_path / "ids" / "model.json").write_text('{"model": "als", "format": 1}')
    with pytest.raises(DamagedError):
        SemanticIds.load(tmp_path / "ids")


def test_more_codes_than_vectors_and_none_at_all() -> None:
    """Equal vectors take one code; no vectors are an error that says so."""
    ids = SemanticIds.fit(np.ones((3, 2), np.float32), levels=1, size=8)
    assert ids.codes[:, -1].tolist() == [0, 1, 2]
    with pytest.raises(InputError):
        SemanticIds.fit(np.zeros((0, 2), np.float32))


@pytest.mark.data
def test_titles_of_films_are_reconstructed_better_with_more_levels(data_directory: Path) -> None:
    """Every level leaves less of MovieLens' titles and genres over, and fewer collide."""
    items = read_items(data_directory / "movielens_100k" / "ml-100k.item")
    texts = [f"{t} {c}" for t, c in zip(items["title"].to_pylist(), items["category"].to_pylist(), strict=True)]
    vectors = principal_components(lexical_vectors(texts), 64)
    fitted = [SemanticIds.fit(vectors, levels=levels, size=32) for levels in (1, 2, 3)]
    left = [float(((vectors - ids.reconstruct()) ** 2).sum() / (vectors**2).sum()) for ids in fitted]
    assert left[0] > left[1] > left[2]
    assert left[2] < 0.35
    assert fitted[0].collisions > fitted[1].collisions > fitted[2].collisions
