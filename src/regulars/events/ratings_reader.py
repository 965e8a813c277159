"""Ratings: user, item, rating, time; as MovieLens, Amazon and RecBole publish them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.events.csv_fields import sniff_delimiter
from regulars.events.csv_reader import CsvOptions, read_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.events.batch import Raw
    from regulars.events.sources import ByteSource

NAMES = ("user", "item", "rating", "time")


def read_ratings(source: ByteSource, first_line: str, max_field: int) -> Iterator[Raw]:
    """Yield ratings; the separator is a comma, a tab, a semicolon or `::`, the header may be there or not.

    Parameters
    ----------
    source
        The file.
    first_line
        Its first line: a header is a line whose third field is no number.
    max_field
        A longer field sets its row aside.
    """
    delimiter = "::" if "::" in first_line else sniff_delimiter(first_line)
    fields = first_line.split(delimiter)
    header = not all(_is_number(field) for field in fields[2:4])
    names = None if header else (*NAMES, *(f"column {i}" for i in range(5, len(fields) + 1)))[: len(fields)]
    return read_csv(source, CsvOptions(max_field=max_field, delimiter=delimiter, names=names))


def _is_number(text: str) -> bool:
    try:
        _ = float(text)
    except ValueError:
        return False
    return True
