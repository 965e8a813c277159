"""Which format a file is in, from its name and its first bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from regulars.events.csv_fields import sniff_delimiter
from regulars.events.sources import ByteSource

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.events.mapping import FormatName

_ENDINGS: dict[str, FormatName] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".inter": "ratings",
}


def guess_format(path: Path) -> FormatName:
    """Return the format of a file.

    The ending of the name decides, without `.gz`; for other names the content: the mark of Parquet, an opening
    brace, numbers separated by `::` or four numbers (ratings), words separated by spaces alone (sequences),
    and otherwise CSV.
    """
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in {".gz", ".gzip"}]
    if suffixes and suffixes[-1] in _ENDINGS:
        return _ENDINGS[suffixes[-1]]
    with ByteSource(path) as source:
        start = source.read(65536)
    if start.startswith(b"PAR1"):
        return "parquet"
    line = first_line(start)
    if line.startswith("{"):
        return "jsonl"
    fields = line.split("::" if "::" in line else sniff_delimiter(line))
    if "::" in line or (len(fields) == 4 and all(re.fullmatch(r"[\d.]+", f.strip()) for f in fields)):
        return "ratings"
    return "sequences" if len(fields) == 1 and len(line.split()) > 1 else "csv"


def first_line(start: bytes) -> str:
    """Return the first line that is not empty."""
    text = start.decode("utf-8-sig", "replace").lstrip("\r\n")
    return text.partition("\n")[0].rstrip("\r")
