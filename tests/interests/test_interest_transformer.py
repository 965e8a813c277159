"""The sequence models: what order, time and kinds tell them, and how they go on, stop and come back from a file."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from regulars.core.errors import UsageError
from regulars.interests import Histories, Interactions
from regulars.interests.neural.gru import GRU
from regulars.interests.neural.transformer import SequenceTransformer

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.interests.neural.sequence_recommender import SequenceRecommender

MODELS = (SequenceTransformer, GRU)


def small(model_type: type[SequenceRecommender[Any]] = SequenceTransformer, **changes: Any) -> SequenceRecommender[Any]:
    """Return a model that learns in a moment."""
    base = {"embedding_size": 16, "layers": 1, "dropout": 0.1, "epochs": 10, "learning_rate": 1e-2}
    return model_type(None, **{**base, **changes})


def named(histories: Histories, items: int, kinds: tuple[str, ...] = ()) -> Interactions:
    users = [f"u{i}" for i in range(len(histories))]
    return Interactions(users, [f"i{i}" for i in range(items)], histories, kinds)


def cycle(customers: int = 36, items: int = 6, length: int = 9) -> Interactions:
    """Everyone goes round the items in the same order, each starting somewhere else."""
    return named(Histories.of([[(u + step) % items for step in range(length)] for u in range(customers)]), items)


def first(model: SequenceRecommender[Any], histories: Histories) -> list[int]:
    lists, _ = model.recommend(histories, 1, exclude_known=False)
    return lists[:, 0].tolist()


@pytest.mark.parametrize("model_type", MODELS)
def test_a_cycle_is_learned(model_type: type[SequenceRecommender[Any]]) -> None:
    """After a comes b, after b comes c, whatever the history's length; counts of what is near could not tell."""
    model = small(model_type).fit(cycle())
    asked = Histories.of([[0], [0, 1], [0, 1, 2], [4, 5, 0], [3, 4]])
    assert first(model, asked) == [1, 2, 3, 1, 5]


def test_order_beyond_the_last_event_matters() -> None:
    """After a c comes d but after b c comes e: only a model that reads past the last event knows which."""
    rows = [[0, 2, 3], [1, 2, 4]] * 40
    model = small().fit(named(Histories.of(rows), 5))
    assert first(model, Histories.of([[0, 2], [1, 2]])) == [3, 4]


def test_intervals_tell_what_comes_next() -> None:
    """After a and soon b comes c, after a and a month later b comes d; without times nobody can know."""
    rows, times = [], []
    for number in range(120):
        gap = 600 if number % 2 else 30 * 86_400
        rows.append([0, 1, 2 if number % 2 else 3])
        times.append([0, gap, gap + 600])
    data = named(Histories.of(rows, times), 4)
    asked = Histories.of([[0, 1], [0, 1]], [[0, 600], [0, 30 * 86_400]])
    assert first(small().fit(data), asked) == [2, 3]
    blind = small(time_intervals=False).fit(data).score(asked)
    np.testing.assert_array_equal(blind[0], blind[1])


def test_kinds_tell_what_comes_next() -> None:
    """Who only looked at a looks at b; who bought it goes on to c."""
    rows = [[0, 1], [0, 2]] * 40
    plain = Histories.of(rows)
    kinds = np.array([0, 0, 1, 0] * 40, np.int8)
    data = named(Histories(plain.indptr, plain.items, plain.times, plain.weights, kinds), 3, ("view", "purchase"))
    model = small().fit(data)
    both = Histories.of([[0], [0]])
    asked = Histories(both.indptr, both.items, both.times, both.weights, np.array([0, 1], np.int8))
    assert first(model, asked) == [1, 2]


@pytest.mark.parametrize("model_type", MODELS)
def test_same_seed_same_scores_and_nothing_else_changes(model_type: type[SequenceRecommender[Any]]) -> None:
    """Two fits agree bit by bit, another seed does not; PyTorch's threads and random numbers stay the caller's."""
    import torch

    data = cycle()
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    scores = [small(model_type, seed=seed).fit(data).score(data.histories) for seed in (7, 7, 8)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-3
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("model_type", MODELS)
def test_saved_and_loaded(model_type: type[SequenceRecommender[Any]], tmp_path: Path) -> None:
    """A loaded model scores bit by bit as the saved one, and goes on learning."""
    data = cycle()
    model = small(model_type).fit(data)
    model.save(tmp_path)
    loaded = model_type.load(tmp_path)
    np.testing.assert_array_equal(loaded.score(data.histories), model.score(data.histories))
    later = named(Histories.of([[0, 1, 2, 3]], [[10, 20, 30, 40]]), 6)
    np.testing.assert_array_equal(
        loaded.partial_fit(later).score(data.histories), model.partial_fit(later).score(data.histories)
    )


def test_scores_are_inner_products_of_vectors() -> None:
    """Whoever needs top-k of many multiplies vectors and item factors."""
    data = cycle()
    model = small().fit(data)
    vectors = model.vectors(data.histories)
    assert vectors.shape == (36, 17)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors @ model.item_factors_.T, model.score(data.histories), rtol=1e-6)


def test_a_new_item_is_learned_by_going_on() -> None:
    """An item that came since gets its place, what was known stays, and renumbered items keep their vectors."""
    model = small(partial_epochs=6).fit(cycle())
    # Items are renumbered by one since the new item 'a' is first; it follows item 5 (which was 4).
    rows = [[3, 4, 5, 0], [4, 5, 0], [2, 3, 4, 5, 0]] * 20
    times = [[100 + at for at in range(len(row))] for row in rows]
    data = named(Histories.of(rows, times), 7)
    was = np.array([-1, 0, 1, 2, 3, 4, 5], np.int32)
    model.partial_fit(data, was=was)
    assert model.n_items_ == 7
    lists, _ = model.recommend(Histories.of([[4, 5], [1], [2]]), 2)
    assert 0 in lists[0]
    assert lists[1, 0] == 2
    assert lists[2, 0] == 3


def test_going_on_reads_only_customers_who_came_back() -> None:
    """Nobody did anything since: the weights stay as they are."""
    data = cycle()
    model = small().fit(data)
    before = model.score(data.histories)
    np.testing.assert_array_equal(model.partial_fit(data).score(data.histories), before)


def test_minutes_end_the_training() -> None:
    """A budget that is over after the first step leaves far fewer steps than the epochs ask for."""
    model = small(epochs=1000, minutes=1e-6).fit(cycle())
    assert model.report_ is not None
    assert model.report_.stopped == "minutes"
    assert model.report_.step <= 2


def test_patience_keeps_the_best_weights() -> None:
    """With customers held back, training stops when it gains nothing, and what is kept was the best."""
    model = small(epochs=200, validation=0.2, patience=2).fit(cycle())
    report = model.report_
    assert report is not None
    assert report.stopped == "patience"
    assert report.best == max(report.values)
    assert first(model, Histories.of([[0, 1], [3]])) == [2, 4]


def test_who_has_no_history_gets_what_is_often_first() -> None:
    """The start is an event like others: after it comes what people begin with; an unknown item changes little."""
    rows = [[0, 1, 2]] * 30 + [[3, 1, 2]] * 5
    model = small().fit(named(Histories.of(rows), 5))
    assert first(model, Histories.of([[]])) == [0]
    assert np.isfinite(model.score(Histories.of([[], [99], [-1]]))).all()


def test_what_was_returned_is_read_but_not_expected() -> None:
    """Events whose evidence is not positive are no targets."""
    plain = Histories.of([[0, 1, 2]] * 40)
    weights = np.array([1, 0, 1] * 40, np.float32)
    data = named(Histories(plain.indptr, plain.items, plain.times, weights), 3)
    assert first(small(spectral_start=False).fit(data), Histories.of([[0]])) != [1]


def test_negatives_stand_for_the_catalogue() -> None:
    """With a few drawn negatives instead of all items the cycle is learned as well."""
    model = small(epochs=15, negatives=8).fit(cycle(customers=60, items=12))
    assert first(model, Histories.of([[0, 1], [7, 8, 9]])) == [2, 10]


def test_windows_cover_long_histories_and_the_latest_events_decide() -> None:
    """Ten thousand events are cut into windows when learning; asked, only the latest count."""
    from regulars.interests.neural.sequences import windows

    long = Histories.of([[0] * 23, [], [1] * 4])
    assert windows(long, 10).tolist() == [[13, 23], [23, 27], [3, 13], [0, 3]]
    model = small(history_length=6).fit(cycle())
    asked = Histories.of([[5, 4, 3, 3, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4]], [list(range(9)), list(range(4, 9))])
    scores = model.score(asked)
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5, atol=1e-6)


def test_heads_must_divide_the_vectors() -> None:
    """The message names both settings."""
    with pytest.raises(UsageError, match="embedding_size 6 is no multiple of heads 4"):
        SequenceTransformer(embedding_size=6, heads=4).fit(cycle())


def test_full_softmax_agrees_with_autograd() -> None:
    """Loss and gradients are those of PyTorch's cross-entropy, as near as bfloat16 comes."""
    import torch

    from regulars.interests.neural.softmax import full_softmax

    source = torch.Generator().manual_seed(1)
    states = torch.randn(300, 16, generator=source, requires_grad=True)
    vectors = torch.randn(40, 16, generator=source, requires_grad=True)
    bias = torch.randn(40, generator=source, requires_grad=True)
    targets = torch.randint(0, 40, (300, 1), generator=source)
    weights = torch.ones(300, 1)
    parts = (states, vectors, bias)
    ours = full_softmax(states, vectors, bias, targets, weights, 0.1)
    got = torch.autograd.grad(ours, parts)
    theirs = torch.nn.functional.cross_entropy(states @ vectors.T + bias, targets[:, 0], label_smoothing=0.1)
    for mine, other in zip(got, torch.autograd.grad(theirs, parts), strict=True):
        assert float((mine - other).norm() / other.norm()) < 0.02


def test_the_package_starts_without_pytorch() -> None:
    """A server that serves no neural model never loads PyTorch."""
    script = (
        "import sys, regulars.interests, regulars.interests.neural.transformer, regulars.interests.neural.gru;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
