"""What a reader hands over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from regulars.core.records import Reject

BATCH_ROWS = 100_000
"""Most rows of one batch."""


@dataclass(frozen=True)
class Raw:
    """Rows as they stand in a file: nothing checked but that they are rows.

    Parameters
    ----------
    file
        Where they come from.
    columns
        The source's own columns, or some of them.
    lines
        The line (in Parquet: the row) of each, counted from 1.
    rejects
        Lines that are no rows.
    objects
        The rows as the objects they were, where the source has objects.
    added
        Columns that a mapping added, which no object has.
    """

    file: str
    columns: pa.Table
    lines: NDArray[np.int64]
    rejects: list[Reject] = field(default_factory=list["Reject"])
    objects: list[dict[str, Any]] | None = None
    added: frozenset[str] = frozenset()

    def pieces(self) -> Iterator[Raw]:
        """Yield the same rows in parts of at most `BATCH_ROWS`."""
        for start in range(0, max(self.columns.num_rows, 1), BATCH_ROWS):
            end = start + BATCH_ROWS
            yield Raw(
                self.file,
                self.columns.slice(start, BATCH_ROWS),
                self.lines[start:end],
                [] if start else self.rejects,
                None if self.objects is None else self.objects[start:end],
                self.added,
            )


@dataclass(frozen=True)
class Batch:
    """Rows of one table that passed every check, and those that did not.

    Parameters
    ----------
    rows
        In the schema of `regulars.core.schema`.
    rejects
        One for each row that was set aside.
    read
        How many rows were read: those of `rows` and `rejects` together.
    """

    rows: pa.Table
    rejects: list[Reject]
    read: int
