"""Kaplan–Meier curves and the log-rank test, against lifelines 0.30.3."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.insights.kaplan_meier import kaplan_meier, log_rank

A = ((0, 1, 2, 3, 5, 8, 13, 40), (0, 9, 4, 3, 2, 2, 1, 0), (2, 0, 1, 0, 3, 0, 2, 5))
B = ((1, 2, 4, 5, 9, 21), (3, 3, 2, 4, 0, 6), (1, 0, 0, 2, 4, 7))
C = ((1, 3, 7), (1, 2, 4), (0, 0, 0))
EXACT = {"rel": 0, "abs": 1e-9}


def test_by_hand():
    """4 at risk: 1 of 4 ends on day 1; of the 2 left after one is lost on day 2, one ends on day 3: ¾ × ½."""
    curve = kaplan_meier((1, 2, 3, 5), (1, 0, 1, 0), (0, 1, 0, 1))
    assert curve.at_risk.tolist() == [4, 3, 2, 1]
    assert curve.survival.tolist() == [0.75, 0.75, 0.375, 0.375]
    assert curve.median()[0] == 3


def test_as_lifelines_with_ties_and_censoring_on_the_same_day():
    """The interval is lifelines' default: symmetric for log(−log S)."""
    curve = kaplan_meier(*A)
    survival = [1, 0.71875, 0.59375, 0.494791666667, 0.428819444444, 0.343055555556, 0.300173611111, 0.300173611111]
    low = [1, 0.5290958736754318, 0.4052165314502106, 0.31269482554439726, 0.2550116168304622, 0.17843671449364124]
    high = [1, 0.8425522816869817, 0.7402031026768832, 0.6532049875745878, 0.5917504811499747, 0.5147317771357167]
    assert curve.survival.tolist() == pytest.approx(survival, **EXACT)
    assert curve.low.tolist() == pytest.approx([*low, 0.14398537014265658, 0.14398537014265658], **EXACT)
    assert curve.high.tolist() == pytest.approx([*high, 0.4736784205687963, 0.4736784205687963], **EXACT)
    assert curve.median() == (3, 2, 13)
    assert kaplan_meier(*B).median() == (21, 5, None)


def test_where_nobody_is_left_the_interval_is_unknown():
    curve = kaplan_meier(*C)
    assert curve.survival.tolist() == pytest.approx([6 / 7, 4 / 7, 0])
    assert np.isnan(curve.low[-1])
    assert curve.median() == (7, 1, None)


def test_the_curve_between_its_steps_and_beyond_its_end():
    curve = kaplan_meier((2, 6), (1, 0), (0, 1))
    assert curve.at(1) == (1, 1, 1)
    assert curve.at(4) == curve.at(2)
    assert curve.at(4)[0] == 0.5
    assert curve.at(7) is None
    assert kaplan_meier((), (), ()).at(0) is None


def test_the_log_rank_test_as_lifelines():
    curves = [kaplan_meier(*data) for data in (A, B, C)]
    three = log_rank(curves)
    assert (three.statistic, three.p) == pytest.approx((5.966802175961142, 0.0506203764058773), **EXACT)
    assert three.degrees == 2
    two = log_rank(curves[:2])
    assert (two.statistic, two.p) == pytest.approx((2.763572800692934, 0.09643265673136277), **EXACT)


def test_without_a_second_group_or_without_events_there_is_nothing_to_test():
    curve, waiting = kaplan_meier(*A), kaplan_meier((3,), (0,), (5,))
    assert log_rank([curve]) is None
    assert log_rank([waiting, waiting]) is None
