"""Evaluation on cold items, and the popularity that content models must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import InputError, UsageError
from regulars.events.item_files import read_items
from regulars.interests import Catalogue, Histories, Interactions
from regulars.interests.cold_split import ColdPlan, split_cold
from regulars.interests.evaluate_cold import evaluate_cold
from regulars.interests.popularity import DAY, PopularityByPlace
from regulars.interests.popularity_in_category import PopularityInCategory, title_groups
from regulars.interests.text import TextModel

if TYPE_CHECKING:
    from pathlib import Path


def shop() -> Interactions:
    """Half of the customers choose from one kind of 30 things, half from another."""
    random = np.random.default_rng(1)
    rows = [(random.permutation(30)[:9] + 30 * (user % 2)).tolist() for user in range(80)]
    titles = [f"{kind} number {n}" for kind in ("tea", "garden") for n in range(30)]
    return Interactions(
        [f"u{u}" for u in range(80)], [f"i{i:02d}" for i in range(60)], Histories.of(rows),
        catalogue=Catalogue(titles, ["Tea"] * 30 + ["Garden"] * 30),
    )  # fmt: skip


def placed(rows: list[list[int]], places: list[int], times: list[list[int]] | None = None) -> Interactions:
    plain = Histories.of(rows, times)
    histories = Histories(plain.indptr, plain.items, plain.times, plain.weights, places=np.array(places, np.int32))
    return Interactions([f"u{u}" for u in range(len(rows))], ["a", "b", "c"], histories, places=("Kiel", "Bonn"))


def test_popularity_by_place_by_hand() -> None:
    """Kiel chose a, a, b of five choices in all; with a prior of 2: (n + 2·share) ÷ (3 + 2)."""
    data = placed([[0], [0], [1], [2], [2]], [0, 0, 0, 1, -1])
    model = PopularityByPlace(half_life_days=None, prior_choices=2.0).fit(data)
    scores = model.score(data.histories)
    overall = np.array([2, 1, 2]) / 5
    np.testing.assert_allclose(scores[0], (np.array([2, 1, 0]) + 2 * overall) / 5, rtol=1e-6)
    np.testing.assert_allclose(scores[3], (np.array([0, 0, 1]) + 2 * overall) / 3, rtol=1e-6)
    np.testing.assert_allclose(scores[4], overall, rtol=1e-6)
    # A history without places, as a basket has, gets the whole shop's.
    np.testing.assert_allclose(model.score(Histories.of([[0]]))[0], overall, rtol=1e-6)


def test_choices_fade_and_repeats_count_once_by_the_latest(tmp_path: Path) -> None:
    """One half-life ago counts half; of two choices of a by one customer the later counts."""
    day = DAY
    data = placed([[0, 0], [1]], [0, 0], [[0, 10 * day], [0]])
    model = PopularityByPlace(half_life_days=10.0, prior_choices=1.0).fit(data)
    np.testing.assert_allclose(model.score(data.histories)[0], [1 / 1.5, 0.5 / 1.5, 0], rtol=1e-5)
    model.save(tmp_path / "m")
    loaded = PopularityByPlace.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.score(data.histories), model.score(data.histories))


def test_popularity_in_category_by_hand(tmp_path: Path) -> None:
    """Customers of Tea: a has 3, b has 1, c none; with half an average (2/3) each: (n + ⅓·4/2·…) in proportion."""
    rows = [[0], [0], [0, 1], [3]]
    data = Interactions(
        ["u0", "u1", "u2", "u3"], ["a", "b", "c", "d"], Histories.of(rows),
        catalogue=Catalogue([""] * 4, ["Tea", "Tea", "Tea", "Rugs"]),
    )  # fmt: skip
    model = PopularityInCategory(prior=0.5).fit(data)
    score = model.score(data.histories.select(np.array([0])))[0]
    own = np.array([3, 1, 0]) / 4
    expected = (own + 0.5 / 3) / 1.5 + 0.01 * np.array([3, 1, 0]) / 5
    np.testing.assert_allclose(score[:3], expected, rtol=1e-5)
    assert score[3] == pytest.approx(0.01 / 5)
    model.save(tmp_path / "m")
    loaded = PopularityInCategory.load(tmp_path / "m")
    np.testing.assert_allclose(loaded.score(data.histories), model.score(data.histories), rtol=1e-6)


def test_without_categories_titles_are_grouped_and_without_titles_it_is_popularity() -> None:
    """Titles with nothing in common fall into different groups; a silent catalogue leaves the order of popularity."""
    groups = title_groups(["tea cup", "tea cups", "rug", ""], 2)
    assert groups[0].split(" > ")[0] == groups[1].split(" > ")[0] != groups[2].split(" > ")[0]
    assert groups[3] == ""
    data = Interactions(["u"], ["a", "b"], Histories.of([[1]]))
    assert PopularityInCategory().fit(data).recommend(Histories.of([[]]), 2)[0].tolist() == [[1, 0]]


def test_hidden_items_leave_no_trace_in_what_is_learned() -> None:
    """A fifth is hidden; no event on it is learned from; the validation fold is another fifth."""
    data = shop()
    test, validation = split_cold(data, ColdPlan()), split_cold(data, ColdPlan(validation=True))
    assert len(test.cold) == len(validation.cold) == 12
    assert not set(test.cold.tolist()) & set(validation.cold.tolist())
    assert not np.isin(test.train.histories.items, test.cold).any()
    assert not np.isin(validation.train.histories.items, np.concatenate([test.cold, validation.cold])).any()
    assert np.isin(test.hidden.items, test.cold).all()
    assert (test.last.lengths == 1).all()
    assert len(test.histories) == len(test.hidden)


def test_models_that_know_kinds_beat_those_that_do_not() -> None:
    """Text and category know which half an item is of; counting and chance do not; every row is beside the baseline."""
    rows = evaluate_cold(shop(), ["random", "newest", "popularity", TextModel(meaning_size=0)], ColdPlan())
    found = {row["model"]: row for row in rows}
    assert list(found) == ["random", "newest", "popularity", "text", "popularity-in-category"]
    assert found["popularity-in-category"]["cold"]["ndcg@10_gain_interval"] == [0.0, 0.0]
    assert found["random"]["cold"]["ndcg@10_gain_interval"][1] < 0
    assert found["popularity"]["cold"]["ndcg@10_gain_interval"][1] < 0
    assert found["text"]["cold"]["ndcg@10"] > 1.5 * found["random"]["cold"]["ndcg@10"]
    assert found["popularity"]["full"]["ndcg@10"] == 0


def test_cold_evaluation_says_what_is_wrong() -> None:
    """An unknown model, and customers of one item each, are errors of ours."""
    with pytest.raises(UsageError, match="no model 'none'"):
        evaluate_cold(shop(), ["none"], ColdPlan())
    single = Interactions(["a", "b"], [f"i{i}" for i in range(5)], Histories.of([[0], [1]]))
    with pytest.raises(InputError):
        evaluate_cold(single, ["random"], ColdPlan())


def test_item_files_of_three_kinds(tmp_path: Path) -> None:
    """RecBole's with types, a comma-separated one with other names, and one that says nothing."""
    path = tmp_path / "films.item"
    path.write_text('item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tSay "Hi"\tDrama War\n1\tAgain\tWar\n')
    assert read_items(path).to_pylist() == [
        {"item": "1", "title": 'Say "Hi"', "description": "", "category": "Drama|War"}
    ]
    path = tmp_path / "toys.item"
    path.write_text("item_id:token\tcategories:token_seq\n7\t'Toys & Games', 'Puzzles'\n")
    assert read_items(path)["category"].to_pylist() == ["Toys & Games|Puzzles"]
    path = tmp_path / "items.csv"
    path.write_text('Product_ID,name,category,text\nx,"Cup, red",Home > Cups,nan\n,Nameless,,\n')
    assert read_items(path).to_pylist() == [
        {"item": "x", "title": "Cup, red", "description": "", "category": "Home > Cups"}
    ]
    path.write_text("item,price\nx,1\n")
    with pytest.raises(InputError, match="says nothing"):
        read_items(path)
    path.write_text("title,price\nx,1\n")
    with pytest.raises(InputError, match="names items"):
        read_items(path)


@pytest.mark.data
def test_category_ids_and_games_titles_are_read(data_directory: Path) -> None:
    """Every item of the published files, gzipped or not."""
    meta = read_items(data_directory / "amazon_grocery_timestamps" / "item_meta.csv.gz")
    assert meta.num_rows == 8713
    assert meta["category"].to_pylist()[0] == "0"
    games = read_items(data_directory / "amazon_games_titles" / "Games.item")
    assert games.num_rows == 16859
    assert games["title"].to_pylist()[0] == "Fire Emblem: The Sacred Stones"
