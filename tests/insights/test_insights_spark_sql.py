"""What pages about customers ask also compiles for Spark; the questions themselves run on it elsewhere."""

from __future__ import annotations

from datetime import date

import ibis
import pytest
from ibis.config import Config

from regulars.core.schema import EVENTS, ITEMS
from regulars.insights import customer_history, customer_summaries, top_categories


class SparkOptions(Config):
    """What the Spark backend sets when it is loaded; compiling reads it, Spark itself is not needed."""

    treat_nan_as_null: bool = False


@pytest.fixture(autouse=True)
def spark_options(monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())


EVENTS_TABLE = ibis.table(ibis.Schema.from_pyarrow(EVENTS), name="events")
ITEMS_TABLE = ibis.table(ibis.Schema.from_pyarrow(ITEMS), name="items")


def test_what_pages_about_customers_ask_compiles():
    for expression in (
        customer_summaries(EVENTS_TABLE, date(2024, 1, 1)),
        customer_history(EVENTS_TABLE, ITEMS_TABLE, "a", 10),
        top_categories(EVENTS_TABLE, ITEMS_TABLE, "a"),
    ):
        assert "`events`" in ibis.to_sql(expression, dialect="pyspark")
