"""`evaluate`: models side by side on a plain file or a shop."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.options import Json, MapOption, names
from regulars.cli.output import RichProgress, out, print_json, print_rows
from regulars.core.errors import UsageError
from regulars.shop import EvaluateOptions, evaluate_path

if TYPE_CHECKING:
    from datetime import date

COLUMNS = ["model", "hr@10", "ndcg@10", "recall@20", "ndcg@20"]
WIDE_COLUMNS = ["coverage", "fit_seconds", "users_per_second"]
WIDE = 130
"""Characters a terminal needs for all columns; --json has them always."""
TIME_COLUMNS = ["recall@20_repeat", "recall@20_new"]


def evaluate_command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a shop's directory.")],
    format: Annotated[  # noqa: A002 - the word users know
        str | None, typer.Option(help="sequences, ratings or events (csv, jsonl, parquet); guessed when not given.")
    ] = None,
    mapping: MapOption = None,
    protocol: Annotated[str, typer.Option(help="leave-one-out or time.")] = "leave-one-out",
    models: Annotated[str, typer.Option(help="Names, comma-separated.")] = "popularity,covisitation,knn,als",
    refit: Annotated[
        bool, typer.Option("--refit", help="Leave-one-out: the final model learns from the validation event too.")
    ] = False,
    tune: Annotated[bool, typer.Option("--tune", help="Choose each model's settings on the validation split.")] = False,
    cutoff: Annotated[
        str | None, typer.Option(metavar="DATE", help="Time: first hidden day. Default: the horizon before the end.")
    ] = None,
    horizon: Annotated[float, typer.Option(help="Time: days to predict.")] = 28.0,
    repeat: Annotated[
        str, typer.Option(help="Known items in the lists: allow, exclude, or auto (as the shop's purchases suggest).")
    ] = "auto",
    shuffle_ties: Annotated[
        bool, typer.Option("--shuffle-ties", help="Put events of equal time in random order first.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of --shuffle-ties.")] = 7,
    json: Json = False,
) -> None:
    """Fit models on the past, rank every item, and compare with what happened."""
    options = EvaluateOptions(
        format=format, mapping=mapping, protocol=_one_of("--protocol", protocol, ("leave-one-out", "time")),
        models=names(models) or [], refit=refit, tune=tune, cutoff=_day(cutoff), horizon_days=horizon,
        repeat=_one_of("--repeat", repeat, ("auto", "allow", "exclude")), shuffle_ties=shuffle_ties, seed=seed,
    )  # fmt: skip
    report = evaluate_path(path, options, RichProgress())
    if json:
        print_json(report)
        return
    columns = COLUMNS + [name for name in TIME_COLUMNS if name in report["models"][0]]
    columns += WIDE_COLUMNS if out.width >= WIDE else []
    data = report["data"]
    title = f"{data['customers']:,} customers, {data['items']:,} items, {data['interactions']:,} interactions"
    print_rows(title, columns, [[row[name] for name in columns] for row in report["models"]])


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise UsageError(f"'{value}' is not one of {', '.join(allowed)}", where=option)
    return value


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"'{text}' is not a day such as 2017-11-13", where="--cutoff") from None
