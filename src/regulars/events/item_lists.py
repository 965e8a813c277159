"""Sequences as RecBole writes them: a header with types, and in each row items so far and the one that came next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.errors import InputError
from regulars.events.batch import Raw
from regulars.events.csv_reader import CsvOptions, read_csv
from regulars.events.sequences_reader import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.events.sources import ByteSource

LIST = "_list:token_seq"
"""How the name of a column ends that holds several items."""


def has_item_lists(first_line: str) -> bool:
    """Tell whether this is the header of such a file."""
    return any(name.strip().endswith(LIST) for name in first_line.split("\t"))


def read_item_lists(source: ByteSource, first_line: str, max_field: int) -> Iterator[Raw]:
    """Yield one row for each item of each customer, with times that keep the order.

    Published files often hold every beginning of a sequence as a row of its own; of the rows of one customer that
    follow each other only the longest counts, so that no event is counted twice.

    Raises
    ------
    InputError
        No column says whose the sequence is.
    """
    names = first_line.split("\t")
    many = next(name for name in names if name.strip().endswith(LIST))
    one = many.replace(LIST, ":token")
    who = next((name for name in names if name.partition(":")[0] in ("user_id", "session_id")), None)
    if who is None:
        raise InputError("has no column user_id or session_id", where=source.name)
    held: tuple[str, list[str], int] | None = None
    for raw in read_csv(source, CsvOptions(max_field=64 * max_field, delimiter="\t")):
        rows: list[tuple[str, list[str], int]] = []
        nexts = raw.columns.column(one).to_pylist() if one in names else [""] * raw.columns.num_rows
        lists = zip(raw.columns.column(who).to_pylist(), raw.columns.column(many).to_pylist(), nexts, strict=True)
        for (subject, earlier, latest), line in zip(lists, raw.lines.tolist(), strict=True):
            found = (subject, [*earlier.split(), *([latest] if latest else [])], line)
            if held is not None and held[0] != subject:
                rows.append(held)
            if held is None or held[0] != subject or len(found[1]) > len(held[1]):
                held = found
        yield Raw(raw.file, _table(rows), _lines(rows), raw.rejects)
    if held is not None:
        yield Raw(source.name, _table([held]), _lines([held]))


def _table(rows: list[tuple[str, list[str], int]]) -> pa.Table:
    return pa.table(
        {
            "subject": pa.array([subject for subject, items, _ in rows for _ in items], pa.string()),
            "item": pa.array([item for _, items, _ in rows for item in items], pa.string()),
            "time": pa.array([START + place for _, items, _ in rows for place in range(len(items))], pa.int64()),
        }
    )


def _lines(rows: list[tuple[str, list[str], int]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([line for _, items, line in rows for _ in items], dtype=np.int64)
