"""Intervals and tests between models: known answers, the right rate of false alarms, and who is said to have won."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from regulars.core.errors import UsageError
from regulars.interests import Histories, Interactions, Plan, evaluate
from regulars.interests.comparing import against, compare, verdict
from regulars.interests.evaluate import run, with_baselines
from regulars.interests.popularity import Popularity, PopularityConfig
from regulars.interests.resampling import bootstrap_means, holm, interval, sign_flips
from regulars.interests.spaces import Choice, Range, hull
from regulars.interests.tuning import tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.interests.recommender import Config


def test_a_bootstrap_interval_is_as_wide_as_theory_says() -> None:
    """Of a share of 30 in 100, ± 1.96 standard errors; the same seed gives the same ends."""
    values = np.array([1.0] * 30 + [0.0] * 70)
    low, high = interval(values, draws=4000)
    half = 1.96 * (0.3 * 0.7 / 100) ** 0.5
    assert low == pytest.approx(0.3 - half, abs=0.015)
    assert high == pytest.approx(0.3 + half, abs=0.015)
    assert interval(values, draws=4000) == (low, high)
    assert interval(np.array([0.5])) == (0.5, 0.5)


def test_columns_are_resampled_together() -> None:
    """Two columns that differ by .1 for everyone differ by .1 in every draw."""
    base = np.random.default_rng(0).random(50)
    drawn = bootstrap_means(np.column_stack([base, base + 0.1]), draws=20)
    np.testing.assert_allclose(drawn[:, 1] - drawn[:, 0], 0.1)


def test_the_permutation_test_equals_every_flip_there_is() -> None:
    """Eight customers have 256 patterns of signs; the sampled p-value comes near the exact one."""
    differences = np.array([3.0, 1.0, 2.0, -1.0, 2.0, 0.5, -0.5, 1.0])
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in product((-1, 1), repeat=8)]
    exact = sum(value >= abs(differences.sum()) - 1e-9 for value in sums) / 256
    pair = compare({"a": differences, "b": np.zeros(8)})[0]
    assert pair.p == pytest.approx(exact, abs=0.01)
    assert pair.difference == pytest.approx(1.0)
    assert sign_flips(differences[:, None], draws=500).min() >= -np.abs(differences).sum()


def test_holm_by_hand() -> None:
    """.01, .04, .03 of three: .03, then .06 for both others, as a larger p-value may not end up smaller."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.5, 0.9])), [1.0, 1.0])


def test_no_difference_is_found_where_there_is_none() -> None:
    """Of 200 pairs of equal models at most 5% and a little are called different, and equal lists never."""
    random = np.random.default_rng(4)
    found = 0
    for _ in range(200):
        a, b = random.random((2, 40))
        found += compare({"a": a, "b": b}, flips=400)[0].p < 0.05
    assert found <= 20
    same = random.random(40)
    assert compare({"a": same, "b": same})[0].p == 1.0


def test_the_winner_and_whom_it_cannot_be_told_from() -> None:
    """Of two alike and one far below, the best names the one like it beside it, and not the third."""
    random = np.random.default_rng(5)
    base = random.random(300)
    values = {"a": base, "b": base + random.normal(0.001, 0.1, 300), "c": base - 0.3 + random.normal(0, 0.1, 300)}
    pairs = compare(values)
    found = verdict(values, pairs)
    top, other = ("b", "a") if values["b"].mean() > values["a"].mean() else ("a", "b")
    assert (found["model"], found["not_distinguishable_from"]) == (top, [other])
    one = against(pairs, "c", "a")
    assert one is not None
    assert one.difference == pytest.approx(values["c"].mean() - values["a"].mean())
    assert one.interval[0] < one.difference < one.interval[1] < 0
    assert against(pairs, "a", "a") is None


def circle() -> Interactions:
    """Everyone walks round the same circle of 20 items, from a place of their own."""
    rows = [[(user + step) % 20 for step in range(8)] for user in range(60)]
    return Interactions([f"u{u}" for u in range(60)], [f"i{i}" for i in range(20)], Histories.of(rows))


def test_a_table_without_a_baseline_gets_one() -> None:
    """Popularity before the models, or on a time split last week's bestsellers and own favourites."""
    assert with_baselines(["als"], "leave-one-out") == ["popularity", "als"]
    assert with_baselines(["als", "als"], "time") == ["popular-last-week", "own-frequency", "als"]
    assert with_baselines(["als", "own-frequency"], "time") == ["als", "own-frequency"]
    rows = evaluate(circle(), ["covisitation"], Plan())
    assert [row["model"] for row in rows] == ["popularity", "covisitation"]
    assert rows[0]["vs"] is None
    low, high = rows[1]["vs"]["interval"]
    assert low <= rows[1]["ndcg@10"] - rows[0]["ndcg@10"] <= high
    assert rows[1]["vs"]["p"] < 0.01
    with pytest.raises(UsageError):
        evaluate(circle(), ["oracle"], Plan())


def test_a_run_names_the_winner_and_every_pair() -> None:
    """Three models make three pairs; the figures do not depend on the order asked in."""
    first = run(circle(), ["popularity", "covisitation", "knn"], Plan())
    second = run(circle(), ["knn", "covisitation", "popularity"], Plan())
    assert len(first.comparisons) == 3
    assert first.winner["model"] == second.winner["model"]
    by_name = {row["model"]: row["ndcg@10_interval"] for row in second.rows}
    assert {row["model"]: row["ndcg@10_interval"] for row in first.rows} == by_name


def test_a_space_spans_what_a_grid_tries() -> None:
    """Numbers become ranges, by orders of magnitude where they span some; other values a choice."""
    from regulars.interests.als import ALS
    from regulars.interests.blend import BlendConfig

    space = ALS.space()
    values = [config.unobserved_weight for config in ALS.grid()]  # pyright: ignore[reportAttributeAccessIssue]
    assert space["unobserved_weight"] == Range(low=min(values), high=max(values), log=True)
    assert space["history_decay"].low == 0.0  # pyright: ignore[reportAttributeAccessIssue]
    found = hull([BlendConfig(repeat=True, depth=10), BlendConfig(repeat=False, depth=20)])
    assert found == {"repeat": Choice(options=(True, False)), "depth": Range(low=10, high=20, whole=True)}


class PeakConfig(PopularityConfig, frozen=True, kw_only=True):
    """Settings with a best place between those of the grid."""

    shrink: float = 10.0
    decay: float = 0.5


class Peak(Popularity):
    """A model whose grid misses the best settings."""

    name = "peak"
    config_type = PeakConfig

    @classmethod
    def grid(cls) -> Sequence[Config]:
        return [PeakConfig(), PeakConfig(shrink=0.0), PeakConfig(shrink=50.0), PeakConfig(decay=1.0)]


def test_a_search_beats_its_grid_and_repeats_itself() -> None:
    """A smooth peak between the points of the grid is found closer than the grid has it, twice the same way."""

    def judge(config: object) -> float:
        assert isinstance(config, PeakConfig)
        return -((config.shrink - 30) ** 2) - 100 * (config.decay - 0.8) ** 2

    grid = tune(Peak, PeakConfig(), judge)
    assert grid.trials[0].settings == {"shrink": 10.0, "decay": 0.5}
    assert len(grid.trials) == 4
    found = [tune(Peak, PeakConfig(), judge, trials=25) for _ in range(2)]
    assert found[0].value > grid.value
    assert found[0] == found[1]
    assert len(found[0].trials) == 25
    assert found[0].trials[:4] == grid.trials


def test_tuning_reports_what_it_tried_and_never_asks_the_test() -> None:
    """With the last event of everyone scrambled, the chosen settings and their validation figure stay the same."""
    data = circle()
    scrambled = data.histories.items.copy()
    scrambled[data.histories.indptr[1:] - 1] = np.random.default_rng(0).integers(0, 20, 60)
    other = data.having(Histories(data.histories.indptr, scrambled, data.histories.times, data.histories.weights))
    plan = Plan(tune=True, trials=8)
    rows = [run(one, ["knn"], plan).rows[1] for one in (data, other)]
    assert rows[0]["tuned"] == rows[1]["tuned"]
    assert rows[0]["settings"] == rows[1]["settings"]
    assert len(rows[0]["tuned"]["trials"]) == 8
