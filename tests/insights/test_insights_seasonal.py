"""What an hour should be: worked by hand where it can be, simulated where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.insights.seasonal import (
    DAY,
    WEEK,
    Noise,
    expectation,
    limits,
    noise,
    sees,
    trailing,
)


def weeks(levels: list[float]) -> np.ndarray:
    """Return weeks whose hours all have the week's level."""
    return np.repeat(np.array(levels, dtype=float), WEEK)


def a_shop(length: int, seed: int, mean: float = 40.0) -> np.ndarray:
    """Return Poisson hours of a shop that sleeps at night and is busier on Saturdays."""
    hour = np.arange(length * WEEK)
    shape = np.clip(np.sin((hour % DAY - 6) / 24 * 2 * np.pi), 0.02, None)
    shape = shape * np.where(hour // DAY % 7 == 5, 1.5, 1.0)
    return np.random.default_rng(seed).poisson(mean * shape).astype(float)


def test_the_same_every_week_is_expected_to_go_on() -> None:
    values = np.tile(np.arange(WEEK, dtype=float), 9)
    assert expectation(values)[8 * WEEK :] == pytest.approx(np.arange(WEEK))


def test_the_smallest_and_the_largest_of_eight_weeks_are_left_out() -> None:
    """0, 10 … 10, 100: six tens are left. The fortnight before was at its usual level."""
    values = weeks([0, 100, 10, 10, 10, 10, 10, 10, 10])
    assert expectation(values)[8 * WEEK + 5] == pytest.approx(10)


def test_two_weeks_are_averaged_and_one_says_nothing() -> None:
    values = weeks([10, 20, 15])
    found = expectation(values)
    assert np.isnan(found[: 2 * WEEK]).all()
    assert found[2 * WEEK] == pytest.approx(15)


def test_a_shop_that_doubled_a_fortnight_ago_is_expected_to_stay_so() -> None:
    """Two weeks later every day of the fortnight had 20.

    The weeks: 10 six times and 20 twice, without one of each 11.67; 20 / 11.67 of that is 20 again.
    """
    values = weeks([10] * 8 + [20] * 3)
    found = expectation(values)
    assert found[8 * WEEK] == pytest.approx(10)
    assert found[10 * WEEK] == pytest.approx(20)


def test_a_share_is_drawn_towards_the_share_of_all_hours() -> None:
    """Two weeks of 2 of 10 in each hour: (4 + 100 · 0.2) / (20 + 100) = 0.2; of 50 trials 10 are expected."""
    values, trials = weeks([2, 2, 2]), weeks([10, 10, 50])
    assert expectation(values, trials)[2 * WEEK] == pytest.approx(10)


def test_a_share_that_is_odd_at_one_hour_moves_only_so_far() -> None:
    """At the odd hour 20 of 20 in two weeks, else 0: of 10 trials 10 · (20 + 100 · share of all) / 120 are expected.

    All hours before it: 20 hits of 10 · (2 · 168 + 3) trials.
    """
    values, trials = weeks([0, 0, 0]), weeks([10, 10, 10])
    values[[3, WEEK + 3]] = 10
    assert expectation(values, trials)[2 * WEEK + 3] == pytest.approx(10 * (20 + 100 * 20 / 3390) / 120)


def test_nothing_looks_ahead() -> None:
    values = a_shop(12, 1)
    changed = values.copy()
    changed[10 * WEEK :] = 0
    assert expectation(changed)[: 10 * WEEK + 1] == pytest.approx(expectation(values)[: 10 * WEEK + 1], nan_ok=True)


def test_trailing_sums_know_only_whole_stretches() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
    assert trailing(values, 2) == pytest.approx([np.nan, 3, np.nan, np.nan, 9, 11], nan_ok=True)
    assert trailing(values, 1) is values
    assert np.isnan(trailing(values, 7)).all()


def test_limits_are_those_of_the_square_root() -> None:
    """√16.375 = 4.0466; ± 3/2: 2.5466² − 0.375 = 6.110 and 5.5466² − 0.375 = 30.390."""
    low, high = limits(np.array([16.0]), Noise(floor=1.0, slope=0.0, low=3.0, high=3.0))
    assert low[0] == pytest.approx(6.110, abs=1e-3)
    assert high[0] == pytest.approx(30.390, abs=1e-3)


def test_an_hour_without_customers_cannot_fall_below_its_limit() -> None:
    low, high = limits(np.array([0.0]), Noise(floor=1.0, slope=0.0, low=3.0, high=3.0))
    assert low[0] == 0
    assert 3 < high[0] < 5


def test_independent_arrivals_have_the_noise_of_independent_arrivals() -> None:
    values = a_shop(30, 2)
    found = noise(values, expectation(values))
    assert found is not None
    assert found.floor == pytest.approx(1.15, abs=0.2)  # the expectation is itself an average of six
    assert found.slope < 0.01
    assert found.low >= 3.19


def test_a_week_is_too_little_to_tell_noise_from() -> None:
    values = a_shop(2, 2)
    assert noise(values, expectation(values)) is None


@pytest.mark.parametrize("hours", [1, 24])
def test_false_alarms_stay_within_what_was_asked_and_a_halved_shop_is_noticed(hours: int) -> None:
    """Ten shops, forty weeks each: at most one alarm a month; half of the next day's customers stay away."""
    raised, months, noticed = 0, 0.0, 0
    for seed in range(10):
        values = a_shop(40, seed)
        sums, means = trailing(values, hours), trailing(expectation(values), hours)
        found = noise(sums[: 30 * WEEK], means[: 30 * WEEK], hours, alarms=1.0)
        assert found is not None
        rest = slice(30 * WEEK, None)
        low, high = limits(means[rest], found)
        out = (sums[rest] < low) | (sums[rest] > high)
        raised += int(np.count_nonzero(out.reshape(-1, DAY).any(axis=1)))
        months += 10 * 7 / 30.4
        halved = values.copy()
        day = slice(31 * WEEK + 6, 31 * WEEK + 6 + DAY)
        halved[day] = np.random.default_rng(seed).binomial(halved[day].astype(int), 0.5)
        noticed += bool((trailing(halved, hours)[day] < low[day.start - 30 * WEEK : day.stop - 30 * WEEK]).any())
    assert raised / months <= 1.0
    assert noticed >= 9


def test_a_small_shop_is_not_watched_by_the_hour_but_by_the_day() -> None:
    values = a_shop(30, 5, mean=3.0)
    expected = expectation(values)
    hourly = noise(values, expected)
    daily = noise(trailing(values, DAY), trailing(expected, DAY), DAY)
    assert hourly is not None
    assert daily is not None
    assert not sees(expected, hourly)
    assert sees(trailing(expected, DAY), daily)


def test_a_past_outage_widens_the_limits_only_so_far() -> None:
    values = a_shop(30, 6)
    values[20 * WEEK : 20 * WEEK + 2 * DAY] = 0
    found = noise(values, expectation(values), alarms=0.3)
    assert found is not None
    assert found.low <= 1.75 * 3.6
    low, _ = limits(np.array([40.0]), found)
    assert low[0] > 5
