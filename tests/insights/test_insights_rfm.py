"""RFM: fifths that keep equal values together, and the segments' map."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regulars.insights.intervals import wilson
from regulars.insights.rfm import SEGMENTS, RfmParams, rfm, rfm_scores
from regulars.insights.sources import Sources

LAST = date(2024, 6, 30)


def buyers(events_of, *people):
    """Build orders: (name, days since the last one, number of orders, worth of each)."""
    rows = [
        (name, LAST - timedelta(days=since + n), {"value": worth})
        for name, since, orders, worth in people
        for n in range(orders)
    ]
    return events_of(*rows)


def scores(events, run, **more):
    rows = run(rfm_scores(Sources(events, run), LAST, **more)).to_pylist()
    return {row["subject"]: (row["recency"], row["frequency"], row["money"], row["group"]) for row in rows}


def test_five_different_buyers_have_the_five_scores(events_of, run):
    """The k-th of five is in the k-th fifth, for each of the three."""
    people = [("a", 0, 5, 1.0), ("b", 10, 4, 2.0), ("c", 20, 3, 4.0), ("d", 30, 2, 8.0), ("e", 40, 1, 50.0)]
    assert scores(buyers(events_of, *people), run) == {
        "a": (5, 5, 1, "Champions"),
        "b": (4, 4, 2, "Loyal"),
        "c": (3, 3, 3, "Need attention"),
        "d": (2, 2, 4, "Hibernating"),
        "e": (1, 1, 5, "Lost"),
    }


def test_equal_values_share_a_score(events_of, run):
    """Of ten buyers seven came today and have 5; the others have seven before them, 35 ≥ 3 × 10: 5 − 3 = 2.

    Eight ordered once and have 1; the ninth has 8 below, 40 ≥ 4 × 10: 5, as the tenth with 9 below.
    """
    people = [(f"p{n}", 0 if n < 7 else 9, 1 if n < 8 else n, 3.0) for n in range(10)]
    found = scores(buyers(events_of, *people), run)
    assert [found[f"p{n}"][0] for n in range(10)] == [5] * 7 + [2] * 3
    assert [found[f"p{n}"][1] for n in range(10)] == [1] * 8 + [5] * 2
    assert [found[f"p{n}"][2] for n in range(10)] == [1] * 8 + [5] * 2
    assert (found["p0"][3], found["p7"][3], found["p9"][3]) == ("New", "Hibernating", "Can't lose them")


def test_spends_that_differ_by_less_than_a_cent_are_equal(events_of, run):
    events = events_of(*[("a", LAST, {"value": 0.1})] * 3, ("b", LAST, {"value": 0.3}))
    found = scores(events, run)
    assert found["a"][2] == found["b"][2] == 1


def test_every_pair_of_scores_has_one_segment():
    cells = [cell for of in SEGMENTS.values() for cell in of]
    assert sorted(cells) == [(r, f) for r in range(1, 6) for f in range(1, 6)]


def test_lines_of_one_session_are_one_order_and_viewers_are_no_buyers(events_of, run):
    events = events_of(
        ("a", LAST, {"session": "s", "value": 1.0}), ("a", LAST, {"session": "s", "value": 2.0}), ("b", LAST, "view")
    )
    [row] = run(rfm_scores(Sources(events, run), LAST)).to_pylist()
    assert (row["subject"], row["orders"], row["spend"], row["days_since"]) == ("a", 1, 3.0, 0)


def test_only_the_last_days_count_when_asked(events_of, run):
    events = buyers(events_of, ("a", 0, 1, 1.0), ("b", 30, 4, 1.0))
    assert set(scores(events, run, days=30)) == {"a"}
    assert set(scores(events, run, days=31)) == {"a", "b"}


def test_the_answer_counts_and_adds_up(events_of, run):
    people = [("a", 0, 5, 1.0), ("b", 10, 4, 2.0), ("c", 20, 3, 4.0), ("d", 30, 2, 8.0), ("e", 40, 1, 50.0)]
    sources = Sources(buyers(events_of, *people), run)
    answer = rfm(sources, RfmParams())
    assert answer.rows.num_rows == 25
    [row] = [r for r in answer.rows.to_pylist() if (r["recency"], r["frequency"]) == (4, 4)]
    assert (row["segment"], row["customers"], row["orders"], row["spend"]) == ("Loyal", 1, 4, 8)
    assert row["days_since"] == 10
    assert sum(answer.rows["share"].to_pylist()) == pytest.approx(1)
    assert sum(answer.rows["revenue_share"].to_pylist()) == pytest.approx(1)
    assert sum(answer.rows["revenue"].to_pylist()) == pytest.approx(5 + 8 + 12 + 16 + 50)
    assert answer.headline["customers"]["value"] == 5
    head = answer.headline["champions"]
    assert (head["value"], head["low"], head["high"]) == (0.2, *wilson(1, 5))
    assert answer.headline["champions_revenue"]["value"] == pytest.approx(5 / 91)
    segments = rfm(sources, RfmParams(show="segments"))
    assert segments.rows["segment"].to_pylist() == list(SEGMENTS)
    assert [trace.type for trace in segments.plot().data] == ["bar", "bar"]
    assert answer.plot().data[0].type == "heatmap"


def test_a_shop_without_orders_has_no_rows(events_of, run):
    for events in (events_of(), events_of(("a", LAST, "view"))):
        answer = rfm(Sources(events, run), RfmParams())
        assert answer.rows.num_rows == 0
        assert answer.headline["customers"]["value"] == 0
        assert answer.plot() is not None
