"""`init`, `import`, `learn`, `doctor`: a shop from nothing to models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.model_card import print_card
from regulars.cli.options import FormatOption, Json, MapOption, ShopDir, names
from regulars.cli.output import EXIT_FAILED, RichProgress, out, print_json, print_rows
from regulars.core.settings import FILE_NAME, Settings, ShopSettings, validated
from regulars.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.records import ImportSummary, ModelCard

SHOWN_REASONS = 10


def init_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new directory for the shop.")],
    name: Annotated[str, typer.Option(help="The shop's name.")] = "My shop",
    time_zone: Annotated[str, typer.Option(help="IANA time zone, such as Asia/Shanghai.")] = "UTC",
    currency: Annotated[str, typer.Option(help="ISO 4217 code, such as CNY.")] = "USD",
    json: Json = False,
) -> None:
    """Make a new, empty shop."""
    settings = validated(Settings(shop=ShopSettings(name=name, time_zone=time_zone, currency=currency)))
    with Shop.create(directory, settings) as shop:
        if json:
            print_json({"directory": str(shop.directory), "settings": shop.settings})
            return
        out.print(f"Made {directory / FILE_NAME}. Next: regulars import {directory} EVENTS.csv", soft_wrap=True)


def import_command(
    directory: ShopDir,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders of files.")],
    table: Annotated[str | None, typer.Option(help="events (default), items or customers.")] = None,
    format: FormatOption = None,  # noqa: A002 - the word users know
    mapping: MapOption = None,
    json: Json = False,
) -> None:
    """Take files in: good rows are added, bad ones set aside with their reason, known ones skipped."""
    with Shop.open(directory) as shop:
        summary = shop.import_files(paths, table=table, format=format, mapping=mapping, progress=RichProgress())
    if json:
        print_json(summary)
        return
    _print_summary(summary)


def _print_summary(summary: ImportSummary) -> None:
    out.print(
        f"{summary.read:,} rows read: {summary.added:,} added, {summary.duplicates:,} already there, "
        f"{summary.rejected:,} set aside ({summary.seconds:.1f} s)",
        soft_wrap=True,
    )
    if summary.rejected:
        common = sorted(summary.reasons.items(), key=lambda pair: -pair[1])[:SHOWN_REASONS]
        print_rows("Set aside", ["reason", "rows"], common)
        out.print(f"Each with file, line and column in {summary.rejects_file}", soft_wrap=True)


def learn_command(
    directory: ShopDir,
    models: Annotated[str | None, typer.Option(help="Names, comma-separated; default: regulars.toml's.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Budget of each training of a transformer or GRU; default: regulars.toml's.")
    ] = None,
    warm: Annotated[
        bool, typer.Option("--warm", help="Go on from the version in use: cheap enough for every day's events.")
    ] = False,
    json: Json = False,
) -> None:
    """Learn from the shop's events; nothing is computed when nothing changed."""
    with Shop.open(directory) as shop:
        cards = shop.learn(models=names(models), minutes=minutes, warm=warm, progress=RichProgress())
    if json:
        print_json({"models": cards})
        return
    _print_cards(cards)


def _print_cards(cards: Sequence[ModelCard]) -> None:
    judged = [card for card in cards if "recall@20" in card.quality]
    if not judged:
        out.print("Learned. There are too few customers to set some apart and judge the models by them.")
        print_card(cards[0])
        return
    names = ["recall@20", "ndcg@20", "customers"]
    rows = [[card.name, *(card.quality[name] for name in names)] for card in judged]
    print_rows(f"Held-out {judged[0].quality['protocol']}, full ranking", ["model", *names], rows)
    print_card(cards[0])


def doctor_command(directory: ShopDir, json: Json = False) -> None:
    """Look at settings, tables, models and disk, and say what to mend."""
    with Shop.open(directory) as shop:
        checks = shop.doctor()
    if json:
        print_json({"ok": all(check.ok for check in checks), "checks": checks})
    else:
        rows = [["ok" if check.ok else "MEND", check.name, check.detail, check.fix] for check in checks]
        print_rows("", ["", "what", "found", "what to do"], rows)
    if not all(check.ok for check in checks):
        raise typer.Exit(EXIT_FAILED)
