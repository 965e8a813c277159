"""Into which engines' SQL every question compiles, and where Ibis lacks something.

That a question compiles does not say that the engine's answer is ours: Spark's is compared in
test_insights_spark.py, the others' are not. What is known of them is in docs/scale.md.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pytest
from ibis.common.exceptions import OperationNotDefinedError
from tests.insights.eventful_shop import STORES
from tests.insights.spark_cases import ASKED

from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.insights import Sources, ask

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIALECTS = ("clickhouse", "bigquery", "snowflake", "trino")
NO_MEDIAN = ("bigquery", "trino")
"""Ibis knows no exact median there, which times of sessions and funnels need, and the segments of customers."""
NO_BITS = ("snowflake",)
"""Ibis cannot write the sum of bits there that retention by first activity is counted with."""
TABLES = [
    ibis.table(ibis.Schema.from_pyarrow(schema), name=name)
    for schema, name in ((EVENTS, "events"), (ITEMS, "items"), (CUSTOMERS, "customers"))
]


pytestmark = pytest.mark.slow


def _cannot(name: str, raw: dict[str, Any]) -> tuple[str, ...]:
    """Return the dialects into which a question does not compile."""
    if name in ("sessions", "funnel") or raw.get("breakdown") == "segment":
        return NO_MEDIAN
    if name == "retention" and not raw:
        return NO_BITS
    return ()


def _expressions(name: str, raw: dict[str, Any]) -> list[ir.Table]:
    """Return what a question asks its engine."""
    asked: list[ir.Table] = []

    def run(expression: Any) -> pa.Table:
        asked.append(expression)
        if expression.columns == ("first", "last"):
            return pa.table({"first": [date(2024, 1, 1)], "last": [date(2024, 5, 10)]})
        return expression.schema().to_pyarrow().empty_table()

    events, items, customers = TABLES
    cohorts = {"茶客": events.select("subject").distinct()}
    _ = ask(name, Sources(events, run, items, customers, stores=STORES, cohorts=cohorts), raw)
    return asked


def _compiles(expressions: list[ir.Table], dialect: str) -> bool:
    try:
        sql = [ibis.to_sql(expression, dialect=dialect) for expression in expressions]
    except (OperationNotDefinedError, ValueError):
        return False
    return all(str(text).strip() for text in sql)


@pytest.mark.parametrize(("name", "raw"), ASKED, ids=[" ".join([name, *map(str, raw.items())]) for name, raw in ASKED])
def test_a_question_compiles_but_where_ibis_lacks_something(name: str, raw: dict[str, Any]) -> None:
    expressions = _expressions(name, raw)
    assert len(expressions) > 1
    refused = tuple(dialect for dialect in DIALECTS if not _compiles(expressions, dialect))
    assert refused == _cannot(name, raw)
