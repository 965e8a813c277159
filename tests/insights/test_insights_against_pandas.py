"""The same answers from slow, obvious pandas code on random events."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from regulars.insights.lifecycle import LifecycleParams, lifecycle
from regulars.insights.retention import RetentionParams, retention
from regulars.insights.sources import Sources
from regulars.insights.stickiness import StickinessParams, stickiness

START = date(2023, 11, 15)
SEEDS = [1, 2, 3]


@pytest.fixture(params=SEEDS)
def random_days(request):
    """Forty customers of very different habits over a hundred days, as (subject, day), with repeats."""
    rng = np.random.default_rng(request.param)
    rows = [
        (f"c{customer}", START + timedelta(days=int(day)))
        for customer, visits in enumerate(rng.integers(1, 40, 40))
        for day in rng.integers(0, 100, visits)
    ]
    return pd.DataFrame(rows, columns=["subject", "day"])


@pytest.mark.parametrize("window", [2, 13, 28])
def test_rolling_distinct_customers(events_of, run, random_days, window):
    rows = stickiness(
        Sources(events_of(*random_days.itertuples(index=False)), run), StickinessParams(window=window, from_=START)
    ).rows.to_pandas()
    first, last = random_days.day.min(), random_days.day.max()
    assert len(rows) == (last - first).days + 1
    for row in rows.itertuples():
        for width, found in ((1, row.dau), (7, row.wau), (window, row.mau)):
            inside = random_days[(random_days.day <= row.day) & (random_days.day > row.day - timedelta(days=width))]
            assert found == inside.subject.nunique()


@pytest.mark.parametrize("period", ["week", "month"])
def test_cohort_retention(events_of, run, random_days, period):
    rows = retention(Sources(events_of(*random_days.itertuples(index=False)), run), RetentionParams(period=period)).rows
    starts = pd.to_datetime(random_days.day).dt.to_period("W-SUN" if period == "week" else "M")
    frame = random_days.assign(period=starts)
    first = frame.groupby("subject").period.min()
    last = pd.Timestamp(frame.day.max())
    expected = []
    for cohort in sorted(first.unique()):
        members = set(first[first == cohort].index)
        for since in range(13):
            if (cohort + since).end_time.normalize() > last:
                break
            back = set(frame[frame.period == cohort + since].subject) & members
            expected.append((cohort.start_time.date(), since, len(members), len(back)))
    found = [(r["cohort"], r["period"], r["customers"], r["returned"]) for r in rows.to_pylist()]
    assert found == expected
    assert found


@pytest.mark.parametrize("period", ["week", "month"])
def test_lifecycle_by_sets(events_of, run, random_days, period):
    rows = lifecycle(Sources(events_of(*random_days.itertuples(index=False)), run), LifecycleParams(period=period)).rows
    starts = pd.to_datetime(random_days.day).dt.to_period("W-SUN" if period == "week" else "M")
    last = pd.Timestamp(random_days.day.max())
    seen: set[str] = set()
    before: set[str] = set()
    found = rows.to_pylist()
    assert len(found) == len(starts.unique())
    for row, at in zip(found, pd.period_range(starts.min(), starts.max(), freq=starts.dt.freq), strict=True):
        now = set(random_days[starts == at].subject)
        assert row["period"] == at.start_time.date()
        assert row["new"] == len(now - seen)
        assert row["returning"] == len(now & before)
        assert row["resurrected"] == len((now & seen) - before)
        over = at.end_time.normalize() <= last
        assert row["dormant"] == (-len(before - now) if over else None)
        if over:
            assert len(now) == len(before) + row["new"] + row["resurrected"] + row["dormant"]
        seen, before = seen | now, now
