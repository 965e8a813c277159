"""Files that people open: a spreadsheet runs nothing of them, shows Chinese, and gets every kind of value."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.export import cell, to_csv, to_parquet, to_rows

ROWS = pa.table(
    {
        "name": pa.array(["茶", "=1+1", None]),
        "=n": pa.array([-1, 2, None], pa.int64()),
        "amount": pa.array([Decimal("1.50"), Decimal("-2.00"), None], pa.decimal128(10, 2)),
        "day": pa.array([date(2024, 3, 1), None, None]),
        "time": pa.array([datetime(2024, 3, 1, 9, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
        "list": pa.array([["a", "=b"], [], None]),
        "object": pa.array([{"a": 1}, None, None], pa.struct([("a", pa.int64())])),
        "gap": pa.array([pa.MonthDayNano([1, 2, 3_000_000_000]), None, None], pa.month_day_nano_interval()),
        "nothing": pa.nulls(3),
    }
)


def test_csv_begins_with_the_mark_that_a_spreadsheet_needs() -> None:
    """UTF-8 with a byte order mark; negative numbers stay numbers, texts and names of columns are guarded."""
    data = to_csv(ROWS)
    assert data.startswith(b"\xef\xbb\xbf")
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"name","\'=n","amount"')
    assert lines[1].startswith('"茶",-1,1.50,2024-03-01,2024-03-01 09:00:00')
    assert '"[""a"",""=b""]"' in lines[1]
    assert '"{""a"":1}"' in lines[1]
    assert "1 months 2 days 3 seconds" in lines[1]
    assert lines[2].startswith('"\'=1+1",2,-2.00,')
    assert lines[3].strip(",") == ""


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\tx", "\rx", "＝1", "＋1", "－1", "＠a"])
def test_a_text_that_would_be_run_has_an_apostrophe_before_it(text: str) -> None:
    """Whatever its alphabet; a number never has."""
    assert cell(text) == "'" + text
    assert to_csv(pa.table({"a": [text]})).decode("utf-8-sig").split("\n", 1)[1].startswith("\"'")
    assert cell(-1) == -1
    assert cell("1-1") == "1-1"


@given(st.lists(st.text(max_size=4), min_size=1, max_size=5))
def test_no_cell_of_any_text_begins_like_a_formula(texts: list[str]) -> None:
    """The rule for one cell and that for a column are one."""
    table = pa.table({"a": pa.array([text for text in texts if text.isprintable()], pa.string())})
    column = to_csv(table).decode("utf-8-sig").splitlines()[1:]
    guarded = [cell(text) for text in table.column("a").to_pylist()]
    assert column == ['"' + text.replace('"', '""') + '"' for text in guarded]


def test_parquet_keeps_types_and_tells_columns_of_one_name_apart() -> None:
    """An interval, which Parquet has no type for, is a text."""
    found = pq.read_table(io.BytesIO(to_parquet(ROWS)))
    assert found.column_names == ROWS.column_names
    assert found.schema.field("amount").type == pa.decimal128(10, 2)
    assert found.column("list").to_pylist() == [["a", "=b"], [], None]
    assert found.column("gap").to_pylist()[0] == "1 months 2 days 3 seconds"
    twice = pa.Table.from_arrays([pa.array([1])] * 3, names=["a", "a_2", "a"])
    assert pq.read_table(io.BytesIO(to_parquet(twice))).column_names == ["a", "a_2", "a_3"]


def test_rows_are_lists_in_the_order_of_the_columns() -> None:
    """Two columns of one name are two values; decimals are numbers."""
    assert to_rows(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])) == [[1, 2]]
    rows = to_rows(ROWS)
    assert rows[0][2:4] == [1.5, date(2024, 3, 1)]
    assert rows[1][2] == -2
    assert rows[0][6] == {"a": 1}
    assert to_rows(pa.table({"a": pa.array([], pa.int64())})) == []
