"""`regulars ask`: what it understood, then the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from regulars.cli.app import app

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = CliRunner()


def test_it_says_how_it_understood_and_answers(shop_directory: Path):
    done = RUNNER.invoke(app, ["ask", str(shop_directory), "weekly", "retention,", "follow for 3 weeks"])
    assert done.exit_code == 0, done.output
    understood = " ".join(done.output.split())
    assert "retention --param period=week --param periods=3" in understood
    assert "95% interval" in understood


@pytest.mark.parametrize(
    ("question", "name", "params"),
    [
        ("销售额前5的品类", "products", {"by": "category", "limit": "5", "sort": "revenue"}),
        ("What is bought together?", "affinity", {}),
        ("Who are our best customers?", "rfm", {}),
    ],
)
def test_json_has_both_and_the_answer_is_of_what_was_understood(
    shop_directory: Path, question: str, name: str, params: dict[str, str]
):
    done = RUNNER.invoke(app, ["ask", str(shop_directory), question, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert (said["understood"]["name"], said["understood"]["params"]) == (name, params)
    assert said["answer"]["name"] == name
    assert all(str(said["answer"]["params"][param]) == value for param, value in params.items())


def test_what_is_no_question_is_refused(shop_directory: Path):
    done = RUNNER.invoke(app, ["ask", str(shop_directory), "tell me a joke"])
    assert done.exit_code != 0
    assert "no question fits" in str(done.output) + str(done.exception)
