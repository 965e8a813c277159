"""JSON lines: one object a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from regulars.events.batch import BATCH_ROWS, Raw
from regulars.events.excerpts import reject
from regulars.events.json_columns import Mixed, column_of, look_up
from regulars.events.sources import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.core.records import Reject
    from regulars.events.sources import ByteSource

_NAME = re.compile(rb'"([^"\\]{1,64})"\s*:')
JSON_COLUMNS = frozenset({"properties", "attributes"})
"""Columns whose value may be an object."""


class JsonRows:
    """Objects of one file and the line of each."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.objects: list[dict[str, Any]] = []
        self.lines: list[int] = []
        self.rejects: list[Reject] = []

    def names(self) -> list[str]:
        """Return every name that an object has, in the order of first appearance."""
        return list(dict.fromkeys(name for row in self.objects for name in row))

    def raw(self, names: list[str], nested: frozenset[str]) -> Raw:
        """Return these columns; a nested value elsewhere than in a column of `nested` rejects its row."""
        columns: dict[str, pa.Array] = {}
        bad: dict[int, Mixed] = {}
        for name in names:
            columns[name], problems = column_of(look_up(self.objects, name), name, json=name in nested)
            for problem in problems:
                _ = bad.setdefault(problem.row, problem)
        rejects = [reject(self.file, self.lines[i], p.column, p.reason, p.value) for i, p in bad.items()]
        table, lines = pa.table(columns), np.array(self.lines, dtype=np.int64)
        if bad:
            kept = np.ones(len(lines), dtype=np.bool_)
            kept[list(bad)] = False
            table, lines = table.filter(pa.array(kept)), lines[kept]
        objects = [row for i, row in enumerate(self.objects) if i not in bad] if bad else self.objects
        return Raw(self.file, table, lines, self.rejects + rejects, objects)


def read_jsonl(source: ByteSource, max_field: int) -> Iterator[JsonRows]:
    """Yield the objects of a file; a line that is none is rejected with the reason."""
    longest = max(4 * max_field, 1 << 20)
    line = 0
    for block in blocks(source, longest):
        rows = JsonRows(source.name)
        for text in block.data.split(b"\n")[:-1]:
            line += 1
            if len(text) > max_field and (name := _long_value(text, max_field, cut=block.cut)):
                reason = f"is longer than {max_field} bytes"
                rows.rejects.append(reject(source.name, line, name, reason, text))
                continue
            _take(rows, line, text)
            if len(rows.objects) >= BATCH_ROWS:
                yield rows
                rows = JsonRows(source.name)
        yield rows


def _take(rows: JsonRows, line: int, text: bytes) -> None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if text.strip():
            rows.rejects.append(reject(rows.file, line, "", f"is not JSON: {error.msg}", text))
        return
    if isinstance(value, dict):
        rows.objects.append(value)
        rows.lines.append(line)
    else:
        rows.rejects.append(reject(rows.file, line, "", "is not a JSON object", text))


def _long_value(text: bytes, limit: int, *, cut: bool) -> str:
    """Return the name of the longest value if that is longer than `limit`, otherwise ''."""
    if cut:
        # Only the beginning of the line is left: the longest stretch without a name is in the long value.
        names = [(m.end(), m[1].decode(errors="replace")) for m in _NAME.finditer(text)]
        ends = [end for end, _ in names[1:]] + [len(text)]
        return max(zip(names, ends, strict=True), key=lambda pair: pair[1] - pair[0][0], default=((0, "?"), 0))[0][1]
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(value, dict):
        return ""
    sizes = {name: _size(inner) for name, inner in value.items()}
    name = max(sizes, key=sizes.__getitem__, default="")
    return name if sizes.get(name, 0) > limit else ""


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError:
        return 0
