"""Every expression also compiles for Spark, so a shop that outgrows one machine keeps its questions."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest
from ibis.config import Config

from regulars.core.schema import EVENTS, ITEMS
from regulars.insights import QUESTIONS, ask, customer_history, customer_summaries, top_categories


class SparkOptions(Config):
    """What the Spark backend sets when it is loaded; compiling reads it, Spark itself is not needed."""

    treat_nan_as_null: bool = False


@pytest.fixture(autouse=True)
def spark_options(monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())


EVENTS_TABLE = ibis.table(ibis.Schema.from_pyarrow(EVENTS), name="events")
ITEMS_TABLE = ibis.table(ibis.Schema.from_pyarrow(ITEMS), name="items")


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_each_question_compiles(name, period):
    """One small query finds the days there are; one expression answers."""
    seen = []

    def run(expression):
        seen.append(ibis.to_sql(expression, dialect="pyspark"))
        if len(seen) == 1:
            return pa.table({"first": [date(2024, 1, 1)], "last": [date(2024, 3, 1)]})
        return expression.schema().to_pyarrow().empty_table()

    raw = {"period": period} if "period" in QUESTIONS[name].params.__struct_fields__ else {}
    assert ask(name, EVENTS_TABLE, raw, run).name == name
    assert len(seen) == 2
    assert all("`events`" in sql for sql in seen)


def test_what_pages_about_customers_ask_compiles():
    for expression in (
        customer_summaries(EVENTS_TABLE, date(2024, 1, 1)),
        customer_history(EVENTS_TABLE, ITEMS_TABLE, "a", 10),
        top_categories(EVENTS_TABLE, ITEMS_TABLE, "a"),
    ):
        assert "`events`" in ibis.to_sql(expression, dialect="pyspark")
