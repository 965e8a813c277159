"""`evaluate`: models side by side on a plain file or a shop; `models`: those that a shop has learned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.model_card import print_card
from regulars.cli.options import Json, MapOption, ShopDir, names
from regulars.cli.output import RichProgress, out, print_json, print_rows
from regulars.core.errors import UsageError
from regulars.shop import EvaluateOptions, Shop, evaluate_path
from regulars.shop.evaluating import DEFAULT_MODELS
from regulars.shop.model_quality import ALPHA

if TYPE_CHECKING:
    from datetime import date

PROTOCOLS = ("leave-one-out", "time", "ratings", "cold")
QUOTED = ["ndcg@10", "recall@20"]
"""Columns shown with their intervals."""
LISTS = {
    "recall@20_repeat": "repeat",
    "recall@20_new": "new",
    "coverage": "coverage",
    "novelty@10": "novelty",
    "popularity_lift@10": "lift",
    "exposure_gini@10": "Gini",
    "diversity@10": "diversity",
    "miscalibration@10": "miscalibr.",
    "fit_seconds": "fit s",
    "users_per_second": "lists/s",
}
"""What is said of the lists besides right or wrong → its heading."""
SLICED = {"history": "Events known of the customer", "item": "Customers who chose the item", "customer": "Customer"}


def evaluate_command(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a shop's directory.")],
    format: Annotated[  # noqa: A002 - the word users know
        str | None, typer.Option(help="sequences, ratings or events (csv, jsonl, parquet); guessed when not given.")
    ] = None,
    mapping: MapOption = None,
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Titles and categories of the items, for models and figures that use them."),
    ] = None,
    protocol: Annotated[str, typer.Option(help=f"One of {', '.join(PROTOCOLS)}.")] = "leave-one-out",
    models: Annotated[
        str | None,
        typer.Option(
            help="Names, comma-separated; a trivial baseline is added when there is none. "
            f"Default: {', '.join(DEFAULT_MODELS)}."
        ),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Leave-one-out: the final model learns from the validation event too.")
    ] = False,
    tune: Annotated[bool, typer.Option("--tune", help="Choose each model's settings on the validation split.")] = False,
    trials: Annotated[
        int, typer.Option(min=0, help="With --tune: settings a search tries for each model; 0: its grid alone.")
    ] = 0,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Time each model may take, for those that can be told to stop.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Ratings: parts, each predicted from the others.")] = 5,
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
    slices: Annotated[
        bool, typer.Option("--slices", help="Show the models for short and long histories, rare and popular items too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of --shuffle-ties, the search and what is resampled.")] = 7,
    json: Json = False,
) -> None:
    """Fit models on the past, rank every item, and compare with what happened."""
    options = EvaluateOptions(
        format=format, mapping=mapping, items=items, protocol=_one_of("--protocol", protocol, PROTOCOLS),
        models=names(models) or (), refit=refit, tune=tune, trials=trials, minutes=minutes, folds=folds,
        cutoff=_day(cutoff), horizon_days=horizon,
        repeat=_one_of("--repeat", repeat, ("auto", "allow", "exclude")), shuffle_ties=shuffle_ties, seed=seed,
    )  # fmt: skip
    report = evaluate_path(path, options, RichProgress())
    if json:
        print_json(report)
        return
    if protocol in SPECIAL:
        SPECIAL[protocol](report)
        return
    _print_table(report)
    if slices:
        _print_slices(report["models"])
    if tune:
        _print_tuned(report["models"])


def models_command(directory: ShopDir, json: Json = False) -> None:
    """Show the learned models: how good they were on held-out days, against the baselines, and what they cost."""
    with Shop.open(directory) as shop:
        cards = shop.models()
    if json:
        print_json({"models": cards})
        return
    if not cards:
        out.print(f"Nothing has been learned yet: run regulars learn {directory}.", soft_wrap=True)
        return
    rows: list[dict[str, Any]] = [
        {"model": card.name, **card.quality} for card in cards if "ndcg@10_interval" in card.quality
    ]
    if rows and "vs" in rows[0]:
        rows.sort(key=lambda row: -row["ndcg@10"])
        title = f"Held-out {rows[0]['protocol']}, {rows[0]['customers']:,} customers, full ranking"
        best = next((row["model"] for row in rows if row["vs_best"] is None), "")
        tied = [row["model"] for row in rows if row["vs_best"] and row["vs_best"]["p"] >= ALPHA]
        _print_models(title, rows, {"model": best, "not_distinguishable_from": tied})
    print_card(cards[0])


def _print_ratings(report: dict[str, Any]) -> None:
    """Print how far predicted stars are from those given."""
    data = report["data"]
    title = f"{data['customers']:,} customers, {data['items']:,} items, {data['ratings']:,} ratings"
    lines = [
        [row["model"], row["rmse"], _ends(row["rmse_interval"]), row["mae"], _ends(row["mae_interval"]),
         row["fit_seconds"]]
        for row in report["models"]
    ]  # fmt: skip
    print_rows(title, ["model", "RMSE", "95%", "MAE", "95%", "fit s"], lines)


def _print_cold(report: dict[str, Any]) -> None:
    """Print how models rank items that nobody chose before: among themselves, and in the whole catalogue."""
    data = report["data"]
    title = f"{data['customers']:,} customers, {data['items']:,} items, a fifth of them hidden"
    lines: list[list[Any]] = []
    for row in report["models"]:
        cells = [(row[name]["ndcg@10"], _ends(row[name]["ndcg@10_interval"])) for name in ("cold", "full")]
        gain = f"{row['cold']['ndcg@10_gain']:+.4f}"
        lines.append([row["model"], *(cell for pair in cells for cell in pair), row["mixed"]["ndcg@10"], gain])
    columns = ["model", "nDCG@10 hidden", "95%", "of all", "95%", "next item", "vs popularity-in-category"]
    print_rows(title, columns, lines)


SPECIAL = {"ratings": _print_ratings, "cold": _print_cold}
"""Protocols with tables of their own."""


def _print_table(report: dict[str, Any]) -> None:
    """Print the models of an evaluation."""
    data = report["data"]
    title = f"{data['customers']:,} customers, {data['items']:,} items, {data['interactions']:,} interactions"
    _print_models(title, report["models"], report["winner"])


def _print_models(title: str, rows: list[dict[str, Any]], winner: dict[str, Any]) -> None:
    """Print models with the intervals of what they are compared by, which of them won, and how their lists are."""
    baseline = next((row["vs"]["model"] for row in rows if row["vs"]), "")
    quoted = [name for column in QUOTED for name in (column, "95%")]
    columns = ["model", "hr@10", *quoted, f"vs {baseline}" if baseline else "vs", "p"]
    print_rows(title, columns, [_line(row) for row in rows])
    tied = winner["not_distinguishable_from"]
    tail = f"; not distinguishable from {', '.join(tied)}" if tied else ""
    out.print(f"Best by nDCG@10: {winner['model']}{tail}.", soft_wrap=True, highlight=False)
    shown = [name for name in LISTS if name in rows[0]]
    print_rows("The lists", ["model", *(LISTS[n] for n in shown)], [[r["model"], *(r[n] for n in shown)] for r in rows])


def _line(row: dict[str, Any]) -> list[Any]:
    quoted = [cell for column in QUOTED for cell in (row[column], _ends(row[f"{column}_interval"]))]
    vs = row["vs"]
    against = [f"{vs['difference']:+.4f}", vs["p"]] if vs else ["–", None]
    return [row["model"], row["hr@10"], *quoted, *against]


def _ends(ends: list[float]) -> str:
    # Without the zero before the point five columns more fit a terminal of 100.
    low, high = (f"{end:.4f}".removeprefix("0") for end in ends)
    return f"{low}–{high}"


def _print_slices(models: list[dict[str, Any]]) -> None:
    """Print nDCG@10 of every model, one table for each way to divide."""
    names = [row["model"] for row in models]
    for by, title in SLICED.items():
        parts = [[part for part in row["slices"] if part["by"] == by] for row in models]
        lines = [
            [same[0]["bucket"], same[0]["customers"], *(part["ndcg@10"] for part in same)]
            for same in zip(*parts, strict=True)
        ]
        print_rows(f"nDCG@10 by: {title}", ["", "customers", *names], lines)


def _print_tuned(models: list[dict[str, Any]]) -> None:
    """Print what a search chose, and what that reached on the validation split."""
    lines: list[list[Any]] = []
    for row in models:
        if tuned := row.get("tuned"):
            best = max(tuned["trials"], key=lambda trial: trial["value"])
            chosen = ", ".join(f"{name}={_short(value)}" for name, value in best["settings"].items())
            lines.append([row["model"], len(tuned["trials"]), tuned["value"], chosen])
    print_rows("Chosen on the validation split", ["model", "tried", "nDCG@10 there", "settings"], lines)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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
