"""Asking an engine that is not the shop's own: its tables made ours, and one whose answers are wrong refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from regulars.core.errors import UsageError
from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.insights.sources import Sources

if TYPE_CHECKING:
    import ibis.expr.datatypes as dt
    import ibis.expr.types as ir
    import pyarrow as pa

WRONG = {"clickhouse": "a missing earlier row is 0 to it rather than unknown, so that first visits count as returns"}
"""Ibis's name of an engine → how its answers to the same expressions differ."""


def sources_from(
    connection: Any, events: ir.Table, items: ir.Table | None = None, customers: ir.Table | None = None, **more: Any
) -> Sources:
    """Return what questions are asked of, from tables of an engine such as Spark.

    Columns that a shop's tables do not have are left out, and numbers of other types (decimals, small integers) are
    cast: sums of decimals would come back as another type than a shop's.

    Parameters
    ----------
    connection
        Ibis's connection to the engine, such as `ibis.pyspark.connect(session)`.
    events, items, customers
        Its tables, with the columns of `regulars.core.schema` in any order.
    more
        Whatever else `Sources` takes: cohorts, stores, divisions.

    Raises
    ------
    UsageError
        A column is missing, or cannot be what it has to be; or the engine's answers are known to be wrong.
    """
    check_engine(events)
    tables = {"events": _conformed(events, EVENTS, "events")}
    if items is not None:
        tables["items"] = _conformed(items, ITEMS, "items")
    if customers is not None:
        tables["customers"] = _conformed(customers, CUSTOMERS, "customers")
    return Sources(run=connection.to_pyarrow, **tables, **more)


def check_engine(events: ir.Table) -> None:
    """Refuse an engine that would answer, and answer wrongly.

    Raises
    ------
    UsageError
        The events are in such an engine.
    """
    name = _engine_of(events)
    if name in WRONG:
        raise UsageError(
            f"{name} gives other answers: {WRONG[name]}",
            where="insights",
            fix="Write its tables to Parquet files and ask Spark or DuckDB (docs/scale.md).",
        )


def _engine_of(table: ir.Table) -> str:
    # Down the events themselves: what they are joined with or filtered by may be thousands of literals.
    node: Any = table.op()
    while (parent := getattr(node, "parent", None)) is not None:
        node = parent
    return str(getattr(getattr(node, "source", None), "name", ""))


def _conformed(table: ir.Table, schema: pa.Schema, where: str) -> ir.Table:
    there: Any = table.schema()
    missing = [name for name in schema.names if name not in there]
    if missing:
        raise UsageError(
            f"the column '{missing[0]}' is missing",
            where=where,
            fix=f"Its columns are {', '.join(schema.names)}; what is not known may be null.",
        )
    wanted: Any = ibis.Schema.from_pyarrow(schema)
    return table.select(**{name: _cast(table[name], wanted[name], f"{where}.{name}") for name in schema.names})


def _cast(column: Any, wanted: dt.DataType, where: str) -> Any:
    found: dt.DataType = column.type()
    # A time may have another precision, or its zone unsaid: casting it could move it by the session's zone.
    alike = (found.is_timestamp() and wanted.is_timestamp()) or (
        found.copy(nullable=True) == wanted.copy(nullable=True)
    )
    if alike:
        return column
    if found.is_null() or (found.is_numeric() and wanted.is_floating()):
        return column.cast(wanted.copy(nullable=True))
    raise UsageError(
        f"is {found}, not {wanted}", where=where, fix="Cast it before: it depends on your data what is right."
    )
