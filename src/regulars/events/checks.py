"""Keeping score of what is wrong with the rows of a batch: the first problem of each row counts."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from regulars.events.batch import Raw
from regulars.events.excerpts import reject
from regulars.events.plan import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.records import Reject


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

    @classmethod
    def of_file(cls, raw: Raw) -> Self:
        """Return checks of columns by the file's own names."""
        return cls(raw, Plan("", {name: name for name in raw.columns.column_names}))

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

    def settled(self, columns: pa.Table) -> Raw:
        """Return the rows without a problem with these columns; the others become rejects."""
        raw, good = self.raw, self.good()
        added = raw.added | (set(columns.column_names) - set(raw.columns.column_names))
        if good.all():
            return Raw(raw.file, columns, raw.lines, raw.rejects, raw.objects, added)
        objects = None if raw.objects is None else list(compress(raw.objects, good))
        kept = columns.filter(pa.array(good))
        return Raw(raw.file, kept, raw.lines[good], [*raw.rejects, *self.rejects()], objects, added)

    def rejects(self) -> list[Reject]:
        """Return one record for each row with a problem, in the order of the file."""
        bad = np.flatnonzero(self._code)
        codes, lines = self._code[bad], self.raw.lines[bad]
        found: dict[int, Reject] = {}
        for number, (name, reason) in enumerate(self._problems, start=1):
            source: str = self._plan.sources.get(name) or name
            chosen = np.flatnonzero(codes == number)
            values = self._values(source, bad[chosen])
            for place, line, value in zip(chosen.tolist(), lines[chosen].tolist(), values, strict=True):
                found[place] = reject(self.raw.file, line, source, reason, value)
        return [found[place] for place in range(len(bad))]

    def _values(self, source: str, rows: NDArray[np.int64]) -> list[Any]:
        if source not in self.raw.columns.column_names:
            return [None] * len(rows)
        values = self.raw.columns.column(source).take(pa.array(rows))
        try:
            return values.to_pylist()
        except (ValueError, OverflowError):
            return [_plain(value) for value in values]


def _plain(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        # Broken UTF-8, or a time that Python's calendar does not have.
        return value.cast(pa.binary()).as_py() if pa.types.is_string(value.type) else value.cast(pa.int64()).as_py()
