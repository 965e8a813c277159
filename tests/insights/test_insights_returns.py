"""Time to return: waits that ended and waits that have not, counted by one expression."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regulars.core.errors import UsageError
from regulars.insights.kaplan_meier import kaplan_meier
from regulars.insights.returns import ReturnsParams, time_to_return
from regulars.insights.sources import Sources

VISITS = (
    ("a", "2024-01-01", {"channel": "search"}),
    ("a", "2024-01-03", {"channel": "mail"}),
    ("a", "2024-01-08"),
    ("b", "2024-01-02", {"channel": "search"}),
    ("c", "2024-01-05", {"channel": None}),
    ("c", "2024-01-08", {"channel": "mail"}),
    ("d", "2024-01-10", {"channel": "mail"}),
)


def ask(events_of, run, *, rows=VISITS, **params):
    return time_to_return(Sources(events_of(*rows), run), ReturnsParams(**params))


def steps(answer):
    return [(r["days"], r["at_risk"], r["returned"], r["share"]) for r in answer.rows.to_pylist()]


def test_one_wait_a_customer_after_the_first_visit(events_of, run):
    """A waits 2 days, c 3; b has waited 8 by the 10th, and d, who came that day, 0: never at risk of day 1."""
    answer = ask(events_of, run)
    assert steps(answer) == [(0, 4, 0, 0), (2, 3, 1, pytest.approx(1 / 3)), (3, 2, 1, pytest.approx(2 / 3)), (
        8, 1, 0, pytest.approx(2 / 3))]  # fmt: skip
    curve = kaplan_meier((0, 2, 3, 8), (0, 1, 1, 0), (1, 0, 0, 1))
    assert answer.rows["low"].to_pylist()[1] == pytest.approx(1 - curve.high[1])
    assert answer.rows["high"].to_pylist()[2] == pytest.approx(1 - curve.low[2])
    head = answer.headline
    assert (head["median_days"]["value"], head["median_days"]["n"]) == (3, 4)
    assert (head["returned_1"]["value"], head["returned_7"]["value"]) == (0, pytest.approx(2 / 3))
    assert head["returned_30"]["value"] is None


def test_after_each_visit_gives_a_wait_a_day_and_no_interval(events_of, run):
    """Waits 2 and 5 (a), 3 (c) ended; a from the 8th 2, c from the 8th 2, b 8, d 0 have not."""
    answer = ask(events_of, run, after="each")
    assert [(r[0], r[1], r[2]) for r in steps(answer)] == [(0, 7, 0), (2, 6, 1), (3, 3, 1), (5, 2, 1), (8, 1, 0)]
    assert answer.rows["low"].null_count == answer.rows.num_rows
    assert answer.headline["median_days"]["low"] is None
    assert answer.headline["median_days"]["unit"] == "visits"


def test_a_breakdown_goes_by_what_was_known_when_the_wait_began(events_of, run):
    """C's first channel is unknown on the first day; the mail that brought it back must not explain its return."""
    answer = ask(events_of, run, breakdown="first_channel")
    found = {(r["group"], r["days"]): (r["at_risk"], r["returned"]) for r in answer.rows.to_pylist()}
    assert found["search", 0] == (2, 0)
    assert found["search", 2] == (2, 1)
    assert found["", 3] == (1, 1)
    assert found["mail", 0] == (1, 0)
    assert list(dict.fromkeys(answer.rows["group"].to_pylist())) == ["search", "", "mail"]
    assert answer.headline["median_days"]["n"] == 4
    assert 0 < answer.headline["log_rank_p"]["value"] <= 1


def test_small_groups_are_shown_as_one(events_of, run):
    answer = ask(events_of, run, breakdown="channel", groups=1)
    assert set(answer.rows["group"].to_pylist()) == {"search", "…"}


@pytest.mark.parametrize("name", ["segment", "cohort:x", "attribute:tier"])
def test_what_is_known_only_later_is_refused(events_of, run, name):
    with pytest.raises(UsageError, match="may be known only after") as caught:
        ask(events_of, run, breakdown=name)
    assert caught.value.where == "breakdown"


def test_the_first_value_of_all_is_refused_for_later_waits(events_of, run):
    with pytest.raises(UsageError, match="may be known only after"):
        ask(events_of, run, breakdown="first_channel", after="each")
    assert ask(events_of, run, breakdown="channel", after="each").rows.num_rows > 0


def test_kinds_decide_what_begins_and_ends_a_wait(events_of, run):
    rows = (("a", "2024-01-01", "view"), ("a", "2024-01-02"), ("a", "2024-01-05", "view"), ("a", "2024-01-06"))
    assert (4, 1, 1, 1.0) in steps(ask(events_of, run, rows=rows, kinds=("purchase",)))


def test_customers_of_the_datas_beginning_stay_out_where_there_are_others(events_of, run):
    old = [("old", date(2024, 1, 1) + timedelta(days=n)) for n in range(100)]
    rows = (*old, ("new", "2024-03-20"), ("new", "2024-03-27"))
    assert (0, 1, 0, 0) in steps(ask(events_of, run, rows=rows))
    assert steps(ask(events_of, run, rows=rows, settling_days=0))[0] == (0, 2, 0, 0)
    assert steps(ask(events_of, run, rows=old))[0] == (0, 1, 0, 0)


def test_what_the_shop_sends_is_no_return_and_does_not_prolong_a_wait(events_of, run):
    rows = (("a", "2024-01-01"), ("a", "2024-01-02", "message"), ("b", "2024-01-04"), ("b", "2024-01-09", "message"))
    assert [row[:3] for row in steps(ask(events_of, run, rows=rows))] == [(0, 2, 0), (3, 1, 0)]


def test_the_plot_steps_with_a_band_for_each_group(events_of, run):
    assert [trace.mode for trace in ask(events_of, run).plot().data] == ["lines", "lines"]
    assert len(ask(events_of, run, breakdown="channel").plot().data) == 6
    assert ask(events_of, run, rows=()).plot() is not None
