"""One state, several answers: time to the next visit with censoring, purchase, category; with and without the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from regulars.core.errors import NotLearnedError, UsageError
from regulars.interests import Histories, Interactions
from regulars.interests.interactions import DAY, Catalogue
from regulars.interests.neural.behaviour import Behaviour, BehaviourModel
from regulars.interests.neural.behaviour_targets import days_to_next, next_visit_buys
from regulars.interests.neural.heads import EDGES, HazardHead, bin_of, exposure

if TYPE_CHECKING:
    from pathlib import Path


def small(**changes: Any) -> BehaviourModel:
    base: dict[str, Any] = {"embedding_size": 16, "layers": 1, "dropout": 0.1, "epochs": 8, "learning_rate": 1e-2}
    return BehaviourModel(None, **{**base, **changes})


def named(histories: Histories, items: int, kinds: tuple[str, ...] = (), categories: str = "") -> Interactions:
    catalogue = Catalogue([""] * items, list(categories)) if categories else None
    users = [f"u{i}" for i in range(len(histories))]
    return Interactions(users, [f"i{i}" for i in range(items)], histories, kinds, (), catalogue)


def weekly(customers: int = 40, visits: int = 8) -> Histories:
    """Everyone comes every seven days, each from another day on."""
    rows = [[(u + visit) % 6 for visit in range(visits)] for u in range(customers)]
    times = [[(u % 7 + 7 * visit) * DAY + 36_000 for visit in range(visits)] for u in range(customers)]
    return Histories.of(rows, times)


def test_days_to_the_next_visit_and_censoring_worked_by_hand() -> None:
    """The last event of a day is asked; the latest visit is censored at the last whole day; today tells nothing."""
    histories = Histories.of(
        [[0, 1, 2, 3], [4], [5, 6]], [[100, 200, 3 * DAY, 8 * DAY + 5], [9 * DAY + 5], [2 * DAY, 10 * DAY + 1]]
    )
    days, came = days_to_next(histories, 10 * DAY + 2, 0)
    # Ann: two events on day 0, then days 3 and 8. Ben: day 9, the last whole one. Cid: back only today, day 10.
    assert days.tolist() == [-1, 3, 5, 1, -1, 7, -1]
    assert came.tolist() == [False, True, True, False, False, False, False]
    # With clocks an hour behind, times before 01:00 are of the day before.
    assert days_to_next(histories, 10 * DAY + 2, -60)[0].tolist()[:3] == [-1, 3, 5]


def test_the_next_visit_buys_worked_by_hand() -> None:
    """A visit ends after half an hour without an event; the latest one has no answer."""
    histories = Histories.of([[0, 1, 2, 3], [4, 5]], [[0, 600, 9_000, 9_600], [0, 9_000]])
    purchase = np.array([False, False, False, True, True, False])
    assert next_visit_buys(histories, purchase, 30).tolist() == [-1, 1, -1, -1, 0, -1]


def test_the_likelihood_is_that_of_a_geometric_law() -> None:
    """With the same hazard q on every day: −ln q(1 − q)^(t−1) for a visit, −ln (1 − q)^c for none."""
    q, head = 0.2, HazardHead(4)
    head.start(torch.full((len(EDGES),), float(np.log(q / (1 - q)))))
    days, came = torch.tensor([1.0, 12.0, 200.0, 12.0]), torch.tensor([True, True, True, False])
    head.eval()
    expected = [-np.log(q), -np.log(q) - 11 * np.log(1 - q), -np.log(q) - 199 * np.log(1 - q), -12 * np.log(1 - q)]
    np.testing.assert_allclose(head.loss(torch.randn(4, 4), days, came).detach(), expected, rtol=1e-5)
    assert bin_of(torch.tensor([1, 7, 9, 10, 91])).tolist() == [0, 6, 8, 8, len(EDGES) - 1]
    assert exposure(torch.tensor([9.0])).tolist()[0][:10] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]


def test_without_a_later_visit_no_bin_has_a_visit() -> None:
    """Censored customers lower the usual hazard where they were seen to stay away, and add no event."""
    came = torch.tensor([True, True, False, False])
    alone = HazardHead.usual(torch.tensor([2.0, 2.0]), came[:2]).sigmoid()
    usual = HazardHead.usual(torch.tensor([2.0, 2.0, 5.0, 5.0]), came).sigmoid()
    # Day 2: two visits among two at risk, then among four; day 3: none among two.
    assert alone[1] == pytest.approx(2.5 / 3)
    assert usual[1] == pytest.approx(2.5 / 5)
    assert usual[2] == pytest.approx(0.5 / 3)


def test_a_weekly_rhythm_is_recovered() -> None:
    """Who comes every seven days is expected on the seventh; the chance of a visit only grows with the days."""
    data = named(weekly(), 6)
    model = small().fit(data, now=56 * DAY)
    assert model.predicts_ == ("time",)
    assert set(model.dropped_) == {"purchase", "category"}
    asked = data.histories
    behaviour = model.predict(asked, now=int(asked.times.max()))
    fresh = model.predict(asked.row(0), now=int(asked.row(0).times.max()))
    assert abs(fresh.median_days()[0] - 7) <= 1
    assert abs(fresh.expected_days()[0] - 7) <= 2
    assert fresh.return_within(3)[0] < 0.2
    assert fresh.return_within(9)[0] > 0.8
    chances = np.stack([behaviour.return_within(days) for days in range(60)])
    assert (np.diff(chances, axis=0) >= 0).all()
    assert (chances >= 0).all()
    assert (chances <= 1).all()
    # Six days later the visit is due at once.
    later = model.predict(asked.row(0), now=int(asked.row(0).times.max()) + 7 * DAY)
    assert later.days_away[0] == 6
    assert later.return_within(1)[0] > 3 * fresh.return_within(1)[0]


def test_a_category_cycle_is_learned() -> None:
    """Categories go round a, b, c, whichever of its items stands for each."""
    random = np.random.default_rng(1)
    rows = [[3 * int(random.integers(3)) + (u + step) % 3 for step in range(9)] for u in range(150)]
    data = named(Histories.of(rows), 9, categories="abcabcabc")
    behaviour = small(epochs=16).fit(data).predict(Histories.of([[0], [4, 8], [6, 1]]))
    assert behaviour.categories == ("a", "b", "c")
    assert behaviour.category_scores is not None
    assert behaviour.category_scores.argmax(1).tolist() == [1, 0, 2]
    np.testing.assert_allclose(behaviour.category_scores.sum(1), 1, rtol=1e-5)
    with pytest.raises(NotLearnedError):
        behaviour.return_within(7)


def shop() -> Interactions:
    """Who looked at item 0 buys on the next visit, two days later; who looked at item 1 only looks again."""
    rows = [[u % 2, 2 + u % 2] for u in range(60)]
    plain = Histories.of(rows, [[0, 2 * DAY]] * 60)
    kinds = np.array([[0, 1], [0, 0]] * 30, np.int8).ravel()
    histories = Histories(plain.indptr, plain.items, plain.times, plain.weights, kinds)
    return named(histories, 4, ("view", "purchase"), "xxyz")


def test_the_purchase_is_predicted_and_all_is_the_same_from_a_file(tmp_path: Path) -> None:
    """Purchase tells the two kinds of customers apart; what is loaded predicts exactly what was saved."""
    model = small(epochs=20).fit(shop(), now=5 * DAY)
    assert model.predicts_ == ("time", "purchase", "category")
    asked = shop().histories.keep(shop().histories.times == 0)
    behaviour = model.predict(asked)
    assert behaviour.purchase_probability is not None
    assert behaviour.purchase_probability[0] > 0.8
    assert behaviour.purchase_probability[1] < 0.2
    model.save(tmp_path / "m")
    loaded = BehaviourModel.load(tmp_path / "m")
    again = loaded.predict(asked)
    for name in ("return_hazard", "days_away", "purchase_probability", "category_scores"):
        np.testing.assert_array_equal(getattr(again, name), getattr(behaviour, name))
    assert again.categories == ("x", "y", "z")
    np.testing.assert_array_equal(loaded.score(asked), model.score(asked))


def test_going_on_keeps_the_heads_and_counts_those_who_stayed_away() -> None:
    """With later days and no new visit, a return becomes less likely; other categories begin anew."""
    data = named(weekly(), 6)
    model = small().fit(data, now=56 * DAY)
    before = model.predict(data.histories.row(0), now=50 * DAY).stays_away([8])[0, 0]
    model.partial_fit(data, now=400 * DAY)
    assert model.predict(data.histories.row(0), now=50 * DAY).stays_away([8])[0, 0] > before
    model.partial_fit(named(data.histories, 6, categories="ababab"), now=400 * DAY)
    assert model.predicts_ == ("time", "category")


def test_validation_does_not_take_a_held_back_visit_for_staying_away() -> None:
    """The visit before the one held back is not asked."""
    model = small(validation=0.5, epochs=6).fit(named(weekly(), 6), now=50 * DAY)
    row = weekly().row(0)
    assert abs(model.predict(row, now=int(row.times.max())).median_days()[0] - 7) <= 1


def test_without_kinds_catalogue_and_times_it_is_the_transformer() -> None:
    """All times equal: no head can be taught, each says why, items are still recommended."""
    rows = [[(u + step) % 6 for step in range(9)] for u in range(36)]
    model = small().fit(named(Histories.of(rows, [[5] * 9] * 36), 6))
    assert model.predicts_ == ()
    assert set(model.dropped_) == {"time", "purchase", "category"}
    behaviour = model.predict(Histories.of([[0], []]))
    assert (behaviour.return_hazard, behaviour.purchase_probability, behaviour.category_scores) == (None, None, None)
    lists, _ = model.recommend(Histories.of([[0], [4, 5]]), 1, exclude_known=False)
    assert lists[:, 0].tolist() == [1, 0]


def test_who_was_never_here_has_no_return() -> None:
    """A return needs a visit to return from: NaN for an empty history."""
    model = small(epochs=1).fit(named(weekly(), 6))
    within = model.predict(Histories.of([[], [99]], [[], [50 * DAY]])).return_within(7)
    assert np.isnan(within[0])
    assert 0 < within[1] < 1


def test_what_is_wrong_is_said() -> None:
    """Asking too early and heads that do not exist."""
    with pytest.raises(NotLearnedError):
        small().predict(Histories.of([[0]]))
    with pytest.raises(UsageError):
        small(predicts=("weather",))
    nothing = Behaviour(None, np.zeros(1, np.int64), None, None, ())
    with pytest.raises(NotLearnedError):
        nothing.expected_days()
