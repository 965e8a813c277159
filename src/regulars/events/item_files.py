"""Catalogues as others publish them, for evaluating: a name, a title, a description and a category for each item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.errors import InputError
from regulars.events.csv_reader import CsvOptions, read_csv
from regulars.events.sources import ByteSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLUMNS: dict[str, tuple[str, ...]] = {
    "item": ("item", "item_id", "itemid", "product_id", "productid", "parent_asin", "asin", "sku", "stockcode", "id"),
    "title": ("title", "movie_title", "item_name", "product_name", "product_title", "name"),
    "description": ("description", "text", "details", "overview"),
    "category": ("category", "categories", "class", "genres", "genre", "i_category", "main_category", "category_name"),
}
"""Column of the answer → what files call it, without case; the first that is there counts."""
MAX_FIELD = 1 << 16
"""Bytes; a longer field sets its row aside."""
_LISTED = re.compile(r"^\[?\s*'[^']*'(\s*,\s*'[^']*')*\s*\]?$")


def read_items(path: Path) -> pa.Table:
    """Return a catalogue with the columns item, title, description and category, all text, '' for what is not said.

    Reads Parquet, comma-, tab- or semicolon-separated text with a header, plain or gzipped, and RecBole's `.item`
    files, whose header says `name:type` and where a `token_seq` of categories is several labels, as 'Drama|War'. Of
    two rows on one item the first counts. Rows that are no rows, or have no item, are left out.

    Raises
    ------
    InputError
        The file cannot be read, has no column that names items, or says nothing of them.
    """
    table = pq.read_table(path) if path.suffix in {".parquet", ".pq"} else _read_text(path)
    types = {name.partition(":")[0].strip().lower(): name.partition(":")[2] for name in table.column_names}
    table = table.rename_columns(list(types)) if len(types) == table.num_columns else table
    found = {name: next((c for c in called if c in table.column_names), None) for name, called in COLUMNS.items()}
    if found["item"] is None:
        raise InputError(
            "has no column that names items", where=str(path), fix=f"Name it one of {', '.join(COLUMNS['item'])}."
        )
    if not any(found[name] for name in ("title", "description", "category")):
        raise InputError("says nothing of its items: no title, description or category", where=str(path))
    columns = {name: _strings(table, column) for name, column in found.items()}
    if types.get(found["category"] or "") == "token_seq":
        columns["category"] = [_labels(text) for text in columns["category"]]
    first: dict[str, int] = {}
    for row, item in enumerate(columns["item"]):
        if item:
            first.setdefault(item, row)
    return pa.table({name: pa.array([values[r] for r in first.values()]) for name, values in columns.items()})


def _read_text(path: Path) -> pa.Table:
    with ByteSource(path) as source:
        parts = [raw.columns for raw in read_csv(source, CsvOptions(max_field=MAX_FIELD))]
    if not parts:
        raise InputError("is empty", where=str(path))
    return pa.concat_tables(parts, promote_options="default")


def _strings(table: pa.Table, column: str | None) -> Sequence[str]:
    if column is None:
        return [""] * table.num_rows
    return [_plain(value) for value in table.column(column).to_pylist()]


def _plain(value: object) -> str:
    if value is None:
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = " ".join(text.split())
    return "" if text.lower() in {"nan", "none", "null"} else text


def _labels(text: str) -> str:
    """Return several labels separated by bars: quoted ones ('Toys & Games', 'Puzzles') may hold spaces, others not."""
    if _LISTED.match(text):
        return "|".join(re.findall(r"'([^']*)'", text))
    return "|".join(part.strip() for part in (text.split(",") if "," in text else text.split()) if part.strip())
