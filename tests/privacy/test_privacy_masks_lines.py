"""Texts masked line by line, as a library and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from regulars.cli.masking import mask_command
from regulars.core.errors import InputError, UsageError
from regulars.privacy.masks import Span
from regulars.shop.masking import MaskedText, mask_lines

TEXT = "手机13812345678\nz@example.cn 张伟女士\r\nnothing here"


def run(arguments: list[str], given: bytes = b"") -> bytes:
    app = typer.Typer()
    app.command()(mask_command)
    result = CliRunner().invoke(app, arguments, input=given, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout_bytes


def test_lines_come_back_with_the_places_in_the_original():
    found = list(mask_lines(["nothing", "手机13812345678"]))
    assert found[0] == MaskedText(text="nothing", spans=[])
    assert found[1] == MaskedText(text="手机138****5678", spans=[Span(2, 13, "phone")])


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="passport"):
        list(mask_lines(["x"], ["passport"]))


def test_a_file_comes_out_masked_with_its_line_ends(tmp_path: Path):
    path = tmp_path / "chat.txt"
    path.write_bytes(TEXT.encode())
    masked = "手机138****5678\nz***@example.cn 张*女士\r\nnothing here"
    assert run([str(path)]).decode() == masked
    assert run([], TEXT.encode()).decode() == run(["-"], TEXT.encode()).decode() == masked
    assert run(["-", "--kinds", "email"], TEXT.encode()).decode() == TEXT.replace("z@", "z***@")


def test_bytes_that_are_no_text_pass_through():
    broken = b"\xff\xfe 13812345678 \xe5\xbc\n\x00"
    assert run([], broken) == b"\xff\xfe 138****5678 \xe5\xbc\n\x00"


def test_json_has_a_line_for_each_text():
    lines = [json.loads(line) for line in run(["--json"], b"\xff 13812345678\nno\n").decode().splitlines()]
    assert lines[0] == {"text": "\ufffd 138****5678", "spans": [{"start": 2, "end": 13, "kind": "phone"}]}
    assert lines[1] == {"text": "no", "spans": []}


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"absent\.txt"):
        run([str(tmp_path / "absent.txt")])
