"""Rules that say of some rows what kind of event they are, or that they are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.events.checks import Checks
from regulars.events.numbers import parse_numbers
from regulars.events.texts import absent, as_text, truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.events.batch import Raw
    from regulars.events.mapping_steps import When

KIND = "kind by rule"
"""The column in which rows get their kind when rules give one."""


def apply_rules(raw: Raw, rules: Sequence[When], kind: str | None, default: str | None) -> Raw:
    """Return the rows that no rule sets aside, with the column `KIND` if a rule gives kinds.

    Parameters
    ----------
    raw
        The rows.
    rules
        In order: the first that fits a row decides.
    kind
        The file's column with the kinds of rows that no rule fits; None: there is none.
    default
        The kind of those rows when there is no such column.
    """
    checks = Checks.of_file(raw)
    chosen = np.zeros(checks.rows, dtype=np.int16)
    for number, rule in enumerate(rules, start=1):
        fits = _fits(checks, rule) & (chosen == 0)
        chosen[fits] = number
        if rule.set_aside:
            checks.mark(fits, rule.column, rule.set_aside)
    columns = raw.columns
    if any(rule.kind for rule in rules):
        usual = as_text(checks, kind) if kind else pa.repeat(pa.scalar(default, pa.string()), checks.rows)
        names = pa.array([rule.kind or None for rule in rules], pa.string())
        given = names.take(pa.array(np.maximum(chosen - 1, 0), mask=chosen == 0))
        columns = columns.append_column(KIND, pc.coalesce(given, usual))
    return checks.settled(columns)


def _fits(checks: Checks, rule: When) -> NDArray[np.bool_]:
    text = as_text(checks, rule.column, missing=True)
    if rule.missing:
        return absent(text)
    if rule.equals:
        return truth(pc.is_in(text, value_set=pa.array(rule.equals, pa.string())))
    if rule.below is not None:
        # What is no number fits no such rule: the checks of the column's own use say so.
        return truth(pc.less(parse_numbers(text)[0], rule.below))
    return truth(pc.starts_with(text, rule.begins_with))
