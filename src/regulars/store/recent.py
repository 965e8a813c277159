"""The newest rows, in memory: each table file is read once, however often somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.errors import DamagedError
from regulars.core.schema import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from regulars.store.store import Store

    Keep = Callable[[pa.Table], pa.Table]


class RecentRows:
    """Some columns of the events of the last days, as of the newest snapshot.

    A file never changes once it is written: what was read of it stays true until the file leaves the table, be it
    merged into another or rewritten because somebody was erased.

    Parameters
    ----------
    store
        The shop's.
    columns
        Columns of the events.
    """

    def __init__(self, store: Store, columns: Sequence[str]) -> None:
        self._store = store
        self._columns = list(columns)
        self._kept: dict[str, pa.Table] = {}
        self._all = pa.schema([EVENTS.field(name) for name in columns]).empty_table()

    def rows(self, first: date, last: date, keep: Keep) -> pa.Table:
        """Return the rows of these days that `keep` leaves over.

        Parameters
        ----------
        first, last
            Days, both included.
        keep
            Takes rows away. What it took from a file once does not come back: from call to call it may only take more.

        Raises
        ------
        DamagedError
            A file of the newest snapshot cannot be read.
        """
        try:
            self._look(first, last, keep)
        except FileNotFoundError:
            # An erasure deletes a file with the commit that replaces it: the list was a moment older.
            self._look(first, last, keep)
        return keep(self._all)

    def _look(self, first: date, last: date, keep: Keep) -> None:
        paths = [entry.path for entry in self._store.manifest.files("events", (first, last))]
        new = {path: keep(self._read(path)) for path in paths if path not in self._kept}
        gone = self._kept.keys() - set(paths)
        if not new and not gone:
            return
        if gone:
            # What is too old by now goes with what was merged away, every few seconds.
            self._kept = {path: keep(rows) for path, rows in self._kept.items() if path not in gone}
        parts = [self._all.slice(0, 0), *self._kept.values()] if gone else [self._all]
        self._kept |= new
        # One piece: each step over a thousand small ones takes a thousand times its overhead.
        self._all = pa.concat_tables([*parts, *new.values()]).combine_chunks()

    def _read(self, path: str) -> pa.Table:
        try:
            return pq.ParquetFile(self._store.root / path).read(columns=self._columns).select(self._columns)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowInvalid) as error:
            raise DamagedError(
                f"a table file cannot be read ({error})", where=path, fix="Run `regulars doctor`."
            ) from None
