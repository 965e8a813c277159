"""Keeping score of what is wrong with the rows of a batch: the first problem of each row counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.events.excerpts import reject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.records import Reject
    from regulars.events.batch import Raw
    from regulars.events.plan import Plan


class Checks:
    """Columns of a batch by our names, and the first problem of each row.

    Parameters
    ----------
    raw
        The rows as they stand in the file.
    plan
        Where each column comes from.
    """

    def __init__(self, raw: Raw, plan: Plan) -> None:
        self.raw = raw
        self._plan = plan
        self.rows = raw.columns.num_rows
        self._code = np.zeros(self.rows, dtype=np.int16)
        self._problems: list[tuple[str, str]] = []

    def has(self, name: str) -> bool:
        """Say whether `name` has a source or a constant."""
        return self.raw_column(name) is not None

    def raw_column(self, name: str) -> pa.Array | None:
        """Return the values of our column `name` as they stand in the file; None when there are none."""
        source = self._plan.sources.get(name)
        if source is not None and source in self.raw.columns.column_names:
            column = self.raw.columns.column(source)
            return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if name in self._plan.constants:
            return pa.repeat(pa.scalar(self._plan.constants[name]), self.rows)
        return None

    def mark(self, bad: NDArray[np.bool_], name: str, reason: str) -> None:
        """Note a problem of column `name` for the rows that have none yet."""
        if bad.any():
            self._problems.append((name, reason))
            self._code[bad & (self._code == 0)] = len(self._problems)

    def good(self) -> NDArray[np.bool_]:
        """Return which rows have no problem."""
        return self._code == 0

    def rejects(self) -> list[Reject]:
        """Return one record for each row with a problem, in the order of the file."""
        found: list[Reject] = []
        for row in np.flatnonzero(self._code).tolist():
            name, reason = self._problems[self._code[row] - 1]
            source: str = self._plan.sources.get(name) or name
            found.append(reject(self.raw.file, int(self.raw.lines[row]), source, reason, self._value(source, row)))
        return found

    def _value(self, source: str, row: int) -> Any:
        if source not in self.raw.columns.column_names:
            return None
        value = self.raw.columns.column(source)[row]
        try:
            return value.as_py()
        except (ValueError, OverflowError):
            # Broken UTF-8, or a time that Python's calendar does not have.
            return value.cast(pa.binary()).as_py() if pa.types.is_string(value.type) else value.cast(pa.int64()).as_py()
