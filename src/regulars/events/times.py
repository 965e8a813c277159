"""Columns of times: found in whatever form they come, then checked for being possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from regulars.events.days import INSTANT, NAIVE, in_zone
from regulars.events.moments import Moments, from_arrow, from_numbers, from_pattern, from_text
from regulars.events.texts import absent, as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.events.checks import Checks
    from regulars.events.rules import Rules

_SLACK = 2 * 86_400 * 1_000_000
"""A wall clock is at most 14 hours from UTC."""


def as_time(checks: Checks, name: str, rules: Rules) -> pa.Array:
    """Return column `name` as instants, marking what is no time and what cannot be true."""
    raw = checks.raw_column(name)
    if raw is None or pt.is_null(raw.type):
        return pa.nulls(checks.rows, INSTANT)
    found, empty = readings(checks, name, rules)
    micros = _instants(found, rules)
    checks.mark(np.isnan(micros) & ~empty, name, "is not a time")
    with np.errstate(invalid="ignore"):
        checks.mark(micros < rules.earliest, name, f"is before {rules.earliest_day}")
        checks.mark(micros > rules.latest, name, "is in the future")
        wrong = ~((micros >= rules.earliest) & (micros <= rules.latest))
    return pa.array(np.where(wrong, 0, micros).astype(np.int64), mask=wrong).cast(INSTANT)


def readings(checks: Checks, name: str, rules: Rules) -> tuple[Moments, NDArray[np.bool_]]:
    """Return what column `name` says about time, nothing checked, and where it says nothing at all."""
    raw = checks.raw_column(name)
    if raw is None or pt.is_null(raw.type):
        return Moments.none(checks.rows), np.ones(checks.rows, dtype=np.bool_)
    number = pt.is_integer(raw.type) or pt.is_floating(raw.type)
    if pt.is_string(raw.type) or pt.is_binary(raw.type) or (number and "%" in rules.time_format):
        text = as_text(checks, name, missing=True)
        if "%" in rules.time_format:
            return from_pattern(text, rules.time_format), absent(text)
        return from_text(text, rules.time_format), absent(text)
    if number:
        return from_numbers(raw.cast(pa.float64(), safe=False), rules.time_format), absent(raw)
    if pt.is_timestamp(raw.type) or pt.is_date(raw.type):
        return from_arrow(raw), absent(raw)
    # Anything else (true, false, a time of day) is no time at all.
    return Moments.none(len(raw)), absent(raw)


def _instants(found: Moments, rules: Rules) -> NDArray[np.float64]:
    """Turn wall-clock readings into instants; far outside the possible they stay as they are."""
    micros = found.micros
    with np.errstate(invalid="ignore"):
        near = (micros > rules.earliest - _SLACK) & (micros < rules.latest + _SLACK)
    chosen = found.wall & near
    if chosen.any():
        wall = pa.array(micros[chosen].astype(np.int64)).cast(NAIVE)
        micros = micros.copy()
        micros[chosen] = in_zone(wall, rules.time_zone).cast(pa.int64()).to_numpy()
    return micros
