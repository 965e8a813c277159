"""What questions about coming back ask beyond their defaults compiles for Spark too, as one expression each."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest
from ibis.config import Config

from regulars.core.schema import CUSTOMERS, EVENTS
from regulars.insights import ask
from regulars.insights.cohort_rules import read_rules
from regulars.insights.cohorts import cohort_members
from regulars.insights.dimensions import customer_groups
from regulars.insights.sources import Sources


class SparkOptions(Config):
    """What the Spark backend sets when it is loaded; compiling reads it, Spark itself is not needed."""

    treat_nan_as_null: bool = False


@pytest.fixture(autouse=True)
def spark_options(monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())


EVENTS_TABLE = ibis.table(ibis.Schema.from_pyarrow(EVENTS), name="events")
CUSTOMERS_TABLE = ibis.table(ibis.Schema.from_pyarrow(CUSTOMERS), name="customers")


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("retention", {"variant": "recurring"}),
        ("retention", {"variant": "unbounded", "period": "month"}),
        ("retention", {"cohort_kinds": "view", "return_kinds": "purchase"}),
        ("retention", {"breakdown": "first_channel"}),
        ("stickiness", {"breakdown": "first_month"}),
        ("days-active", {"breakdown": "segment"}),
        ("time-to-return", {"after": "each", "breakdown": "device"}),
        ("time-to-return", {"breakdown": "first_month"}),
        ("rfm", {"days": 365, "show": "segments"}),
    ],
)
def test_each_way_of_asking_compiles(name, params):
    seen = []

    def run(expression):
        if expression.columns == ("first", "last"):
            return pa.table({"first": [date(2023, 1, 1)], "last": [date(2024, 3, 1)]})
        if expression.columns == ("day",):
            return pa.table({"day": [date(2023, 1, 1), date(2024, 3, 1)]})
        seen.append(ibis.to_sql(expression, dialect="pyspark"))
        return expression.schema().to_pyarrow().empty_table()

    sources = Sources(EVENTS_TABLE, run, customers=CUSTOMERS_TABLE)
    assert ask(name, sources, params).rows.num_rows == 0 or name == "days-active"
    assert len(seen) == 1


def test_every_kind_of_rule_compiles():
    rules = ["purchase >= 3 in 90 days", "no view in 30 days", "spend < 100", "first seen in 30 days", "country!=CN"]
    more = ["value>=10", "attribute:tier=gold", "rfm=Champions"]
    sources = Sources(EVENTS_TABLE, lambda _: None, customers=CUSTOMERS_TABLE)
    members = cohort_members(sources, read_rules([*rules, *more]), date(2024, 1, 1), ["a", "b"])
    assert "`events`" in ibis.to_sql(members, dialect="pyspark")
    assert "`events`" in ibis.to_sql(customer_groups(sources, "rfm", date(2024, 1, 1)), dialect="pyspark")
