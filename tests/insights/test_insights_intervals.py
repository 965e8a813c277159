"""Intervals, against values worked by hand."""

from __future__ import annotations

import pytest

from regulars.insights.intervals import change_of_weekly_means, mean_interval, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(5, 10, 0.236593, 0.763407), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0), (1, 1, 0.206549, 1.0)],
)
def test_wilson_is_the_published_interval(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-6)


def test_wilson_without_trials_knows_nothing():
    assert wilson(0, 0) == (None, None)


def test_the_interval_of_a_mean_of_1_2_3():
    """Mean 2, standard deviation 1, standard error 1/√3: 2 ± 1.959964 × 0.577350."""
    assert mean_interval(3, 6, 14) == pytest.approx((2 - 1.131586, 2 + 1.131586), abs=1e-5)


def test_one_value_has_no_interval():
    assert mean_interval(1, 5, 25) == (None, None)


def test_a_change_of_one_between_weeks_with_variance_four_thirds():
    """Half width 2.446912 × √(4/3 × 2/4) = 1.997895."""
    found = change_of_weekly_means([2, 2, 4, 4], [1, 1, 3, 3])
    assert found == pytest.approx((1, 1 - 1.997895, 1 + 1.997895), abs=1e-5)


def test_a_change_needs_four_weeks_on_each_side():
    with pytest.raises(ValueError, match="four weekly means"):
        change_of_weekly_means([1, 2, 3], [1, 2, 3, 4])
