"""Tables of other engines: made ours where that is safe, refused where it is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pytest
from tests.insights.differences import difference
from tests.insights.eventful_shop import eventful_customers, eventful_events, eventful_items

from regulars.core.errors import UsageError
from regulars.core.schema import EVENTS
from regulars.insights import Sources, ask
from regulars.insights.engines import sources_from

QUESTIONS_ASKED = (
    ("orders", {"where": "value>=2,category=Food"}),
    ("promotion-response", {"by": "brand", "min_weeks": 4, "settling_days": 0}),
    ("paths", {"view": "matrix", "by": "category"}),
    ("trends", {"series": "purchase:value", "breakdown": "attribute:tier"}),
)


def _widened(table: pa.Table) -> pa.Table:
    """Return a table as a lakehouse may have it: columns the other way round, and some with names that we use."""
    table = table.select(table.column_names[::-1])
    if "value" in table.column_names:
        at = table.column_names.index("value")
        exact = [None if value is None else Decimal(str(value)) for value in table["value"].to_pylist()]
        table = table.set_column(at, "value", pa.array(exact, pa.decimal128(18, 2)))
    for name in ("group", "n", "unit", "place"):
        table = table.append_column(name, pa.array([7] * table.num_rows))
    return table


@pytest.mark.parametrize(("name", "raw"), QUESTIONS_ASKED)
def test_more_columns_other_orders_and_decimals_change_nothing(engine: Any, name: str, raw: dict[str, Any]) -> None:
    tables = [eventful_events(), eventful_items(), eventful_customers()]
    events, items, customers = (ibis.memtable(table) for table in tables)
    ours = ask(name, Sources(events, engine.to_pyarrow, items, customers), raw)
    theirs = ask(name, sources_from(engine, *(ibis.memtable(_widened(table)) for table in tables)), raw)
    assert ours.rows.num_rows > 0
    assert theirs.rows.schema == ours.rows.schema
    assert difference(ours.rows.to_pylist(), theirs.rows.to_pylist(), "rows") is None


def test_a_column_that_is_not_there_is_named(engine: Any) -> None:
    events = ibis.memtable(eventful_events().drop_columns(["session"]))
    with pytest.raises(UsageError, match="events: the column 'session' is missing"):
        _ = sources_from(engine, events)


@pytest.mark.parametrize(("column", "kind"), [("day", pa.string()), ("subject", pa.int64()), ("time", pa.int64())])
def test_a_column_that_cannot_be_what_it_has_to_be_is_refused(engine: Any, column: str, kind: pa.DataType) -> None:
    """Whether a text is the shop's day, or a number a second or a millisecond, only its owner knows."""
    at = EVENTS.names.index(column)
    events = EVENTS.empty_table().set_column(at, column, pa.array([], kind))
    with pytest.raises(UsageError, match=rf"events\.{column}: is .*Cast it before"):
        _ = sources_from(engine, ibis.memtable(events))


class Elsewhere:
    name = "clickhouse"


def test_an_engine_known_to_answer_wrongly_is_refused() -> None:
    """The engine is found below whatever was done with its table."""
    schema = ibis.Schema.from_pyarrow(EVENTS)
    place = ops.DatabaseTable(name="events", schema=schema, source=Elsewhere(), namespace=ops.Namespace())
    events = place.to_expr()
    for table in (events, events.filter(events.country == "CN").select(*events.columns)):
        with pytest.raises(UsageError, match=r"clickhouse gives other answers.*scale\.md"):
            _ = ask("stickiness", Sources(table, lambda _: pytest.fail("was asked")), {})
