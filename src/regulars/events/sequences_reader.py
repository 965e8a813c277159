"""Sequences: one customer a line, 'user item item …', oldest first; the form of many published data sets.

There are no times in it. Each item gets one that keeps the order: 2000-01-01 00:00:00 UTC and one second more for
every place in the line, so that the same line always makes the same events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.events.batch import BATCH_ROWS, Raw
from regulars.events.excerpts import reject
from regulars.events.sources import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.core.records import Reject
    from regulars.events.sources import ByteSource

START = 946_684_800
"""2000-01-01 00:00:00 UTC in seconds since 1970."""


def read_sequences(source: ByteSource, max_field: int) -> Iterator[Raw]:
    """Yield one row for each item of each line."""
    line = 0
    for block in blocks(source, longest=max(64 * max_field, 1 << 20)):
        rows = _Rows(source.name)
        for text in block.data.split(b"\n")[:-1]:
            line += 1
            if block.cut:
                rows.rejects.append(reject(source.name, line, "", "is far too long a line", text))
            elif text.strip():
                rows.add(line, text, max_field)
            if len(rows.items) >= BATCH_ROWS:
                yield rows.raw()
                rows = _Rows(source.name)
        yield rows.raw()


class _Rows:
    def __init__(self, file: str) -> None:
        self._file = file
        self._subjects: list[str] = []
        self.items: list[str] = []
        self._places: list[int] = []
        self._lines: list[int] = []
        self.rejects: list[Reject] = []

    def add(self, line: int, text: bytes, max_field: int) -> None:
        try:
            subject, *items = text.decode().split()
        except UnicodeDecodeError:
            self.rejects.append(reject(self._file, line, "", "is not UTF-8 text", text))
            return
        long = next((f for f in (subject, *items) if len(f) > max_field), None)
        if long is not None:
            reason = f"is longer than {max_field} bytes"
            self.rejects.append(reject(self._file, line, "subject" if long is subject else "item", reason, long))
        elif not items:
            self.rejects.append(reject(self._file, line, "item", "names a customer but no item", text))
        else:
            self._subjects += [subject] * len(items)
            self.items += items
            self._places += range(len(items))
            self._lines += [line] * len(items)

    def raw(self) -> Raw:
        columns = {
            "subject": pa.array(self._subjects, pa.string()),
            "item": pa.array(self.items, pa.string()),
            "time": pa.array(np.array(self._places, dtype=np.int64) + START),
        }
        return Raw(self._file, pa.table(columns), np.array(self._lines, dtype=np.int64), self.rejects)
