"""What is asked about places, channels and ties is one expression a question, and compiles for Spark."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest
from ibis.config import Config

from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.core.settings import StoreSettings
from regulars.insights import ask
from regulars.insights.sources import Sources

TABLES = [
    ibis.table(ibis.Schema.from_pyarrow(schema), name=name)
    for schema, name in ((EVENTS, "events"), (ITEMS, "items"), (CUSTOMERS, "customers"))
]


class SparkOptions(Config):
    """What the Spark backend sets when it is loaded; compiling reads it, Spark itself is not needed."""

    treat_nan_as_null: bool = False


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("places", {"level": "province"}),
        ("places", {"level": "city_division"}),
        ("places", {"level": "distance"}),
        ("channels", {"across": "device"}),
        ("channels", {"touch": "first"}),
        ("social", {}),
        ("households", {"fields": "attribute:household,property:terminal"}),
        ("influence", {"ties": "referrals"}),
        ("influence", {"ties": "households"}),
        ("communities", {}),
    ],
)
def test_each_is_one_expression_and_compiles(monkeypatch, name, raw):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    seen = []

    def run(expression):
        sql = ibis.to_sql(expression, dialect="pyspark")
        if expression.schema().names == ("first", "last"):
            return pa.table({"first": [date(2024, 1, 1)], "last": [date(2024, 3, 1)]})
        if expression.columns == ("day",):
            return pa.table({"day": [date(2024, 1, 1), date(2024, 3, 1)]})
        seen.append(sql)
        return expression.schema().to_pyarrow().empty_table()

    events, items, customers = TABLES
    stores = (StoreSettings(latitude=52.52, longitude=13.405),)
    assert ask(name, Sources(events, run, items, customers, stores=stores), raw).name == name
    assert len(seen) == 1
    assert "`events`" in seen[0]
