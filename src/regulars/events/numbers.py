"""Columns of numbers: quantities, values, places on earth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc
from regulars.events.texts import absent, as_text, truth

if TYPE_CHECKING:
    from regulars.events.checks import Checks

NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"


def as_number(checks: Checks, name: str, low: float = 0.0, high: float = float("inf")) -> pa.Array:
    """Return column `name` as numbers from `low` to `high`, marking what is none."""
    raw = checks.raw_column(name)
    if raw is None or pt.is_null(raw.type):
        return pa.nulls(checks.rows, pa.float64())
    if pt.is_integer(raw.type) or pt.is_floating(raw.type):
        number = raw.cast(pa.float64(), safe=False)
        number = pc.if_else(pc.is_nan(number), pa.scalar(None, pa.float64()), number)
    elif pt.is_string(raw.type) or pt.is_binary(raw.type):
        text = as_text(checks, name, missing=True)
        number, wrong = parse_numbers(text)
        checks.mark(truth(wrong), name, "is not a number")
    else:
        checks.mark(~absent(raw), name, f"is {raw.type}, where a number is expected")
        return pa.nulls(checks.rows, pa.float64())
    values = number.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        checks.mark(np.isinf(values), name, "is not a finite number")
        checks.mark(values < low, name, "is negative" if low == 0 else f"is below {low:g}")
        checks.mark(values > high, name, f"is above {high:g}")
    return number


def parse_numbers(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts as numbers, null where one is no number, and a mask of those."""
    shaped = pc.match_substring_regex(text, NUMBER)
    wrong = pc.and_kleene(pc.invert(shaped), text.is_valid())
    if pc.any(wrong).as_py():
        text = pc.if_else(shaped, text, pa.scalar(None, pa.string()))
    return text.cast(pa.float64()), wrong
