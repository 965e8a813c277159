"""Tables as files that people open: CSV that a spreadsheet reads right and runs nothing of, and Parquet."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any, cast

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pyarrow.types as pt

from regulars.core.compute import pc

FORMATS = ("csv", "parquet", "json")
_BOM = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for the encoding of its country, and Chinese for noise."""
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a cell begins with that may be run (OWASP, CSV injection), the full-width forms too."""
_BEGINS = f"\\A([{_FORMULA.replace('-', '')}-])"


def to_csv(rows: pa.Table) -> bytes:
    """Return a table as CSV in UTF-8 with a byte order mark.

    A text that a spreadsheet would run has an apostrophe before it, a column's name too; numbers and times never have.
    Lists and objects are JSON.
    """
    flat = rows.rename_columns([cell(name) for name in rows.column_names])
    for place, field in enumerate(flat.schema):
        flat = flat.set_column(place, field.name, _cells(_flat(flat.column(place))))
    out = io.BytesIO(_BOM)
    _ = out.seek(len(_BOM))
    pa_csv.write_csv(flat, out)
    return out.getvalue()


def to_parquet(rows: pa.Table) -> bytes:
    """Return a table as a Parquet file; columns of one name are told apart by a number behind it."""
    names = _distinct(rows.column_names)
    columns = [_known(column) for column in rows.columns]
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, names=names), out, compression="zstd")
    return out.getvalue().to_pybytes()


def to_rows(rows: pa.Table) -> list[list[Any]]:
    """Return the rows of a table, each a list in the order of the columns, ready for JSON.

    Whole numbers of more than 64 bits and decimals become numbers; intervals become texts.
    """
    columns = [[_plain(value) for value in column.to_pylist()] for column in rows.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def cell(value: Any) -> Any:
    """Return a text that would be taken for a formula with a quote before it; everything else as it is."""
    return "'" + value if isinstance(value, str) and value[:1] and value[0] in _FORMULA else value


def cells(rows: pa.Table) -> pa.Table:
    """Return a table with every text as `cell` has it; numbers and days stay."""
    for place, field in enumerate(rows.schema):
        if _is_text(field.type):
            rows = rows.set_column(place, field, _cells(rows.column(place)))
    return rows


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not _is_text(column.type):
        return column
    return pc.replace_substring_regex(column, _BEGINS, r"'\1")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column that CSV can hold."""
    kind = column.type
    if pt.is_string_view(kind) or pt.is_dictionary(kind):
        return column.cast(pa.string())
    if pt.is_nested(kind) or pt.is_interval(kind) or pt.is_null(kind):
        texts = [None if value is None else _text(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column


def _known(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column that Parquet can hold."""
    return _flat(column) if pt.is_interval(column.type) else column


def _text(value: Any) -> str:
    plain = _plain(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, pa.MonthDayNano):
        return f"{value.months} months {value.days} days {value.nanoseconds / 1e9:g} seconds"
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value


def _distinct(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, one = 1, name
        while one in found:
            number += 1
            one = f"{name}_{number}"
        found.append(one)
    return found
