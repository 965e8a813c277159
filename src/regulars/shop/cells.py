"""Texts in CSV files that people open in a spreadsheet, which takes some for formulas."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc

_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a cell begins with that may be run (OWASP, CSV injection), the full-width forms too."""
_BEGINS = f"\\A([{_FORMULA.replace('-', '')}-])"


def cell(value: Any) -> Any:
    """Return a text that would be taken for a formula with a quote before it; everything else as it is."""
    return "'" + value if isinstance(value, str) and value[:1] and value[0] in _FORMULA else value


def cells(rows: pa.Table) -> pa.Table:
    """Return a table with every text as `cell` has it; numbers and days stay."""
    for place, field in enumerate(rows.schema):
        if pt.is_string(field.type):
            quoted = pc.replace_substring_regex(rows.column(place), _BEGINS, r"'\1")
            rows = rows.set_column(place, field, quoted)
    return rows
