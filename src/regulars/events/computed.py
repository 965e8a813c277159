"""Columns computed from others: products, first values, texts, moments of a day."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.events.checks import Checks
from regulars.events.days import NAIVE
from regulars.events.mapping_steps import PLACE
from regulars.events.numbers import as_number
from regulars.events.texts import as_text
from regulars.events.times import readings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.events.batch import Raw
    from regulars.events.mapping_steps import Computed
    from regulars.events.rules import Rules

_MICROS = {"s": 1_000_000, "ms": 1_000}
_DAY = 86_400 * 1_000_000


def add_computed(raw: Raw, columns: Mapping[str, Computed], rules: Rules) -> Raw:
    """Return the rows with a column more for each of `columns`; rows where one cannot be computed are set aside.

    Parameters
    ----------
    raw
        The rows.
    columns
        By name; one may use those before it.
    rules
        How times are written.
    """
    for name, how in columns.items():
        checks = Checks.of_file(raw)
        column = _compute(checks, how, rules)
        raw = checks.settled(raw.columns.append_column(name, column))
    return raw


def _compute(checks: Checks, how: Computed, rules: Rules) -> pa.Array:
    if how.product:
        product = reduce(pc.multiply, (as_number(checks, name, low=float("-inf")) for name in how.product))
        return pc.abs(product) if how.absolute else product
    if how.first:
        return pc.coalesce(*(as_text(checks, name, missing=True) for name in how.first))
    if how.text:
        return _filled(checks, how.text)
    return _moment(checks, how, rules)


def _filled(checks: Checks, template: str) -> pa.Array:
    # Splitting by a pattern with one group leaves texts at even places, names at odd ones.
    parts = [
        as_text(checks, part, missing=True) if place % 2 else pa.repeat(pa.scalar(part), checks.rows)
        for place, part in enumerate(PLACE.split(template))
    ]
    return pc.binary_join_element_wise(*parts, "", null_handling="emit_null")


def _moment(checks: Checks, how: Computed, rules: Rules) -> pa.Array:
    """Return wall-clock moments: the beginning of the day and the offset within it."""
    days, empty = readings(checks, how.day, rules)
    checks.mark(np.isnan(days.micros) & ~empty, how.day, "is not a day")
    checks.mark(~np.isnan(days.micros) & ~days.wall, how.day, "is a moment, where a day is expected")
    offset = as_number(checks, how.offset).to_numpy(zero_copy_only=False) * _MICROS[how.unit]
    with np.errstate(invalid="ignore"):
        moments = np.floor(days.micros / _DAY) * _DAY + np.rint(offset) % _DAY
    missing = np.isnan(moments) | ~checks.good()
    return pa.array(np.where(missing, 0, moments).astype(np.int64), mask=missing).cast(NAIVE)
