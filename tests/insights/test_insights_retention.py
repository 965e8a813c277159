"""Retention: cohorts by first activity, followed period by period."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from regulars.core.errors import UsageError
from regulars.insights import retention_cells
from regulars.insights.intervals import wilson
from regulars.insights.retention import RetentionParams, retention
from regulars.insights.sources import Sources


def cells(answer):
    return [(r["cohort"].day, r["period"], r["customers"], r["returned"]) for r in answer.rows.to_pylist()]


def test_four_weeks_by_hand(four_weeks, run):
    """Week 1 cohort {a, b}: a in week 2, nobody in 3, both in 4. Week 2 cohort {c}: c in week 3, not in 4."""
    answer = retention(Sources(four_weeks, run), RetentionParams())
    assert cells(answer) == [
        (1, 0, 2, 2),
        (1, 1, 2, 1),
        (1, 2, 2, 0),
        (1, 3, 2, 2),
        (8, 0, 1, 1),
        (8, 1, 1, 1),
        (8, 2, 1, 0),
    ]
    assert answer.rows["share"].to_pylist() == [1, 0.5, 0, 1, 1, 1, 0]
    assert (answer.rows["low"][1].as_py(), answer.rows["high"][1].as_py()) == wilson(1, 2)


def test_a_week_that_is_not_over_is_left_out(four_weeks, run):
    answer = retention(Sources(four_weeks, run), RetentionParams(to=date(2024, 1, 27)))
    assert cells(answer) == [(1, 0, 2, 2), (1, 1, 2, 1), (1, 2, 2, 0), (8, 0, 1, 1), (8, 1, 1, 1)]


def test_to_beyond_the_data_does_not_finish_a_period(events_of, run):
    """Nobody knows what happened after the last day: it is not a week in which nobody came."""
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-07"))
    assert cells(retention(Sources(events, run), RetentionParams(to=date(2024, 3, 1)))) == [(1, 0, 1, 1)]


def test_from_leaves_out_cohorts_but_not_history(four_weeks, run):
    """With cohorts from week 3 on nobody is new: a, b and c all came before."""
    answer = retention(Sources(four_weeks, run), RetentionParams(from_=date(2024, 1, 8)))
    assert cells(answer) == [(8, 0, 1, 1), (8, 1, 1, 1), (8, 2, 1, 0)]
    assert cells(retention(Sources(four_weeks, run), RetentionParams(from_=date(2024, 1, 15)))) == []


def test_the_headline_pools_the_cohorts_that_got_that_far(four_weeks, run):
    """Week 1: one of {a, b} and c of {c}, so 2 of 3."""
    head = retention(Sources(four_weeks, run), RetentionParams()).headline
    low, high = wilson(2, 3)
    assert head["week_1"] == {"value": pytest.approx(2 / 3), "low": low, "high": high, "n": 3, "unit": "customers"}
    assert head["week_4"] == {"value": None, "low": None, "high": None, "n": 0, "unit": "customers"}
    assert list(head) == ["week_1", "week_4", "week_8"]


def test_by_month_and_by_day(four_weeks, run):
    by_month = retention(Sources(four_weeks, run), RetentionParams(period="month"))
    assert cells(by_month) == []
    by_day = retention(Sources(four_weeks, run), RetentionParams(period="day", periods=7))
    assert (2, 7, 1, 1) in cells(by_day)
    assert list(by_day.headline) == ["day_1", "day_7"]


def test_kinds_decide_what_first_means(four_weeks, run):
    """By purchases alone c is first seen on the 17th."""
    answer = retention(Sources(four_weeks, run), RetentionParams(kinds=("purchase",)))
    assert (15, 0, 1, 1) in cells(answer)


def test_the_plot_is_a_heat_map_of_every_cell(four_weeks, run):
    answer = retention(Sources(four_weeks, run), RetentionParams())
    [heat] = answer.plot().data
    assert heat.type == "heatmap"
    assert len(heat.z) == answer.rows.num_rows


def test_the_headline_leaves_out_cohorts_of_the_datas_beginning(events_of, run):
    """Old customers fill the first cohort and always return; those who are really new never do."""
    old = [(f"old{n}", day) for n in range(3) for day in ("2024-01-01", "2024-01-08", "2024-04-01", "2024-04-08")]
    events = events_of(*old, ("new", "2024-03-04"), ("end", "2024-04-14"))
    settled = retention(Sources(events, run), RetentionParams()).headline["week_1"]
    assert (settled["value"], settled["n"]) == (0.0, 1)
    everyone = retention(Sources(events, run), RetentionParams(settling_days=0)).headline["week_1"]
    assert (everyone["value"], everyone["n"]) == (0.75, 4)


def ask(events, run, **params):
    return retention(Sources(events, run), RetentionParams(**params))


def test_recurring_cohorts_are_all_who_came(four_weeks, run):
    """Week 1 {a, b}, week 2 {a, c}, week 3 {c}, week 4 {a, b}: of {a, c} c comes in week 3 and a in week 4."""
    answer = ask(four_weeks, run, variant="recurring")
    assert cells(answer) == [
        (1, 0, 2, 2),
        (1, 1, 2, 1),
        (1, 2, 2, 0),
        (1, 3, 2, 2),
        (8, 0, 2, 2),
        (8, 1, 2, 1),
        (8, 2, 2, 1),
        (15, 0, 1, 1),
        (15, 1, 1, 0),
        (22, 0, 2, 2),
    ]
    head = answer.headline["week_1"]
    assert (head["value"], head["n"], head["low"]) == (pytest.approx(2 / 5), 5, None)
    assert answer.rows["low"][1].as_py() == wilson(1, 2)[0]


def test_unbounded_counts_who_comes_then_or_later(four_weeks, run):
    """Up to week 2: a comes in week 1 and b not at all; c in week 1. Week 2 of the cohort of week 2 is over."""
    answer = ask(four_weeks, run, variant="unbounded", periods=2)
    assert cells(answer) == [(1, 0, 2, 2), (1, 1, 2, 1), (1, 2, 2, 0), (8, 0, 1, 1), (8, 1, 1, 1), (8, 2, 1, 0)]
    longer = ask(four_weeks, run, variant="unbounded", periods=3)
    assert cells(longer) == [(1, 0, 2, 2), (1, 1, 2, 2), (1, 2, 2, 2), (1, 3, 2, 2)]
    assert cells(ask(four_weeks, run, variant="unbounded", periods=4)) == []


def test_one_kind_makes_the_cohort_and_another_is_the_return(events_of, run):
    """Of two viewers of week 1 one buys in that week and one in the next; who only buys is in no cohort."""
    events = events_of(
        ("a", "2024-01-01", "view"),
        ("a", "2024-01-02"),
        ("b", "2024-01-03", "view"),
        ("b", "2024-01-09"),
        ("b", "2024-01-10", "view"),
        ("c", "2024-01-10"),
        ("a", "2024-01-14", "search"),
    )
    answer = ask(events, run, cohort_kinds=("view",), return_kinds=("purchase",))
    assert cells(answer) == [(1, 0, 2, 1), (1, 1, 2, 1)]
    assert cells(ask(events, run, return_kinds=("purchase",)))[0] == (1, 0, 2, 1)


def test_a_breakdown_pools_the_cohorts_of_each_group(four_weeks, events_of, run):
    """Found by search: a and c, by mail: b. One week later a and c came and b did not; two later nobody."""
    events = events_of(
        ("a", "2024-01-01", {"channel": "search"}),
        ("a", "2024-01-08"),
        ("b", "2024-01-02", {"channel": "mail"}),
        ("b", "2024-01-09"),
        ("c", "2024-01-10", {"channel": "search"}),
        ("d", "2024-01-03"),
        ("d", "2024-01-21", "view"),
    )
    answer = ask(events, run, breakdown="first_channel", periods=2)
    found = [(r["group"], r["period"], r["customers"], r["returned"]) for r in answer.rows.to_pylist()]
    assert found == [
        ("search", 0, 2, 2),
        ("search", 1, 2, 1),
        ("search", 2, 1, 0),
        ("", 0, 1, 1),
        ("", 1, 1, 0),
        ("", 2, 1, 1),
        ("mail", 0, 1, 1),
        ("mail", 1, 1, 1),
        ("mail", 2, 1, 0),
    ]
    assert answer.rows["low"][1].as_py() == wilson(1, 2)[0]
    assert answer.headline["week_1"] == ask(events, run, periods=2).headline["week_1"]
    assert len(answer.plot().data) == 6
    small = ask(events, run, breakdown="first_channel", periods=2, groups=1)
    assert list(dict.fromkeys(small.rows["group"].to_pylist())) == ["search", "…"]


def test_a_breakdown_is_of_customers(four_weeks, run):
    with pytest.raises(UsageError, match="belongs to events") as caught:
        ask(four_weeks, run, breakdown="channel")
    assert (caught.value.where, caught.value.fix) == ("breakdown", "Use first_channel.")


@pytest.mark.parametrize("name", ["cohort_kinds", "return_kinds"])
def test_what_the_shop_does_makes_no_cohort_and_is_no_return(four_weeks, run, name):
    with pytest.raises(UsageError, match="done by the shop") as caught:
        ask(four_weeks, run, **{name: ("message",)})
    assert caught.value.where == name


@pytest.mark.parametrize(
    "params", [{"period": "day", "from_": date(2024, 1, 20), "periods": 104}, {}, {"period": "month"}]
)
def test_bits_and_pairs_count_alike(events_of, run, monkeypatch, params):
    """Two years of days do not fit into one word; 120 customers with gaps of all lengths."""
    source, rows = random.Random(7), []
    for customer in range(120):
        day = date(2024, 1, 1) + timedelta(days=source.randrange(300))
        while day < date(2024, 12, 29):
            rows.append((f"c{customer}", day))
            day += timedelta(days=source.choice([1, 1, 2, 7, 30, 63, 90]))
    events = events_of(*rows, ("end", "2024-07-01"))
    params = {"to": date(2024, 9, 15), **params}
    by_bits = ask(events, run, **params)
    monkeypatch.setattr(retention_cells, "MOST_WORDS", 0)
    by_pairs = ask(events, run, **params)
    assert by_bits.rows.num_rows > 5
    assert by_bits.rows.equals(by_pairs.rows)
    assert by_bits.headline == by_pairs.headline


def test_a_shop_without_events_has_no_rows_of_any_variant(events_of, run):
    for params in ({"variant": "recurring"}, {"variant": "unbounded"}, {"breakdown": "first_month"}):
        answer = ask(events_of(), run, **params)
        assert answer.rows.num_rows == 0
        assert answer.plot() is not None


@pytest.mark.parametrize("variant", ["first-time", "recurring", "unbounded"])
def test_every_variant_counts_as_sets_of_customers_do(events_of, run, variant):
    """Against Python's sets: 60 customers over 20 weeks, cohorts by views, returns by purchases."""
    source, start = random.Random(5), date(2024, 1, 1)
    rows = [
        (f"c{source.randrange(60)}", start + timedelta(days=source.randrange(140)), source.choice(["view", "purchase"]))
        for _ in range(400)
    ]
    answer = ask(
        events_of(*rows, ("end", start + timedelta(days=139), "search")), run,
        variant=variant, cohort_kinds=("view",), return_kinds=("purchase",), periods=5,
    )  # fmt: skip
    weeks = {
        kind: {(who, (day - start).days // 7) for who, day, k in rows if k == kind} for kind in ("view", "purchase")
    }
    expected = []
    for week in range(20):
        cohort = {who for who, w in weeks["view"] if w == week}
        if variant != "recurring":
            cohort -= {who for who, w in weeks["view"] if w < week}
        for since in range(6):
            last = since if variant != "unbounded" else 5
            if not cohort or week + last > 19:
                continue
            came = {who for who, w in weeks["purchase"] if week + since <= w <= week + last}
            expected.append((start + timedelta(days=7 * week), since, len(cohort), len(cohort & came)))
    found = [(r["cohort"], r["period"], r["customers"], r["returned"]) for r in answer.rows.to_pylist()]
    assert found == expected
    assert len(found) > 50
