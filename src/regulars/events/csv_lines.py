"""Lines of CSV sorted into good rows and rejects, so that nothing bad takes anything good along.

Most lines are plain: the right number of delimiters, quotes only around whole fields. Arrow reads those, all at
once. The others are looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from regulars.events.csv_fields import Malformed, Unclosed, split_record
from regulars.events.excerpts import reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.records import Reject

MAX_LINES = 64
"""A quoted field goes on over at most this many lines."""


class _Bad(Exception):  # noqa: N818 (a finding, not a failure)
    """Why a line is rejected."""

    def __init__(self, column: str, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
        self.value = value


@dataclass(frozen=True)
class Layout:
    """What is known of a CSV file after its header."""

    file: str
    delimiter: str
    names: tuple[str, ...]
    max_field: int


class Lines:
    """The lines of one block, and what each of them is.

    Parameters
    ----------
    data
        Whole lines, each with its line break.
    first
        The number of the first line.
    final
        Nothing follows: a record that is not complete here never will be.
    """

    def __init__(self, layout: Layout, data: bytes, first: int, final: bool) -> None:
        self._layout = layout
        self._data = data
        self._first = first
        self._final = final
        bytes_ = np.frombuffer(data, dtype=np.uint8)
        self.ends: NDArray[np.int64] = np.flatnonzero(bytes_ == ord("\n"))
        self.starts = np.concatenate(([0], self.ends[:-1] + 1))
        self._bytes = bytes_
        self._quoted = b'"' in data
        self._plain = self._find_plain()
        self.rejects: list[Reject] = []
        self._rows: list[Sequence[str]] = []
        self._row_lines: list[int] = []
        self.rest = len(self.ends)
        """Index of the first line that must wait for the next block."""

    def parse(self) -> tuple[pa.Table, NDArray[np.int64]]:
        """Return the good rows as text columns, in the order of the file, and the line number of each."""
        self._take_odd_lines()
        plain, lines = self._take_plain_lines()
        if not self._rows:
            return plain, lines
        columns = [pa.array(column, pa.string()) for column in zip(*self._rows, strict=True)]
        odd = pa.table(columns, names=plain.column_names)
        lines = np.concatenate([lines, np.array(self._row_lines, dtype=np.int64)])
        order = np.argsort(lines, kind="stable")
        return pa.concat_tables([plain, odd]).take(pa.array(order)), lines[order]

    def _find_plain(self) -> NDArray[np.bool_]:
        """Tell which lines are whole rows beyond doubt, by looking at all bytes of the block at once."""
        data, lengths = self._bytes, self.ends - self.starts
        delimiters = np.flatnonzero(data == ord(self._layout.delimiter))
        counts = np.diff(np.searchsorted(delimiters, self.ends), prepend=0)
        doubtful = np.zeros(len(self.ends), dtype=np.bool_)
        if self._quoted:
            doubtful, inside = self._quotes(delimiters)
            counts = counts - inside
        plain = (counts == len(self._layout.names) - 1) & (lengths <= self._layout.max_field) & (lengths > 0)
        plain &= ~doubtful
        if b"\0" in self._data:
            plain[self._lines_of(np.flatnonzero(data == 0))] = False
        if b"\r" in self._data:
            returns = np.flatnonzero(data == ord("\r"))
            plain[self._lines_of(returns[data[returns + 1] != ord("\n")])] = False
            plain &= (lengths != 1) | (data[self.starts] != ord("\r"))
        if not self._data.isascii() and not _is_utf8(self._data):
            suspects = np.unique(self._lines_of(np.flatnonzero(data >= 0x80)))
            plain[[i for i in suspects if not _is_utf8(self._line(i))]] = False
        return plain

    def _quotes(self, delimiters: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which lines have quotes that are not plainly a field's first and last, and delimiters inside.

        Quotes of a line are counted from 0: an even one must follow a delimiter or begin the line, an odd one must
        precede a delimiter or end the line. By induction the fields between are then exactly the quoted ones.
        """
        data, size = self._bytes, len(self.ends)
        places = np.flatnonzero(data == ord('"'))
        lines = self._lines_of(places)
        total = np.bincount(lines, minlength=size)
        opens = (np.arange(len(places)) - (np.cumsum(total) - total)[lines]) % 2 == 0
        delimiter = ord(self._layout.delimiter)
        before, after = data[places - 1], data[places + 1]
        begins = (places == self.starts[lines]) | (before == delimiter)
        ends = (after == delimiter) | (after == ord("\n")) | (after == ord("\r"))
        doubtful = total % 2 == 1
        doubtful[lines[~np.where(opens, begins, ends)]] = True
        signs = np.where(opens, -1, 1) * np.searchsorted(delimiters, places)
        return doubtful, np.bincount(lines, weights=signs, minlength=size).astype(np.int64)

    def _lines_of(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self.ends, positions)

    def _line(self, index: int) -> bytes:
        line = self._data[self.starts[index] : self.ends[index]]
        return line[:-1] if line.endswith(b"\r") else line

    def _take_plain_lines(self) -> tuple[pa.Table, NDArray[np.int64]]:
        plain = self._plain
        plain[self.rest :] = False
        names = [f"c{i}" for i in range(len(self._layout.names))]
        if not plain.any():
            return pa.table([pa.array([], pa.string())] * len(names), names=names), np.array([], dtype=np.int64)
        data: bytes | NDArray[np.uint8] = self._data
        if not plain.all():
            data = self._bytes[np.repeat(plain, self.ends - self.starts + 1)]
        rows = pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(data)),
            read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._layout.delimiter, quote_char='"' if self._quoted else False
            ),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), check_utf8=False),
        )
        return rows, np.flatnonzero(plain) + self._first

    def _take_odd_lines(self) -> None:
        taken_until = 0
        for index in np.flatnonzero(~self._plain).tolist():
            if index < taken_until or not (line := self._line(index)):
                continue
            used = self._take_odd(index, line)
            if used == 0:
                self.rest = index
                return
            self._plain[index : index + used] = False
            taken_until = index + used

    def _take_odd(self, index: int, line: bytes) -> int:
        """Keep or reject the record that begins here; return its number of lines, 0 to wait for more."""
        try:
            self._check_bytes(line)
            record = self._record(index, line.decode())
            if record is None:
                return 0
            fields, used = record
            self._check_fields(fields, line)
        except _Bad as bad:
            number = index + self._first
            self.rejects.append(reject(self._layout.file, number, bad.column, bad.reason, bad.value or line))
            return 1
        self._rows.append(fields)
        self._row_lines.append(index + self._first)
        return used

    def _check_bytes(self, line: bytes) -> None:
        if b"\0" in line:
            raise _Bad(self._column_at(line[: line.index(b"\0")]), "holds a NUL byte")
        try:
            _ = line.decode()
        except UnicodeDecodeError as error:
            raise _Bad(self._column_at(line[: error.start]), "is not UTF-8 text") from None

    def _record(self, index: int, text: str) -> tuple[list[str], int] | None:
        try:
            return split_record(text, self._layout.delimiter), 1
        except Malformed:
            raise _Bad("", "has a quote where none can be") from None
        except Unclosed:
            joined = self._join(index)
        if joined is not None and joined[1] == 0:
            raise _Bad("", "opens a quote that nothing closes")
        return joined

    def _check_fields(self, fields: list[str], line: bytes) -> None:
        layout = self._layout
        if len(fields) != len(layout.names):
            raise _Bad("", self._miscount(len(fields), line))
        if sum(map(len, fields)) * 4 <= layout.max_field:
            return
        for name, field in zip(layout.names, fields, strict=True):
            if len(field) > layout.max_field or len(field.encode()) > layout.max_field:
                raise _Bad(name, f"is longer than {layout.max_field} bytes", field)

    def _join(self, index: int) -> tuple[list[str], int] | None:
        """Close an open quote with following lines: fields and number of lines; 0 if stray; None to wait.

        A line that is a whole row by itself is never swallowed: then the quote is a stray one.
        """
        count, text = len(self._layout.names), self._line(index).decode()
        for used in range(2, MAX_LINES + 1):
            if index + used > len(self.ends):
                return ([], 0) if self._final else None
            line = self._line(index + used - 1)
            if b"\0" in line or not _is_utf8(line) or self._is_row(line):
                break
            text += "\n" + line.decode()
            try:
                fields = split_record(text, self._layout.delimiter)
            except Unclosed:
                continue
            except Malformed:
                break
            return (fields, used) if len(fields) == count else ([], 0)
        return [], 0

    def _is_row(self, line: bytes) -> bool:
        try:
            return bool(line) and len(split_record(line.decode(), self._layout.delimiter)) == len(self._layout.names)
        except (Malformed, Unclosed):
            return False

    def _miscount(self, found: int, line: bytes) -> str:
        reason = f"has {found} fields instead of {len(self._layout.names)}"
        for other in ",;\t|":
            if other != self._layout.delimiter and line.count(other.encode()) == len(self._layout.names) - 1 > 0:
                return f"{reason}; it seems to be separated by {other!r}"
        return reason

    def _column_at(self, before: bytes) -> str:
        place = before.count(self._layout.delimiter.encode())
        return self._layout.names[place] if place < len(self._layout.names) else ""


def _is_utf8(data: bytes) -> bool:
    try:
        _ = data.decode()
    except UnicodeDecodeError:
        return False
    return True
