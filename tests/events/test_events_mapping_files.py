"""The mapping files that ship with the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regulars.events import load_mapping

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = sorted((DOCS / "mappings").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mapping_file_is_valid_and_says_how_to_use_it(path):
    mapping = load_mapping(path)
    assert mapping.table in {"events", "items"}
    comment = path.read_text("utf-8").partition("table =")[0]
    assert re.search(rf"regulars import DIR .* --map docs/mappings/{path.name}", comment)


def test_the_page_on_importing_names_every_mapping_file():
    page = (DOCS / "importing.md").read_text("utf-8")
    assert len(FILES) >= 10
    assert [path.name for path in FILES if path.name not in page] == []
