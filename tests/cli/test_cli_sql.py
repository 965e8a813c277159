"""`regulars sql`, and answers written to files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from regulars.cli import main

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = "SELECT kind, count(*) AS n FROM events GROUP BY kind"


def regulars(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run the command line; return its exit status."""
    monkeypatch.setattr("sys.argv", ["regulars", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_a_statement_prints_rows_or_json(
    shop_directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table for people, a document for programs; the views with their columns."""
    assert regulars(monkeypatch, "sql", shop_directory, COUNTS) == 0
    assert "purchase" in capsys.readouterr().out
    assert regulars(monkeypatch, "sql", shop_directory, COUNTS, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"] == ["kind", "n"]
    assert found["rows"][0][0] == "purchase"
    assert regulars(monkeypatch, "sql", shop_directory, "--schema") == 0
    assert "customer_summaries" in capsys.readouterr().out
    assert regulars(monkeypatch, "sql", shop_directory, "--schema", "--json") == 0
    assert json.loads(capsys.readouterr().out)["items"]["columns"][0]["name"] == "item"


def test_rows_are_written_as_the_ending_says(
    shop_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CSV with its mark, Parquet, JSON; another ending is refused before anything runs."""
    statement = "SELECT item, title FROM items ORDER BY item"
    for ending in ("csv", "parquet", "json"):
        assert regulars(monkeypatch, "sql", shop_directory, statement, "--out", tmp_path / f"a.{ending}") == 0
    assert (tmp_path / "a.csv").read_bytes().startswith(b'\xef\xbb\xbf"item","title"\n"i00"')
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 60
    assert len(json.loads((tmp_path / "a.json").read_text())["rows"]) == 60
    assert regulars(monkeypatch, "sql", shop_directory, statement, "--out", tmp_path / "a.xls") == 2
    assert ".csv" in capsys.readouterr().err


def test_what_may_not_run_ends_with_two_and_its_place(
    shop_directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong use: no traceback."""
    for statement in ("SELECT * FROM read_text('/etc/passwd')", "COPY events TO 'x.csv'", ""):
        assert regulars(monkeypatch, "sql", shop_directory, statement) == 2
    said = capsys.readouterr().err
    assert "line 1, column 15" in said
    assert "Traceback" not in said
    assert regulars(monkeypatch, "sql", shop_directory) == 2


def test_the_answer_to_a_question_is_written_to_a_file(
    shop_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows that are printed, all of them."""
    for ending in ("csv", "parquet", "json"):
        path = tmp_path / f"retention.{ending}"
        assert regulars(monkeypatch, "insights", shop_directory, "retention", "--out", path) == 0
    document = json.loads((tmp_path / "retention.json").read_text())
    assert pq.read_table(tmp_path / "retention.parquet").num_rows == len(document["rows"])
    assert (tmp_path / "retention.csv").read_text("utf-8-sig").startswith('"')
    assert regulars(monkeypatch, "insights", shop_directory, "retention", "--out", tmp_path / "x.xls") == 2
    capsys.readouterr()
