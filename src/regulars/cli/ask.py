"""`insights` and `recommend`: questions to a shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from regulars.cli.files import write_rows
from regulars.cli.options import Json, ShopDir, names
from regulars.cli.output import out, print_json, print_rows
from regulars.core.errors import UsageError
from regulars.core.files import write_bytes
from regulars.core.records import Reason, Slate
from regulars.core.table import Table
from regulars.shop import Shop

SHOWN_ROWS = 40


def insights_command(
    directory: ShopDir,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A question; without one they are listed.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, YYYY-MM-DD.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DATE", help="Last day, YYYY-MM-DD.")] = None,
    by: Annotated[str | None, typer.Option(help="Period: day, week or month.")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="Any other parameter; may be repeated.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Also write the plot as a page.")] = None,
    to_file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also write the rows: .csv, .parquet or .json.")
    ] = None,
    json: Json = False,
) -> None:
    """Answer a question about the shop's customers."""
    with Shop.open(directory) as shop:
        if name is None:
            _list_questions(shop.questions(), json=json)
            return
        given = {"from": from_, "to": to, "period": by, **_pairs(param or [])}
        table = shop.insights(name, **{key: value for key, value in given.items() if value is not None})
    if to_file is not None:
        write_rows(to_file, table.rows, table.to_json())
    if plot is not None:
        write_bytes(plot, table.plot().to_html(include_plotlyjs=True).encode())
    if json:
        print_json(table.to_json())
        return
    show_answer(table)


def show_answer(table: Table) -> None:
    """Print the numbers to read first, each with its interval and its sample, then rows."""
    print_rows("", ["figure", "value", "95% interval", "n"], [_figure(*pair) for pair in table.headline.items()])
    rows = table.rows.slice(max(0, table.rows.num_rows - SHOWN_ROWS)).to_pylist()
    title = f"{table.name} (last {len(rows)} of {table.rows.num_rows} rows; --json gives all)"
    print_rows(title, table.rows.column_names, [list(row.values()) for row in rows])


def _figure(name: str, said: Any) -> list[object]:
    if not isinstance(said, dict) or "value" not in said:
        return [name, _words(said), "", ""]
    ends = (said["low"], said["high"])
    interval = "" if None in ends else f"{_words(ends[0])} to {_words(ends[1])}"
    sample = f"{said['n']:,} {said['unit']}".strip() if said["n"] is not None else ""
    return [said.get("label") or name, said["value"], interval, sample]


def _pairs(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"'{text}' is not NAME=VALUE", where="--param")
        found[key.strip()] = value.strip()
    return found


def _words(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return " to ".join(str(_words(part)) for part in value)
    return f"{value:.4f}" if isinstance(value, float) else value


def _list_questions(questions: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(questions)
        return
    rows = [[key, question["title"], ", ".join(question["params"])] for key, question in questions.items()]
    print_rows("", ["name", "question", "parameters"], rows)


def recommend_command(
    directory: ShopDir,
    user: Annotated[str | None, typer.Option(help="A customer.")] = None,
    item: Annotated[str | None, typer.Option(help="An item: what goes with it.")] = None,
    basket: Annotated[str | None, typer.Option(help="Items, comma-separated: what goes with them.")] = None,
    n: Annotated[int | None, typer.Option("-n", help="How many.")] = None,
    json: Json = False,
) -> None:
    """Recommend for a customer, beside an item, or with a basket."""
    with Shop.open(directory) as shop:
        slate = shop.recommend(user=user, item=item, basket=names(basket), n=n)
    if json:
        print_json(slate)
        return
    _print_slate(slate)


def _print_slate(slate: Slate) -> None:
    if slate.fallback:
        out.print("Nothing is known here to go by: this is what is popular.")
    rows = [[at, line.item, line.title, reason_text(line.reason)] for at, line in enumerate(slate.items, 1)]
    print_rows("", ["", "item", "title", "why"], rows)


def reason_text(reason: Reason) -> str:
    """Return a reason in English."""
    facts = reason.facts
    match reason.code:
        case "buy_again":
            rhythm = f", about every {facts['every_days']} days" if "every_days" in facts else ""
            return f"bought on {facts['times']} day(s){rhythm}, last {facts['days_ago']} days ago"
        case "bought_next":
            return f"people who bought {facts['title']} next bought this"
        case "bought_with":
            return f"bought by the same people as {facts['title']}"
        case "similar_customers":
            return "customers like this one buy it"
        case "popular":
            return f"popular in the last {facts['days']} days"
        case code:
            return code
