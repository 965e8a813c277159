"""Content models: new items get customers from what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from regulars.core.errors import DamagedError, InputError, NotLearnedError
from regulars.interests import Catalogue, Histories, Interactions
from regulars.interests.categories import label_matrix, labels_of
from regulars.interests.lexical import lexical_vectors
from regulars.interests.text import SAYS_NOTHING, TextModel
from regulars.interests.text_parts import near_items, ridge_map
from regulars.interests.text_vectors import VectorCache, principal_components
from regulars.interests.text_weights import COLD, DEFAULT, Choices

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLOURS = ("red", "blue", "green", "black")
THINGS = ("cup", "lamp", "rug", "vase", "bowl")


def shop(customers: int = 60, *, new: int = 2) -> Interactions:
    """Even customers buy tea things, odd ones garden things; the last `new` items of each kind nobody bought yet."""
    titles = [f"{kind} {colour} {thing}" for kind in ("tea", "garden") for colour in COLOURS for thing in THINGS]
    each = len(titles) // 2
    random = np.random.default_rng(5)
    rows = []
    for user in range(customers):
        own = np.arange(each - new) + each * (user % 2)
        rows.append(random.permutation(own)[:8].tolist())
    categories = ["Tea"] * each + ["Garden"] * each
    names = [f"i{i:02d}" for i in range(len(titles))]
    users = [f"u{u}" for u in range(customers)]
    return Interactions(users, names, Histories.of(rows), catalogue=Catalogue(titles, categories))


def model(**settings: Any) -> TextModel:
    return TextModel(meaning_size=0, **settings)


def test_cold_items_go_to_those_whose_things_they_resemble() -> None:
    """Of the four new items a customer is shown the two that resemble what was bought, first."""
    data = shop()
    new = np.zeros(40, np.bool_)
    new[[18, 19, 38, 39]] = True
    lists, _ = model().fit(data).recommend(data.histories, 2, allowed=new)
    for user, row in enumerate(lists):
        assert set(row.tolist()) == ({18, 19} if user % 2 == 0 else {38, 39})


def test_titles_alone_and_categories_alone_are_enough() -> None:
    """A shop without categories, and one without titles, still tells the new items apart."""
    data = shop()
    said = data.catalogue
    assert said is not None
    for catalogue in (Catalogue(said.texts, [""] * 40), Catalogue([""] * 40, said.categories)):
        scores = model().fit(replace(data, catalogue=catalogue)).score(data.histories.select(np.array([0, 1])))
        assert scores[0, 18] > scores[0, 38]
        assert scores[1, 38] > scores[1, 18]


def test_without_a_catalogue_it_is_popularity_and_says_so(tmp_path: Path) -> None:
    """No catalogue, or one that says nothing: the order of popularity, and the reason, also after loading."""
    data = shop()
    for catalogue in (None, Catalogue([""] * 40, [""] * 40)):
        fitted = model().fit(replace(data, catalogue=catalogue))
        assert fitted.reason_ == SAYS_NOTHING
        counts = np.bincount(data.histories.items, minlength=40)
        np.testing.assert_array_equal(fitted.score(data.histories)[0], counts)
    fitted.save(tmp_path / "m")
    assert TextModel.load(tmp_path / "m").reason_ == SAYS_NOTHING
    assert model().fit(data).reason_ == ""


def test_conformance(tmp_path: Path) -> None:
    """What every model must do: the same twice, saved, empty and unseen histories, known items, errors."""
    data = shop()
    fitted = model().fit(data)
    scores = fitted.score(data.histories)
    np.testing.assert_array_equal(scores, model().fit(data).score(data.histories))
    fitted.save(tmp_path / "m")
    np.testing.assert_allclose(TextModel.load(tmp_path / "m").score(data.histories), scores, rtol=1e-5, atol=1e-6)
    lists, values = fitted.recommend(Histories.of([[], [0, 2, 4], [39]]), 5)
    assert lists.shape == (3, 5)
    assert np.isfinite(values).all()
    assert {0, 2, 4}.isdisjoint(lists[1].tolist())
    lists, _ = fitted.recommend(Histories.of([list(range(38))]), 5)
    assert set(lists[0].tolist()) == {38, 39, -1}
    _, values = fitted.recommend(Histories.of([[1, 2] * 5000]), 5, exclude_known=False)
    assert np.isfinite(values).all()
    with pytest.raises(NotLearnedError):
        model().score(data.histories)
    with pytest.raises(InputError):
        model().fit(data.having(Histories.of([[]])))
    (tmp_path / "m" / "model.safetensors").write_bytes(b"not a model")
    with pytest.raises(DamagedError):
        TextModel.load(tmp_path / "m")


def test_going_on_takes_in_items_put_up_since() -> None:
    """An item that the catalogue has since the last fit is ranked by its text after partial_fit."""
    data = shop()
    said = data.catalogue
    assert said is not None
    fitted = model().fit(data)
    longer = replace(
        data,
        items=[*data.items, "i40"],
        catalogue=Catalogue([*said.texts, "garden white bowl"], [*said.categories, "Garden"]),
    )
    scores = fitted.partial_fit(longer).score(longer.histories.select(np.array([0, 1])))
    assert scores.shape == (2, 41)
    # Compared with the new tea bowl, whoever buys garden things leans to the new garden bowl.
    assert scores[1, 40] - scores[1, 19] > 0 > scores[0, 40] - scores[0, 19]


def test_weights_are_learned_when_enough_is_hidden() -> None:
    """400 customers choose by kind alone: the learned weights differ from the defaults and put kind before all else."""
    fitted = model().fit(shop(400))
    assert not np.array_equal(fitted.weights_, DEFAULT)
    assert fitted.weights_[:3].sum() > 1
    assert np.array_equal(model().fit(shop(20)).weights_, DEFAULT)


def test_the_logit_finds_the_column_that_decides() -> None:
    """Customers take, of the hidden items, the one whose second reason is largest: its weight is the largest."""
    parts = model().fit(shop(400)).parts_
    assert parts is not None
    parts = replace(parts, warm=np.arange(40) >= 20)
    random = np.random.default_rng(0)
    choices = Choices(parts, np.arange(20), 7)
    features = random.normal(size=(300, 40, 4)).astype(np.float32)
    best = features[:, :20, 2].argmax(axis=1)
    nobody = Histories.of([[] for _ in range(300)])
    choices.add(features, nobody, Histories.of([[int(item)] for item in best]), Histories.of([[20]] * 300))
    weights = choices.learn()
    assert weights[:COLD].argmax() == 1
    assert weights[1] > 2


def test_lexical_vectors_by_hand() -> None:
    """One word shared of two: cosine = w² / (w² + …) from the formula; Chinese characters are words."""
    found = lexical_vectors(["ab cd", "ab ef", "gh"])
    # Words of two letters have no pieces. 'ab' is in 2 of 3 texts, every other word and pair in 1.
    common, rare = np.log(4 / 3), np.log(4 / 2)
    expected = common**2 / (common**2 + 2 * rare**2)
    assert (found @ found.T).toarray()[0, 1] == pytest.approx(expected, rel=1e-5)
    chinese = lexical_vectors(["红色手机壳", "手机壳 红色", "茶杯", ""])
    alike = (chinese @ chinese.T).toarray()
    assert alike[0, 1] > 0.5
    assert alike[0, 2] == 0
    assert chinese[3].nnz == 0


def test_labels_are_steps_and_alternatives() -> None:
    """A path is in all its steps, a film in all its genres, an item without a category in nothing."""
    assert labels_of("Food > Tea") == ["Food", "Food > Tea"]
    assert labels_of("Drama|War") == ["Drama", "War"]
    found = label_matrix(["Food > Tea", "Food", ""]).toarray()
    np.testing.assert_allclose(found, [[0.5**0.5, 0.5**0.5], [1, 0], [0, 0]], rtol=1e-6)


def test_near_items_are_found_from_the_new_side() -> None:
    """An item nobody chose has the old ones as neighbours and is a neighbour of none; strength is cosine³."""
    vectors = lexical_vectors(["ab cd", "ab ef", "gh"])
    near = near_items(vectors, np.array([True, False, False]), 5, 3.0)
    cosine = (vectors @ vectors.T).toarray()[0, 1]
    items, strengths = near.of(0)
    assert items.tolist() == [1]
    assert strengths[0] == pytest.approx(cosine**3, rel=1e-5)
    assert near.of(1)[0].tolist() == []


def test_ridge_map_is_ridge_regression() -> None:
    """Against the normal equations, cold items left out."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(6, 3)).astype(np.float32)
    warm = np.array([True, True, True, True, True, False])
    target = random.normal(size=(2, 6))
    F = vectors[:5].astype(np.float64)
    expected = np.linalg.solve(F.T @ F + 2 * np.eye(3), F.T @ target[:, :5].T).T
    np.testing.assert_allclose(ridge_map(vectors, warm, [target], 2.0)[0], expected, rtol=1e-4)


def test_principal_components_keep_inner_products() -> None:
    """Of a matrix of rank 3, three components keep every inner product of its rows."""
    random = np.random.default_rng(2)
    matrix = (random.normal(size=(30, 3)) @ random.normal(size=(3, 20))).astype(np.float32)
    found = principal_components(matrix, 3)
    np.testing.assert_allclose(found @ found.T, matrix @ matrix.T, rtol=1e-3, atol=1e-3)


class Counted:
    """An embedder that counts what it embeds."""

    name = "counted"

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        return np.array([[len(text), 1] for text in texts], np.float32)

    queries = passages


def test_embeddings_are_remembered(tmp_path: Path) -> None:
    """Only texts that are new are embedded, equal ones once, also by another process; empty ones are zero."""
    first = Counted()
    found = VectorCache(tmp_path / "v").embed(["tea", "cup", "tea", ""], 1.0, model=first)
    assert found is not None
    assert found.tolist() == [[3, 1], [3, 1], [3, 1], [0, 0]]
    assert first.embedded == ["tea", "cup"]
    second = Counted()
    assert VectorCache(tmp_path / "v").embed(["cup", "saucer"], 1.0, model=second) is not None
    assert second.embedded == ["saucer"]
    (tmp_path / "v" / "model.json").write_text("{")
    assert len(VectorCache(tmp_path / "v")) == 0


def test_a_budget_spent_is_no_vector_but_no_work_lost() -> None:
    """Without time nothing is embedded and words do alone; without any text there is nothing to do."""
    cache = VectorCache()
    assert cache.embed(["tea"], -1.0, model=Counted()) is None
    assert cache.embed(["", ""], 1.0, model=Counted()) is None
    assert not TextModel(minutes=-1.0).fit(shop()).meaning_
