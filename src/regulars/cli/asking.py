"""`ask`: a question in plain words."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars.cli.ask import show_answer
from regulars.cli.options import Json, ShopDir
from regulars.cli.output import out, print_json
from regulars.core.errors import UsageError
from regulars.shop import Shop


def ask_command(
    directory: ShopDir,
    words: Annotated[list[str], typer.Argument(metavar="QUESTION…", help="In English or Chinese.")],
    json: Json = False,
) -> None:
    """Answer a question in plain words, and say how it was understood."""
    with Shop.open(directory) as shop:
        said = shop.understand(" ".join(words))
        if said.name is None:
            raise UsageError(
                "no question fits these words",
                where="QUESTION",
                fix="Say which number, of whom and since when, or see `regulars insights DIR`.",
            )
        table = shop.insights(said.name, **said.params)
    if json:
        print_json({"understood": said, "answer": table.to_json()})
        return
    given = " ".join(f"--param {name}={value}" for name, value in said.params.items())
    out.print(f"Understood as: regulars insights {directory} {said.name} {given}".rstrip())
    show_answer(table)
