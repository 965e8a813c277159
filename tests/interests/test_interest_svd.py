"""Rating prediction: the sampler against answers worked out by hand, and the models against the data they are for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from regulars.core.errors import InputError, NotLearnedError, UsageError
from regulars.interests import Histories, Interactions
from regulars.interests.evaluate_ratings import baseline, deal, evaluate_ratings
from regulars.interests.ratings import Ratings, ratings_from_events
from regulars.interests.svd import SVD, SVDPlusPlus
from regulars.interests.svd_kernel import Side, fold_in, met_features, own_features

if TYPE_CHECKING:
    from pathlib import Path


def made(seed: int = 0, users: int = 60, items: int = 40, noise: float = 0.3) -> Ratings:
    """Return ratings of a world with one taste and biases, half of all pairs."""
    random = np.random.default_rng(seed)
    owners, targets = np.nonzero(random.random((users, items)) < 0.5)
    taste, kind = random.normal(size=users), random.normal(size=items)
    strict, good = random.normal(0, 0.5, users), random.normal(0, 0.5, items)
    values = 3 + strict[owners] + good[targets] + taste[owners] * kind[targets] + random.normal(0, noise, len(owners))
    names = [str(at) for at in range(users)], [str(at) for at in range(items)]
    times = random.integers(0, 40 * 86_400, len(owners)).astype(np.int64)
    return Ratings(
        *names, owners.astype(np.int32), targets.astype(np.int32), np.clip(values, 1, 5).astype(np.float32), times
    )


def rmse(model: SVD, asked: Ratings) -> float:
    found = model.predict_many(asked.owners, asked.targets, asked.times)
    return float(np.sqrt(np.mean((found - asked.values) ** 2)))


def test_a_draw_without_randomness_is_the_regularised_least_squares_solution() -> None:
    """One bias of two ratings 1 and 3 with noise 1 and prior N(0, 1): (1 + 3) / (2 + 1); the errors follow it."""
    side = Side(1, [own_features(1)], 1, np.random.default_rng(0))
    errors = np.array([1.0, 3.0])
    zeros = np.zeros(2, np.int32)
    side.draw(0, errors, zeros, zeros, np.ones(1), 1.0, np.zeros(1))
    assert side.values[0, 0] == pytest.approx(4 / 3)
    assert errors.tolist() == pytest.approx([1 - 4 / 3, 3 - 4 / 3])


def test_a_feature_of_two_rows_takes_the_evidence_of_both_by_its_weights() -> None:
    """Row 0 met features 0 and 1, row 1 feature 0: feature 0 sees ratings through 1/√2 and 1."""
    met, owners = np.array([0, 1, 0], np.int32), np.array([0, 0, 1], np.int32)
    side = Side(2, [met_features(2, met, owners)], 1, np.random.default_rng(0))
    errors = np.array([2.0, 4.0])
    side.draw(0, errors, np.array([0, 1], np.int32), np.zeros(2, np.int32), np.ones(1), 1.0, np.zeros(2))
    first = (2 / np.sqrt(2) + 4) / (0.5 + 1 + 1)
    second = (2 - first / np.sqrt(2)) / np.sqrt(2) / (0.5 + 1)
    assert side.values[0].tolist() == pytest.approx([first, second])
    assert side.vectors[0].tolist() == pytest.approx([(first + second) / np.sqrt(2), first])
    assert errors.tolist() == pytest.approx([2 - side.vectors[0, 0], 4 - side.vectors[0, 1]])


def test_folding_in_solves_the_ridge_equations() -> None:
    """Against NumPy, with a start, a prior that is not zero and the expected zeros of what was not chosen."""
    random = np.random.default_rng(1)
    X = random.normal(size=(9, 4)).astype(np.float32)
    items, weights = np.array([1, 3, 8], np.int32), np.array([0.5, 1, 2], np.float32)
    targets, start = random.normal(size=3).astype(np.float32), random.normal(size=(1, 4)).astype(np.float32)
    mean, precision = random.normal(size=4).astype(np.float32), np.array([1, 2, 3, 4], np.float32)
    gram, right = (X.T @ X / 9).astype(np.float32), random.normal(size=4).astype(np.float32)
    out = np.zeros((1, 4), np.float32)
    indptr = np.array([0, 3])
    fold_in(indptr, items, targets, weights, X, gram, right, np.float32(2), mean, precision, start, out)
    W, B, share = np.diag(weights), X[items], 2 * weights.sum()
    A = B.T @ W @ B + share * gram + np.diag(precision)
    b = B.T @ W @ (targets - B @ start[0]) + share * (right - gram @ start[0]) + precision * mean
    np.testing.assert_allclose(out[0], np.linalg.solve(A, b), rtol=1e-4)


@pytest.mark.parametrize("model_type", [SVD, SVDPlusPlus])
def test_what_was_hidden_is_predicted_nearly_as_well_as_the_noise_allows(model_type: type[SVD]) -> None:
    """Noise is .3: the mean alone is off by more than 1, biases by .8, the models by less than .42."""
    ratings = made()
    hidden = deal(len(ratings), 5, 1) == 0
    learned, asked = ratings.keep(~hidden), ratings.keep(hidden)
    model = model_type(embedding_size=3).fit_ratings(learned)
    biases = float(np.sqrt(np.mean((baseline("biases", learned)(asked) - asked.values) ** 2)))
    assert biases > 0.6
    assert rmse(model, asked) < 0.42


def test_biases_and_factors_add_up_to_the_prediction() -> None:
    """μ + b_u + b_i + U × P, taken out of the model, is what it predicts."""
    ratings = made()
    model = SVD(embedding_size=3).fit_ratings(ratings)
    whole = (
        model.draws_.mean.mean()
        + model.user_biases_[:, None]
        + model.item_biases_[None, :]
        + model.user_factors_ @ model.item_factors_.T
    )
    assert model.predict(3, 5) == pytest.approx(float(np.clip(whole[3, 5], *model.scale_)), abs=1e-3)


def test_someone_unknown_gets_the_item_and_something_unknown_the_customer() -> None:
    """-1 and numbers beyond the last are unknown; two good items keep their order; all stays on the scale."""
    ratings = made()
    model = SVD(embedding_size=3).fit_ratings(ratings)
    best, worst = int(model.item_biases_.argmax()), int(model.item_biases_.argmin())
    assert 5 >= model.predict(-1, best) > model.predict(9999, worst) >= 1
    assert model.predict(-1, -1) == pytest.approx(float(ratings.values.mean()), abs=0.3)


def test_a_newcomer_with_ratings_is_predicted_like_someone_learned_from() -> None:
    """Customer 0's ratings handed over as a history give nearly the scores that customer 0 has."""
    ratings = made()
    own = ratings.owners == 0
    model = SVD(embedding_size=3, history_decay=0.0).fit_ratings(ratings)
    history = Histories.of([ratings.targets[own].tolist()])
    vectors = model.vectors(history, ratings.values[own])
    columns = [model.item_biases_[:, None], np.ones((40, 1), np.float32), model.item_factors_]
    expected = model.predict_many(np.zeros(40, np.int64), np.arange(40))
    assert np.abs(np.clip(vectors @ np.hstack(columns).T, 1, 5) - expected).mean() < 0.15


def test_a_mood_is_learned_and_moods_of_a_customer_add_up_to_nothing() -> None:
    """One customer's second hour is a star lower throughout; without a time the customer's own level is told."""
    ratings = made(noise=0.1)
    late = ratings.times is not None and ratings.owners == 0
    times = np.where(np.arange(len(ratings)) % 2 == 0, 0, 7200)
    values = np.where(late & (times > 0), ratings.values - 1, ratings.values).clip(1, 5)
    shifted = Ratings(
        ratings.users, ratings.items, ratings.owners, ratings.targets, values.astype(np.float32), times.astype(np.int64)
    )
    model = SVDPlusPlus(embedding_size=3).fit_ratings(shifted)
    early, later, never = (model.predict(0, 3, at) for at in (0, 7200, None))
    assert early > never > later
    assert never == pytest.approx(model.predict(0, 3, 90_000_000))


def test_a_saved_model_predicts_as_before(tmp_path: Path) -> None:
    """Draws, scale and moods are all in the files."""
    ratings = made()
    model = SVDPlusPlus(embedding_size=2, sweeps=20).fit_ratings(ratings)
    model.save(tmp_path)
    loaded = SVDPlusPlus.load(tmp_path)
    asked = ratings.owners, ratings.targets, ratings.times
    np.testing.assert_array_equal(loaded.predict_many(*asked), model.predict_many(*asked))
    history = Histories.of([[1, 2, 3]])
    np.testing.assert_array_equal(loaded.score(history), model.score(history))


def test_warm_start_keeps_what_was_learned_of_items_that_moved() -> None:
    """After partial_fit with a new item in front, two worlds of items are still told apart."""
    random = np.random.default_rng(5)
    rows = [(random.choice(8, 5, replace=False) + 8 * (user % 2)).tolist() for user in range(60)]
    names, items = [str(user) for user in range(60)], [str(item) for item in range(16)]
    model = SVD(embedding_size=2).fit(Interactions(names, items, Histories.of(rows)))
    moved = Interactions(names, ["new", *items], Histories.of([[item + 1 for item in row] for row in rows]))
    again = model.partial_fit(moved, was=np.arange(-1, 16, dtype=np.int32))
    scores = again.score(Histories.of([[1, 2, 3]]))[0]
    assert again.n_items_ == 17
    assert scores[4:9].min() > scores[9:].max()


def test_ratings_are_read_from_events_and_the_last_of_a_pair_stands() -> None:
    """Stars come from the JSON as imports store it, or from a column; rows without stars are left out."""
    events = pa.table(
        {
            "subject": ["b", "a", "a", "a"],
            "item": ["x", "x", "x", "y"],
            "time": pa.array([datetime(2024, 1, day, tzinfo=UTC) for day in (1, 3, 2, 4)], pa.timestamp("us", "UTC")),
            "properties": ['{"rating":4.5}', '{"score":1,"rating":"2"}', '{"rating":5}', None],
        }
    )
    found = ratings_from_events(events)
    assert (found.users, found.items, found.scale) == (["a", "b"], ["x"], (2.0, 4.5))
    assert dict(zip(found.owners.tolist(), found.values.tolist(), strict=True)) == {0: 2.0, 1: 4.5}
    column = events.drop_columns("properties").append_column("rating", pa.array([None, 1.0, 2.0, 3.0]))
    assert ratings_from_events(column).values.tolist() == [1.0, 3.0]
    with pytest.raises(InputError):
        ratings_from_events(events.drop_columns("properties"))


def test_evaluation_deals_evenly_and_orders_models_as_they_deserve() -> None:
    """Each rating is asked once; mean > biases > SVD in error; intervals hold the mean of the folds."""
    ratings = made()
    assert np.bincount(deal(13, 5, 0)).tolist() == [3, 3, 3, 2, 2]
    rows = evaluate_ratings(ratings, ("mean", "biases", "svd"), folds=3)
    errors = [row["rmse"] for row in rows]
    assert errors[0] > errors[1] > errors[2]
    for row in rows:
        assert row["rmse_interval"][0] < np.mean(row["folds"]) < row["rmse_interval"][1]
        assert row["mae"] < row["rmse"]


def test_errors_are_ours() -> None:
    """Nothing to learn from, asked too early, a model that predicts no ratings: each is said."""
    nothing = made().keep(np.zeros(len(made()), np.bool_))
    with pytest.raises(InputError):
        SVD().fit_ratings(nothing)
    with pytest.raises(NotLearnedError):
        SVD().predict(0, 0)
    with pytest.raises(UsageError):
        evaluate_ratings(made(), ("popularity",))
