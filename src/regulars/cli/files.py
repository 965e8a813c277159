"""Tables written to files that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import UsageError
from regulars.core.export import FORMATS, to_csv, to_parquet
from regulars.core.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


def write_rows(path: Path, rows: pa.Table, document: Any) -> None:
    """Write a table as the ending of the path says; `document` is its JSON.

    Raises
    ------
    UsageError
        The ending is none of .csv, .parquet and .json.
    """
    kind = file_kind(path)
    if kind == "json":
        write_bytes(path, msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    else:
        write_bytes(path, to_csv(rows) if kind == "csv" else to_parquet(rows))


def file_kind(path: Path) -> str:
    """Return csv, parquet or json.

    Raises
    ------
    UsageError
        The path ends otherwise.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UsageError(f"'{path.name}' does not say what to write", where="--out", fix="End it in .csv or .parquet.")
    return kind
