"""Trends: what is counted in which period, by hand; and formulas."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.core.errors import UsageError
from regulars.insights.formulas import evaluate, read_formula
from regulars.insights.sources import Sources
from regulars.insights.trends import TrendsParams, trends

# 2024-01-01 was a Monday. Three weeks, of which the last ends on a Wednesday.
ROWS = (
    ("a", "2024-01-01", "view", {"item": "tea", "device": "phone"}),
    ("a", "2024-01-02", "view", {"item": "milk", "device": "phone"}),
    ("a", "2024-01-02", "purchase", {"item": "milk", "value": 4.0, "quantity": 2.0, "session": "s1"}),
    ("a", "2024-01-02", "purchase", {"item": "tea", "value": None, "session": "s1"}),
    ("b", "2024-01-07", "view", {"item": "tea", "device": "desk"}),
    ("b", "2024-01-08", "view", {"item": "tea"}),
    ("b", "2024-01-09", "purchase", {"item": "tea", "value": 10.0}),
    ("c", "2024-01-16", "view", {"item": "tea", "device": "phone"}),
    ("c", "2024-01-16", "message"),
    ("c", "2024-01-17", "view", {"item": "rice", "device": "phone"}),
)


@pytest.fixture
def ask(events_of, items_of, run):
    def answer(*rows, items=(), **params):
        return trends(Sources(events_of(*rows), run, items_of(*items)), TrendsParams(**params))

    return answer


def values(answer, column="value"):
    return answer.rows[column].to_pylist()


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("*", [5, 2, 2]),
        ("view", [3, 1, 2]),
        ("view|purchase:events", [5, 2, 2]),
        ("*:customers", [2, 1, 1]),
        ("*:sessions", [4, 2, 2]),  # a: one loose day, another with a loose view and s1; b: one
        ("*:orders", [1, 1, 0]),
        ("*:items", [2, 1, 2]),
        ("purchase:quantity", [3, 1, 0]),
        ("purchase:value", [4, 10, 0]),
        ("purchase:average_value", [4, 10, None]),
        ("*:events_per_customer", [2.5, 2, 2]),
        ("purchase:value_per_customer", [4, 10, None]),
        ("view[device=phone]", [2, 0, 2]),
        ("view[device=phone]:customers", [1, 0, 1]),
    ],
)
def test_each_measure_counts_what_it_says(ask, series, expected):
    answer = ask(*ROWS, series=(series,))
    assert values(answer) == expected
    assert values(answer, "period") == [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)]
    assert values(answer, "complete") == [True, True, False]


def test_a_formula_calculates_with_the_series(ask):
    answer = ask(*ROWS, series=("view", "purchase", "search"), formula="b / A")
    assert values(answer) == [pytest.approx(2 / 3), 1, 0]
    assert values(answer, "events") == [5, 2, 2]
    assert values(ask(*ROWS, series=("view", "search"), formula="A / B")) == [None, None, None]
    assert values(ask(*ROWS, series=("view", "purchase:average_value"), formula="A + B")) == [7, 11, None]


def test_a_breakdown_adds_up_to_the_whole(ask):
    found = ask(*ROWS, series=("view",), breakdown="device").rows.to_pylist()
    assert [(r["group"], r["value"]) for r in found] == [
        ("phone", 2), ("phone", 0), ("phone", 2), ("", 0), ("", 1), ("", 0), ("desk", 1), ("desk", 0), ("desk", 0),
    ]  # fmt: skip


def test_the_smaller_groups_are_one_and_count_nobody_twice(ask):
    """Customer a looked at milk and at tea, c at tea and at rice; the largest by customers is tea."""
    found = ask(*ROWS, series=("*:customers",), breakdown="item", top=1).rows.to_pylist()
    assert [(r["group"], r["value"]) for r in found] == [
        ("tea", 2), ("tea", 1), ("tea", 1), ("…", 1), ("…", 0), ("…", 1),
    ]  # fmt: skip
    rows = [("a", "2024-01-01", {"item": item, "session": "s"}) for item in ("tea", "tea", "milk", "rice")]
    orders = ask(("b", "2024-01-01", {"item": "tea"}), *rows, series=("*:orders",), breakdown="item", top=1).rows
    assert orders["value"].to_pylist() == [2, 1]


def test_items_are_split_by_category(ask):
    items = (("tea", "Tea", "Drinks"), ("milk", "Milk", "Dairy"))
    found = ask(*ROWS, items=items, series=("view",), breakdown="category", to=date(2024, 1, 7)).rows.to_pylist()
    assert {r["group"]: r["value"] for r in found} == {"Drinks": 2, "Dairy": 1}


def test_a_period_is_compared_with_as_many_before(ask):
    answer = ask(*ROWS, series=("view",), from_=date(2024, 1, 8), to=date(2024, 1, 14), compare="previous")
    assert values(answer) == [1]
    assert values(answer, "before") == [3]
    assert values(answer, "change") == [pytest.approx(-2 / 3)]
    # The two periods before 8 January are not both in the data.
    answer = ask(*ROWS, series=("view",), from_=date(2024, 1, 8), compare="previous")
    assert values(answer, "before") == [None, 3]
    assert values(answer, "change") == [None, None]  # the last week is not over


def test_a_week_is_compared_with_the_one_52_weeks_before(ask):
    rows = [("a", "2023-01-02", "view"), ("b", "2023-01-03", "view"), ("a", "2024-01-01", "view")]
    answer = ask(*rows, ("a", "2024-01-07", "search"), series=("view",), from_=date(2024, 1, 1), compare="year")
    assert (values(answer), values(answer, "before"), values(answer, "change")) == ([1], [2], [-0.5])


def test_a_mean_needs_all_its_periods(ask):
    answer = ask(*ROWS, series=("view",), smooth=2)
    assert values(answer, "smoothed") == [None, 2, None]
    later = ask(*ROWS, series=("view",), smooth=2, from_=date(2024, 1, 8))
    assert values(later, "smoothed") == [2, None]


def test_sums_begin_with_the_first_shown_period(ask):
    assert values(ask(*ROWS, series=("view",), cumulative=True)) == [3, 4, 6]
    assert values(ask(*ROWS, series=("view",), cumulative=True, from_=date(2024, 1, 8))) == [1, 3]
    both = ask(*ROWS, series=("view", "purchase"), formula="B/A", cumulative=True)
    assert values(both) == [pytest.approx(2 / 3), pytest.approx(3 / 4), pytest.approx(3 / 6)]


def test_the_headline_is_the_last_complete_period(ask):
    headline = ask(*ROWS, series=("view", "purchase:value"), compare="previous").headline
    assert headline["last_1"]["value"] == 1
    assert (headline["last_2"]["value"], headline["last_2"]["n"], headline["last_2"]["label"]) == (
        10, 1, "purchase:value",
    )  # fmt: skip


def test_lines_are_drawn_apart(ask):
    assert len(ask(*ROWS, series=("view", "purchase")).plot().data) == 2
    assert len(ask(*ROWS, series=("view", "purchase"), breakdown="device").plot().data) == 6
    assert ask().rows.num_rows == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 - 2 - 1", 5),
        ("8 / 2 / 2", 2),
        ("-A + 10", 6),
        ("2 * -a", -8),
        ("A / (B - 5)", None),
        ("A * C", None),
        ("0.5*b", 2.5),
        ("((((A))))", 4),
    ],
)
def test_formulas_follow_the_rules_of_arithmetic(text, expected):
    assert evaluate(read_formula(text, "ABC"), {"A": 4.0, "B": 5.0, "C": None}) == expected


@pytest.mark.parametrize("text", ["A +", "(A", "A)", "A B", "D", "A ** 2", "__import__", "", "A;B", "1e9", "(" * 300])
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(UsageError, match="formula"):
        read_formula(text, "ABC")


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"series": ("view:moons",)}, "cannot be counted"),
        ({"series": ("message",)}, "done by the shop"),
        ({"series": ("view",) * 9}, "1 to 8 series"),
        ({"series": ("view",), "formula": "A/B"}, "no series B"),
        ({"measure": "customers", "cumulative": True}, "counted twice"),
        ({"smooth": 2, "cumulative": True}, "smooth already"),
        ({"breakdown": "moon"}, "no dimension"),
    ],
)
def test_what_cannot_be_answered_is_refused(params, says):
    with pytest.raises(UsageError, match=says):
        TrendsParams(**params)
