"""Comma-separated values, and values separated by semicolons, tabs or bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.core.errors import InputError
from regulars.events.batch import Raw
from regulars.events.csv_fields import Malformed, Unclosed, sniff_delimiter, split_record
from regulars.events.csv_lines import Layout, Lines
from regulars.events.excerpts import reject
from regulars.events.sources import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.events.sources import ByteSource


@dataclass(frozen=True)
class CsvOptions:
    """How a file is written, where it is not to be guessed.

    Parameters
    ----------
    max_field
        A longer field sets its row aside.
    delimiter
        One character or `::`; None: found in the first line.
    names
        The columns of a file without a header; None: the first line is the header.
    """

    max_field: int
    delimiter: str | None = None
    names: tuple[str, ...] | None = None


def read_csv(source: ByteSource, options: CsvOptions) -> Iterator[Raw]:
    """Yield the rows of a file as columns of text.

    A row with a wrong number of fields, broken UTF-8, a NUL byte, a field that is too long or a quote that
    nothing closes is rejected, and no other row with it. A quoted field may hold line breaks.

    Raises
    ------
    InputError
        The file is empty, or its header cannot be read.
    """
    layout: Layout | None = None
    rest, line = b"", 1
    for block in blocks(source, longest=max(4 * options.max_field, 1 << 20)):
        if block.cut:
            yield from _finish(layout, rest, line)
            line += rest.count(b"\n") + 1
            rest = b""
            yield _cut(layout, source.name, block.data, line - 1)
            continue
        data = rest + (block.data.replace(b"::", b"\x1f") if options.delimiter == "::" else block.data)
        if layout is None:
            layout, data, skipped = _layout(source.name, data, options)
            line += skipped
        if layout is None:
            continue
        if data:
            lines = Lines(layout, data, line, final=False)
            yield _raw(layout, lines)
            rest = data[lines.starts[lines.rest] :] if lines.rest < len(lines.ends) else b""
            line += lines.rest
    if layout is None and not rest:
        raise InputError("is empty", where=source.name)
    yield from _finish(layout, rest, line)


def _finish(layout: Layout | None, rest: bytes, line: int) -> Iterator[Raw]:
    if rest and layout is not None:
        yield _raw(layout, Lines(layout, rest, line, final=True))


def _raw(layout: Layout, lines: Lines) -> Raw:
    columns, numbers = lines.parse()
    return Raw(layout.file, columns.rename_columns(list(layout.names)), numbers, lines.rejects)


def _cut(layout: Layout | None, file: str, data: bytes, line: int) -> Raw:
    if layout is None:
        raise InputError("its first line is far too long for a header", where=file)
    lines = Lines(layout, data, line, final=True)
    fields = data.split(layout.delimiter.encode())
    place = max(range(len(fields)), key=lambda i: len(fields[i]))
    column = layout.names[place] if place < len(layout.names) else ""
    problem = reject(file, line, column, f"is longer than {layout.max_field} bytes", fields[place])
    empty = Lines(layout, b"\n", line, final=True).parse()[0].rename_columns(list(layout.names))
    return Raw(file, empty, lines.starts[:0], [problem])


def _layout(file: str, data: bytes, options: CsvOptions) -> tuple[Layout | None, bytes, int]:
    """Find delimiter and names; return them, the data behind the header, and the number of lines before it."""
    body = data.lstrip(b"\r\n")
    skipped = data[: len(data) - len(body)].count(b"\n")
    if not body:
        return None, b"", skipped
    line, _, behind = body.partition(b"\n")
    try:
        first = line.rstrip(b"\r").decode()
    except UnicodeDecodeError:
        raise InputError("its first line is not UTF-8 text", where=file, fix="Save it as UTF-8.") from None
    delimiter = options.delimiter or sniff_delimiter(first)
    delimiter = "\x1f" if delimiter == "::" else delimiter
    if options.names is not None:
        return Layout(file, delimiter, options.names, options.max_field), body, skipped
    try:
        names = split_record(first, delimiter)
    except (Malformed, Unclosed):
        raise InputError("its header has quotes where none can be", where=f"{file}: line 1") from None
    return Layout(file, delimiter, _unique(names), options.max_field), behind, skipped + 1


def _unique(names: list[str]) -> tuple[str, ...]:
    """Name every column, each differently: a file may leave names out or repeat them."""
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        base = name.strip() or f"column {number}"
        found.append(base if base not in found else f"{base} ({number})")
    return tuple(found)
