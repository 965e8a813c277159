"""`sql`: a SELECT over what may be counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.files import file_kind, write_rows
from regulars.cli.options import Json, ShopDir
from regulars.cli.output import out, print_json, print_rows
from regulars.core.errors import UsageError
from regulars.core.export import to_rows
from regulars.shop import Shop
from regulars.shop.analyst import MOST_ROWS, ROWS

if TYPE_CHECKING:
    from regulars.shop.analyst import View

SHOWN_ROWS = 40


def sql_command(
    directory: ShopDir,
    statement: Annotated[str | None, typer.Argument(metavar="SELECT", help="One SELECT, in DuckDB's dialect.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="List the views and what their columns mean.")] = False,
    to_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write all rows: .csv, .parquet or .json.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most rows; default 10,000, of a file 1,000,000.")] = None,
    json: Json = False,
) -> None:
    """Ask in SQL; nothing can be changed, and only people who allow analytics are seen, by pseudonym."""
    with Shop.open(directory) as shop:
        if schema or statement is None:
            _print_views(shop.analyst.views(), json=json, asked=schema)
            return
        if to_file is not None:
            _ = file_kind(to_file)
        answer = shop.analyst.query(statement, limit=limit or (MOST_ROWS if to_file else ROWS))
    document = {
        "columns": answer.names,
        "types": answer.types,
        "rows": to_rows(answer.rows) if json or (to_file and file_kind(to_file) == "json") else [],
        "truncated": answer.truncated,
        "seconds": round(answer.seconds, 3),
    }
    if to_file is not None:
        write_rows(to_file, answer.rows, document)
    if json:
        print_json(document)
        return
    more = "; there are more" if answer.truncated else ""
    title = f"{answer.rows.num_rows:,} rows{more} ({answer.seconds:.2f} s)"
    if to_file is not None:
        out.print(f"Wrote {to_file}: {title}", soft_wrap=True)
        return
    shown = f"first {SHOWN_ROWS} of {title}; --json gives all" if answer.rows.num_rows > SHOWN_ROWS else title
    print_rows(
        shown, answer.names, [[_shown(value) for value in row] for row in to_rows(answer.rows.slice(0, SHOWN_ROWS))]
    )


def _shown(value: object) -> object:
    return value if value is None or isinstance(value, int | float | str) else str(value)


def _print_views(views: dict[str, View], *, json: bool, asked: bool) -> None:
    if not asked:
        raise UsageError("there is no statement", where="SELECT", fix="Write one, or ask for --schema.")
    if json:
        described = {
            name: {"meaning": view.meaning, "columns": [column._asdict() for column in view.columns]}
            for name, view in views.items()
        }
        print_json(described)
        return
    for name, view in views.items():
        print_rows(f"{name}: {view.meaning}", ["column", "type", "meaning"], view.columns)
