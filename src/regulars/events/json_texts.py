"""The JSON column of a row, from JSON that came and from columns that have no place of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc
from regulars.events.json_columns import look_up
from regulars.events.texts import as_text, check_json, check_text

if TYPE_CHECKING:
    from regulars.events.checks import Checks
    from regulars.events.rules import Rules


def as_json(checks: Checks, name: str, sources: dict[str, str], rules: Rules, numbers: dict[str, pa.Array]) -> pa.Array:
    """Return the JSON objects of column `name`, null where there is nothing in one.

    Parameters
    ----------
    checks
        The rows.
    name
        `properties` or `attributes`.
    sources
        Name in the object → the file's column.
    rules
        The longest text that is taken.
    numbers
        Name in the object → numbers that are already checked.
    """
    base = as_text(checks, name)
    check_text(checks, name, base, rules.max_field)
    check_json(checks, name, base)
    if not sources and not numbers:
        return base
    if not sources and len(numbers) == 1 and base.null_count == len(base):
        ((key, values),) = numbers.items()
        return pc.binary_join_element_wise(f'{{"{key}":', values.cast(pa.string()), "}", "")
    columns = {key: _values(checks, source) for key, source in sources.items()}
    columns |= {key: values.to_pylist() for key, values in numbers.items()}
    return _joined(checks, name, base.to_pylist(), columns)


def _joined(checks: Checks, name: str, base: list[str | None], columns: dict[str, list[Any]]) -> pa.Array:
    texts: list[str | None] = []
    deep = np.zeros(len(base), dtype=np.bool_)
    for row, values in enumerate(zip(*columns.values(), strict=True)):
        mine = {k: v for k, v in zip(columns, values, strict=True) if v is not None and v != ""}
        try:
            found = orjson.loads(base[row] or "{}")
            whole = {**found, **mine} if isinstance(found, dict) else mine
            texts.append(orjson.dumps(whole, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if whole else None)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            texts.append(None)
            deep[row] = True
    checks.mark(deep, name, "cannot be written as JSON")
    return pa.array(texts, pa.string())


def _values(checks: Checks, source: str) -> list[Any]:
    objects = checks.raw.objects
    if objects is not None and source not in checks.raw.added:
        return look_up(objects, source)
    if source not in checks.raw.columns.column_names:
        return [None] * checks.rows
    column = checks.raw.columns.column(source)
    if pt.is_timestamp(column.type):
        # Nanoseconds have no type in Python.
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return [v if v is None else v.decode("utf-8", "replace") for v in column.cast(pa.binary()).to_pylist()]
