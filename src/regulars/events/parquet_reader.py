"""Parquet files; a 'line' is the row's number, from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from regulars.core.errors import InputError
from regulars.events.batch import BATCH_ROWS, Raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ParquetSource:
    """A Parquet file that was opened and whose columns are known.

    Raises
    ------
    InputError
        It is not a Parquet file, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def names(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._file.schema_arrow.names)

    def total(self) -> int:
        """Return the number of rows."""
        return self._file.metadata.num_rows

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def rows(self, names: list[str], scalars: frozenset[str]) -> Iterator[Raw]:
        """Yield the columns `names`, of which `scalars` must have one value a row.

        Raises
        ------
        InputError
            One of them holds lists or structures, or the file is damaged further on.
        """
        for name in names:
            kind = self._file.schema_arrow.field(name).type
            if name in scalars and pt.is_nested(kind):
                raise InputError(f"column '{name}' holds {kind}, where one value is expected", where=self.name)
        start = 1
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS, columns=names):
                table = pa.Table.from_batches([batch])
                table = pa.table([_simple(column) for column in table.columns], names=table.column_names)
                yield Raw(self.name, table, np.arange(start, start + len(batch), dtype=np.int64))
                start += len(batch)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> InputError:
        said = str(error).splitlines()[0] if str(error) else "cannot be read"
        return InputError(f"cannot be read as Parquet: {said}", where=self.name, fix="Write or fetch it again.")


def _simple(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pt.is_dictionary(kind):
        return _simple(column.cast(kind.value_type))
    if pt.is_decimal(kind):
        return column.cast(pa.float64())
    if pt.is_large_string(kind) or pt.is_string_view(kind):
        return column.cast(pa.string())
    if pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind) or pt.is_binary_view(kind):
        return column.cast(pa.binary())
    return column
