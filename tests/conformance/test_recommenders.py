"""What every recommender model must do: one suite over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import DamagedError, InputError, NotLearnedError
from regulars.interests import MODELS, Histories, Interactions

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.interests.recommender import Recommender

PARTS = ("repeat", "covisitation", "knn", "neighbours", "als", "popularity")
SETTINGS = {
    "blend": {"holdout": "last", "repeat": False, "parts": PARTS},
    "als": {"embedding_size": 4},
    "bpr": {"embedding_size": 4},
    "svd": {"burn_in": 10, "sweeps": 20, "draws": 4},
    "transformer": {"embedding_size": 8, "epochs": 3},
    "behaviour": {"embedding_size": 8, "epochs": 3},
    "gru": {"embedding_size": 8, "epochs": 3},
}
HERE = [name for name in MODELS if name != "spark-als"]
"""Spark takes a virtual machine of its own: tests/interests/test_interest_spark_als.py asks the same of it."""
PERSONAL = ["covisitation", "knn", "neighbours", "ease", "als", "blend"]


def make(name: str) -> Recommender:
    return MODELS[name](**SETTINGS.get(name, {}))


def named(rows: list[list[int]], items: int) -> Interactions:
    users = [f"u{i}" for i in range(len(rows))]
    return Interactions(users, [f"i{i}" for i in range(items)], Histories.of(rows))


@pytest.fixture(scope="module")
def checkerboard() -> Interactions:
    """Even customers choose even items, odd customers odd ones; each lacks one of its colour."""
    rows = []
    for user in range(40):
        own = [item for item in range(20) if item % 2 == user % 2]
        own.pop((user // 2) % 10)
        rows.append(own)
    return named(rows, 20)


@pytest.mark.parametrize("name", PERSONAL)
def test_known_answer_checkerboard(name: str, checkerboard: Interactions) -> None:
    """The one item of its colour that a customer lacks is recommended first."""
    model = make(name).fit(checkerboard)
    lists, _ = model.recommend(checkerboard.histories, 1)
    missing = [2 * ((user // 2) % 10) + user % 2 for user in range(40)]
    assert lists[:, 0].tolist() == missing


@pytest.mark.parametrize("name", HERE)
def test_same_seed_same_model(name: str, checkerboard: Interactions) -> None:
    """Two fits on the same events give the same scores, bit by bit."""
    first = make(name).fit(checkerboard).score(checkerboard.histories)
    second = make(name).fit(checkerboard).score(checkerboard.histories)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", HERE)
def test_saved_and_loaded_scores_equal(name: str, checkerboard: Interactions, tmp_path: Path) -> None:
    """What is loaded scores exactly as what was saved."""
    model = make(name).fit(checkerboard)
    model.save(tmp_path / "m")
    loaded = MODELS[name].load(tmp_path / "m")
    np.testing.assert_allclose(
        loaded.score(checkerboard.histories), model.score(checkerboard.histories), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", HERE)
def test_empty_and_unseen_histories_are_served(name: str, checkerboard: Interactions) -> None:
    """A visitor without a history and one who came after training both get a full list without an error."""
    model = make(name).fit(checkerboard)
    lists, scores = model.recommend(Histories.of([[], [0, 2, 4], [19]]), 5)
    assert lists.shape == (3, 5)
    assert not np.isnan(scores).any()
    assert {0, 2, 4}.isdisjoint(lists[1].tolist())


@pytest.mark.parametrize("name", HERE)
def test_a_history_of_ten_thousand_events(name: str) -> None:
    """One heavy customer among light ones neither fails nor fills the list with nonsense numbers."""
    random = np.random.default_rng(1)
    rows = [random.integers(0, 50, 10_000).tolist()] + [random.integers(0, 50, 8).tolist() for _ in range(30)]
    data = named(rows, 50)
    model = make(name).fit(data)
    _, scores = model.recommend(data.histories.select(np.array([0])), 5, exclude_known=False)
    assert not np.isnan(scores).any()
    assert name == "blend" or np.isfinite(scores[0, 0])


@pytest.mark.parametrize("name", HERE)
def test_known_items_are_left_out_and_exhausted_lists_say_so(name: str, checkerboard: Interactions) -> None:
    """With everything known but two items, only these two come, and -1 stands for nothing."""
    model = make(name).fit(checkerboard)
    lists, _ = model.recommend(Histories.of([list(range(18))]), 5)
    assert set(lists[0].tolist()) <= {18, 19, -1}


@pytest.mark.parametrize("name", HERE)
def test_errors_are_ours(name: str, checkerboard: Interactions, tmp_path: Path) -> None:
    """Asking too early, learning from nothing and loading what is damaged are said clearly."""
    with pytest.raises(NotLearnedError):
        make(name).score(checkerboard.histories)
    with pytest.raises(InputError):
        make(name).fit(named([[]], 3))
    make(name).fit(checkerboard).save(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(DamagedError):
        MODELS[name].load(tmp_path / "m")
