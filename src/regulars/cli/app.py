"""The commands."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars import __version__
from regulars.cli.ask import insights_command, recommend_command
from regulars.cli.asking import ask_command
from regulars.cli.cohorts import cohorts_app
from regulars.cli.compacting import compact_command
from regulars.cli.data import doctor_command, import_command, init_command, learn_command
from regulars.cli.evaluation import evaluate_command, models_command
from regulars.cli.keys import keys_app
from regulars.cli.live import alerts_command, live_command
from regulars.cli.output import reported
from regulars.cli.privacy import privacy_app
from regulars.cli.serving import demo_command, serve_command
from regulars.cli.sql import sql_command

app = typer.Typer(
    name="regulars",
    help="Turn a shop's visitors into regulars: import events, understand them, recommend, and measure who comes back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo_command)
app.command("init")(init_command)
app.command("import")(import_command)
app.command("doctor")(doctor_command)
app.command("serve")(serve_command)
app.command("insights")(insights_command)
app.command("ask")(ask_command)
app.command("sql")(sql_command)
app.command("learn")(learn_command)
app.command("models")(models_command)
app.command("recommend")(recommend_command)
app.command("evaluate")(evaluate_command)
app.command("compact")(compact_command)
app.command("live")(live_command)
app.command("alerts")(alerts_command)
app.add_typer(keys_app)
app.add_typer(cohorts_app)
app.add_typer(privacy_app)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Turn a shop's visitors into regulars."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; exit with 0 when done, 1 when it failed, 2 when the call was wrong."""
    with reported():
        app()
