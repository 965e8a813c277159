"""Another file's rows, looked up by a key for each row that is imported.

The other file is held in memory, in the columns that are taken, up to `MAX_ROWS` rows and `MAX_BYTES` bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.errors import InputError
from regulars.events.checks import Checks
from regulars.events.csv_reader import CsvOptions, read_csv
from regulars.events.formats import guess_format
from regulars.events.parquet_reader import ParquetSource
from regulars.events.plan import listed
from regulars.events.sources import ByteSource
from regulars.events.texts import absent, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from regulars.core.records import Reject
    from regulars.events.batch import Raw
    from regulars.events.mapping_steps import Join

MAX_ROWS = 2_000_000
MAX_BYTES = 1 << 30


class Joined:
    """The other file of a join, read whole.

    Parameters
    ----------
    join
        What the mapping says of it.
    folder
        The imported file's.
    max_field
        A longer field sets its row of the other file aside.

    Raises
    ------
    InputError
        The file is absent, lacks a column, is too large, is no CSV or Parquet, or repeats a key though it must not.
    """

    def __init__(self, join: Join, folder: Path, max_field: int) -> None:
        self.join = join
        self.path = joined_path(join, folder)
        self._key = join.key or join.on
        self._places: dict[str, int] = {}
        self._rows = 0
        self.rejects: list[Reject] = []
        """Lines of the other file that are no rows; whoever reads them takes them away."""
        parts, size = [pa.table({name: pa.nulls(1) for name in join.columns})], 0
        for raw in self._raws(max_field):
            self.rejects += raw.rejects
            self._remember(raw)
            parts.append(raw.columns.select(list(join.columns)))
            size += parts[-1].nbytes
            if self._rows > MAX_ROWS or size > MAX_BYTES:
                raise InputError(
                    f"is too large to be joined: more than {MAX_ROWS:,} rows or {MAX_BYTES >> 20} MiB",
                    where=str(self.path),
                    fix="Take fewer columns, or join the files before you import them.",
                )
        self._table = pa.concat_tables(parts, promote_options="permissive").combine_chunks()

    def add(self, raw: Raw) -> Raw:
        """Return the rows with the columns of this file; rows without a match are set aside, or left empty."""
        checks = Checks.of_file(raw)
        keys = as_text(checks, self.join.on, missing=True)
        # Row 0 of the table is empty.
        places = np.array([self._places.get(key, 0) for key in keys.to_pylist()], dtype=np.int64)
        if self.join.absent == "set_aside":
            checks.mark(absent(keys), self.join.on, f"is missing, and {self.path.name} is joined by it")
            checks.mark(places == 0, self.join.on, f"is not in {self.path.name}")
        found = self._table.take(pa.array(places))
        columns = raw.columns
        for name in self.join.columns:
            columns = columns.append_column(name, found.column(name))
        return checks.settled(columns)

    def _raws(self, max_field: int) -> Iterator[Raw]:
        wanted = list(dict.fromkeys((self._key, *self.join.columns)))
        kind = guess_format(self.path)
        if kind == "parquet":
            source = ParquetSource(self.path)
            try:
                self._check(source.names())
                yield from source.rows(wanted, frozenset(wanted))
            finally:
                source.close()
        elif kind == "csv":
            with ByteSource(self.path) as text:
                for raw in read_csv(text, CsvOptions(max_field=max_field)):
                    self._check(raw.columns.column_names)
                    yield raw
        else:
            raise InputError(f"seems to be {kind}; only CSV and Parquet can be joined", where=str(self.path))

    def _check(self, names: list[str]) -> None:
        for name in (self._key, *self.join.columns):
            if name not in names:
                raise InputError(
                    f"has no column '{name}', which the mapping's join needs; its columns are {listed(names)}",
                    where=str(self.path),
                    fix="Correct the mapping file.",
                )

    def _remember(self, raw: Raw) -> None:
        keys = as_text(Checks.of_file(raw), self._key, missing=True)
        first = self.join.repeated == "first"
        for place, key in enumerate(keys.to_pylist(), start=self._rows + 1):
            if key is None or (key in self._places and first):
                continue
            if key in self._places and self.join.repeated == "error":
                line = int(raw.lines[place - self._rows - 1])
                raise InputError(
                    f"has a '{self._key}' in line {line} that is there before, so it is not clear which row is meant",
                    where=str(self.path),
                    fix='Correct the file, or say repeated = "first" or "last" in the mapping\'s join.',
                )
            self._places[key] = place
        self._rows += raw.columns.num_rows


def joined_path(join: Join, folder: Path) -> Path:
    """Return where the other file of a join lies, gzipped or not.

    Raises
    ------
    InputError
        It is not there.
    """
    path = folder / join.file
    other = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    for candidate in (path, other):
        if candidate.is_file():
            return candidate
    raise InputError(
        "does not exist, and the mapping joins it",
        where=str(path),
        fix=f"Put it beside the imported file, in {folder}.",
    )
