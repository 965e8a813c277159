"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ShopDir = Annotated[Path, typer.Argument(metavar="DIR", help="The shop's directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
FormatOption = Annotated[
    str | None, typer.Option("--format", help="csv, jsonl, parquet, sequences or ratings; guessed when not given.")
]
MapOption = Annotated[
    Path | None, typer.Option("--map", metavar="MAP.toml", help="A file that says which column is which.")
]


def names(text: str | None) -> list[str] | None:
    """Split 'a,b, c' into names; None stays None."""
    return None if text is None else [name for part in text.split(",") if (name := part.strip())]
