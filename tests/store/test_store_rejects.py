"""Rows set aside are kept as JSON lines, and no file is made for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regulars.core.records import Reject
from regulars.store import RejectsWriter

if TYPE_CHECKING:
    from pathlib import Path


def test_no_reject_no_file(tmp_path: Path) -> None:
    with RejectsWriter(tmp_path, "import_1") as writer:
        writer.write([])
    assert (writer.count, list(tmp_path.iterdir())) == (0, [])


def test_rejects_read_back_one_a_line(tmp_path: Path) -> None:
    found = [
        Reject(file="a.csv", line=3, column="time", reason="is not a time", excerpt="yester\nday"),
        Reject(file="a.csv", line=9, column="", reason="is not UTF-8"),
    ]
    with RejectsWriter(tmp_path, "import_1") as writer:
        writer.write(found[:1])
        writer.write(found[1:])
    lines = (tmp_path / "rejects" / "import_1.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=Reject) for line in lines] == found
    assert (writer.count, writer.path) == (2, tmp_path / "rejects" / "import_1.jsonl")
    writer.close()
