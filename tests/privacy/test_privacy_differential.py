"""Noisy counts: the distribution, the interval, the promise of privacy."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from regulars.core.errors import UsageError
from regulars.privacy.differential import interval_95, laplace_count


def draws(true: int, epsilon: float, count: int, seed: int) -> Counter[int]:
    source = random.Random(seed)
    return Counter(laplace_count(true, epsilon, source.randrange) for _ in range(count))


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 2.5])
def test_the_noise_has_the_probabilities_of_the_discrete_laplace_distribution(epsilon: float):
    count, alpha = 20_000, math.exp(-epsilon)
    found = draws(10_000, epsilon, count, seed=11)
    # Cells of at least five expected draws; the tails go together.
    chi_square, cells, rest = 0.0, 0, count
    for noise in range(-60, 61):
        expected = count * (1 - alpha) / (1 + alpha) * alpha ** abs(noise)
        if expected >= 5:
            chi_square += (found[10_000 + noise] - expected) ** 2 / expected
            rest -= found[10_000 + noise]
            cells += 1
    assert rest < 0.02 * count or epsilon == 0.1
    assert chi_square < cells + 4 * math.sqrt(2 * cells)


def test_one_person_more_or_less_changes_no_probability_by_more_than_e_to_the_epsilon():
    epsilon, count = 0.5, 40_000
    with_them, without = draws(101, epsilon, count, seed=1), draws(100, epsilon, count, seed=2)
    for answer in range(96, 106):
        ratio = math.log(with_them[answer] / without[answer])
        slack = 4 * math.sqrt(1 / with_them[answer] + 1 / without[answer])
        assert abs(ratio) <= epsilon + slack


@pytest.mark.parametrize(("epsilon", "expected"), [(0.5, 6), (1.0, 3), (0.1, 30), (5.0, 0), (50.0, 0)])
def test_the_interval_is_the_smallest_that_holds_95_in_100(epsilon: float, expected: int):
    alpha = math.exp(-epsilon)
    outside = [2 * alpha ** (m + 1) / (1 + alpha) for m in (expected, expected - 1)]
    assert outside[0] <= 0.05
    assert expected == 0 or outside[1] > 0.05
    assert interval_95(epsilon) == expected


def test_the_interval_holds_as_often_as_it_says():
    found = draws(15_939, 0.5, 10_000, seed=4)
    inside = sum(times for answer, times in found.items() if abs(answer - 15_939) <= interval_95(0.5))
    assert 9_500 <= inside <= 9_800  # 95.99 in 100 for whole numbers


def test_a_count_is_never_below_zero_and_the_system_is_the_source_by_default():
    assert min(laplace_count(0, 0.1) for _ in range(200)) == 0
    assert len({laplace_count(1_000_000, 0.1) for _ in range(200)}) > 20


@pytest.mark.parametrize("epsilon", [0, -1, 0.0005, math.nan, math.inf])
def test_an_epsilon_that_protects_nothing_or_is_no_number_is_refused(epsilon: float):
    with pytest.raises(UsageError, match="epsilon"):
        laplace_count(1, epsilon)
    with pytest.raises(UsageError, match="epsilon"):
        interval_95(epsilon)
