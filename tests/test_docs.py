"""The documentation runs, and the pages made from the code are the code's."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_python_examples_run_and_links_lead_somewhere(page: str) -> None:
    """Each Python block of a page runs on its own."""
    text = (DOCS / page).read_text("utf-8")
    for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(code, page, "exec"), {})  # noqa: S102 - the documentation's own example
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (DOCS / target).exists(), target


def test_generated_pages_are_current() -> None:
    """`make docs` would change nothing: every setting and every command's help is as the code has it."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (DOCS / "settings.md").read_text("utf-8") == generate.settings_page()
    assert (DOCS / "cli.md").read_text("utf-8") == generate.cli_page()
    assert (DOCS / "questions.md").read_text("utf-8") == generate.questions_page()


def test_every_route_and_every_setting_is_documented() -> None:
    """A route that docs/api.md lacks fails."""
    from regulars.web.api import API

    text = (DOCS / "api.md").read_text("utf-8")
    paths = [route.path for route in API.routes]
    assert len(paths) > 7
    for path in paths:
        assert "/".join(path.split("/")[:3]) in text, path
