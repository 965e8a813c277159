"""The questions about buying and searching are one expression each, which compiles for Spark too."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
import pytest
from ibis.config import Config

from regulars.core.schema import EVENTS, ITEMS
from regulars.insights import ask
from regulars.insights.sources import Sources


class SparkOptions(Config):
    """What the Spark backend sets when it is loaded; compiling reads it, Spark itself is not needed."""

    treat_nan_as_null: bool = False


@pytest.fixture(autouse=True)
def spark_options(monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())


EVENTS_TABLE = ibis.table(ibis.Schema.from_pyarrow(EVENTS), name="events")
ITEMS_TABLE = ibis.table(ibis.Schema.from_pyarrow(ITEMS), name="items")


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("affinity", {}),
        ("affinity", {"by": "brand", "item": "x"}),
        ("price-response", {}),
        ("price-response", {"by": "item"}),
        ("promotion-response", {"campaign": "true"}),
        ("promotion-response", {"by": "item"}),
        ("products", {}),
        ("products", {"by": "category"}),
        ("search", {}),
        ("search", {"by": "period"}),
    ],
)
def test_one_expression_answers(name, raw):
    seen = []

    def run(expression):
        if expression.columns == ("day",):
            return pa.table({"day": [date(2024, 1, 1), date(2024, 3, 31)]})
        seen.append(ibis.to_sql(expression, dialect="pyspark"))
        if set(expression.columns) == {"first", "last"}:
            return pa.table({"first": [date(2024, 1, 1)], "last": [date(2024, 3, 31)]})
        return expression.schema().to_pyarrow().empty_table()

    answer = ask(name, Sources(EVENTS_TABLE, run, items=ITEMS_TABLE), raw)
    # An engine that finds nothing still has zeros for the periods there are.
    assert answer.rows.num_rows == (13 if raw == {"by": "period"} else 0)
    assert len([sql for sql in seen if "`day`) AS `first`" not in sql]) == 1
