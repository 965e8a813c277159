"""A tiny engine and a way to write events down by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pytest

from regulars.core.schema import EVENTS, ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir


@pytest.fixture(scope="session")
def engine() -> Any:
    return ibis.duckdb.connect(threads=1)


@pytest.fixture(scope="session")
def run(engine: Any) -> Callable[[Any], pa.Table]:
    return engine.to_pyarrow


@pytest.fixture(scope="session")
def events_of(engine: Any) -> Callable[..., ir.Table]:
    """Return a function: rows of (subject, day) or (subject, day, kind) or with a dict of more columns."""

    def build(*rows: tuple[Any, ...]) -> ir.Table:
        lines: list[dict[str, Any]] = []
        for number, (subject, day, *rest) in enumerate(rows):
            more: dict[str, Any] = {}
            kind = "purchase"
            for part in rest:
                if isinstance(part, dict):
                    more = part
                else:
                    kind = part
            at = date.fromisoformat(day) if isinstance(day, str) else day
            line = dict.fromkeys(EVENTS.names) | {
                "id": f"e{number:04}",
                "time": datetime(at.year, at.month, at.day, 12, tzinfo=UTC),
                "day": at,
                "subject": subject,
                "kind": kind,
            }
            lines.append(line | more)
        return ibis.memtable(pa.Table.from_pylist(lines, schema=EVENTS))

    return build


@pytest.fixture(scope="session")
def items_of() -> Callable[..., ir.Table]:
    def build(*rows: tuple[str, str | None, str | None]) -> ir.Table:
        lines = [dict.fromkeys(ITEMS.names) | {"item": i, "title": t, "category": c} for i, t, c in rows]
        return ibis.memtable(pa.Table.from_pylist(lines, schema=ITEMS))

    return build


@pytest.fixture
def four_weeks(events_of: Callable[..., ir.Table]) -> ir.Table:
    """Three customers over the weeks from 1, 8, 15 and 22 January 2024; 2024-01-01 was a Monday."""
    return events_of(
        ("b", "2024-01-01"),
        ("a", "2024-01-02"),
        ("a", "2024-01-02", "view"),
        ("a", "2024-01-09"),
        ("c", "2024-01-10", "view"),
        ("b", "2024-01-10", "message"),
        ("c", "2024-01-17"),
        ("a", "2024-01-17", "decision"),
        ("a", "2024-01-23"),
        ("b", "2024-01-28"),
    )
