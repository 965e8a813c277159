"""`cohorts`: saved groups of customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.options import Json, ShopDir
from regulars.cli.output import out, print_json, print_rows
from regulars.core.errors import InputError
from regulars.shop import Shop

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the cohort is called.")]
cohorts_app = typer.Typer(
    name="cohorts", help="Make, list, show and delete groups of customers.", no_args_is_help=True, rich_markup_mode=None
)


@cohorts_app.command("list")
def list_command(directory: ShopDir, json: Json = False) -> None:
    """List the cohorts."""
    with Shop.open(directory) as shop:
        found = shop.cohorts.list()
    if json:
        print_json({"cohorts": found})
        return
    rows = [[c.name, "; ".join(c.rules), c.listed, c.description, c.changed.date()] for c in found]
    print_rows("", ["name", "rules", "listed", "description", "changed"], rows)


@cohorts_app.command("create")
def create_command(
    directory: ShopDir,
    name: Name,
    rules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RULE…",
            help="What all members have in common: 'purchase >= 3 in 90 days', 'no view in 30 days', "
            "'spend >= 100 in 365 days', 'first seen 2024-01-01..2024-03-31', 'country=CN', 'segment=slipping'.",
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What you say of it.")] = "",
    customers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="A file with the shop's own id of one customer a line."
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a cohort of this name.")] = False,
    json: Json = False,
) -> None:
    """Keep a group of customers under a name."""
    listed = None if customers is None else _lines(customers)
    with Shop.open(directory) as shop:
        _ = shop.cohorts.save(name, rules or (), description=description, customers=listed, replace=replace)
        found = shop.cohorts.get(name, limit=0)
    if json:
        print_json(found)
        return
    out.print(f"{name}: {found.size:,} of {found.customers:,} customers. Use it as cohort:{name}.", soft_wrap=True)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", where=str(path)) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


@cohorts_app.command("show")
def show_command(
    directory: ShopDir,
    name: Name,
    limit: Annotated[int, typer.Option("-n", min=0, help="How many members to show.")] = 20,
    json: Json = False,
) -> None:
    """Show a cohort: its rules, its size, some of its members."""
    with Shop.open(directory) as shop:
        found = shop.cohorts.get(name, limit=limit)
    if json:
        print_json(found)
        return
    cohort = found.cohort
    listed = [] if cohort.listed is None else [["on its list", cohort.listed]]
    rules = [["rule", rule] for rule in cohort.rules]
    facts = [["description", cohort.description], *rules, *listed]
    size = [["members", f"{found.size:,} of {found.customers:,} customers"], ["as of", found.as_of]]
    print_rows("", [cohort.name, f"version {cohort.version}"], [*facts, *size])
    print_rows("", ["customer"], [[member] for member in found.members])


@cohorts_app.command("delete")
def delete_command(directory: ShopDir, name: Name, json: Json = False) -> None:
    """Forget a cohort; its customers stay."""
    with Shop.open(directory) as shop:
        shop.cohorts.delete(name)
    if json:
        print_json({"deleted": name})
        return
    out.print(f"{name} is forgotten.", soft_wrap=True)
