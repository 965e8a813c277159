"""Which format a file is in, from its name and its first bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from regulars.events.csv_fields import sniff_delimiter
from regulars.events.item_lists import has_item_lists
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

    The ending of the name decides, without `.gz`, but text without a header, as ratings are often published, is
    known by its content, and so is RecBole's form of sequences. For other names the content decides: the mark of
    Parquet, an opening brace, fields separated by `::` (ratings), words separated by spaces alone (sequences), and
    otherwise CSV.
    """
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in {".gz", ".gzip"}]
    named = _ENDINGS.get(suffixes[-1]) if suffixes else None
    if named in ("parquet", "jsonl"):
        return named
    with ByteSource(path) as source:
        start = source.read(65536)
    if named is None and start.startswith(b"PAR1"):
        return "parquet"
    line = first_line(start)
    if named is None and line.startswith("{"):
        return "jsonl"
    if has_item_lists(line):
        return "sequences"
    fields = line.split("::" if "::" in line else sniff_delimiter(line))
    if named == "ratings" or (named is None and "::" in line) or _is_rating(fields):
        return "ratings"
    return "sequences" if named is None and len(fields) == 1 and len(line.split()) > 1 else "csv"


def _is_rating(fields: list[str]) -> bool:
    """Tell whether these are a user, an item, a rating and seconds or milliseconds since 1970: no header."""
    return (
        len(fields) == 4
        and all(re.fullmatch(r"[\d.]+", field.strip()) for field in fields[2:])
        and re.fullmatch(r"\d{8,13}(\.\d*)?", fields[3].strip()) is not None
    )


def first_line(start: bytes) -> str:
    """Return the first line that is not empty."""
    text = start.decode("utf-8-sig", "replace").lstrip("\r\n")
    return text.partition("\n")[0].rstrip("\r")
