"""Every word on a page exists in Chinese, and no translation is left over."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import ibis
from babel.messages.extract import extract_from_dir

import regulars.insights
import regulars.web
from regulars.core.columns import COLUMNS
from regulars.core.schema import EVENTS
from regulars.insights import GROUPS, Sources, ask, describe
from regulars.shop.analyst_views import VIEWS
from regulars.web.dashboard.question_form import label_of
from regulars.web.wording import read_catalogue

WEB = Path(regulars.web.__file__).parent
KEYWORDS: dict[str, Any] = {"mark": None, "say": None, "count": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
LABELS = {"reading": ("label",), "Series": ("name",), "Plot": ("title", "x_title", "y_title")}
HOLES = re.compile(r"%\((\w+)\)s")


def used() -> set[str]:
    """Return the words of templates, of Python, and of the plots that pages draw."""
    options = {"**/templates/**.html": {"trimmed": "true"}}
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(str(WEB), METHODS, options, KEYWORDS, comment_tags=()):
        found.add(message if isinstance(message, str) else message[0])
    found |= of_questions() | written_in_code()
    for view in VIEWS.values():
        found |= {view.meaning, *(column.meaning for column in view.columns)}
    # `say(card["title"])` looks a word up by a key that is not itself one.
    return found - {"", "title", "description", "label"}


def of_questions() -> set[str]:
    """Return the words of questions, their parameters, and the plots of answers without events."""
    found: set[str] = set(GROUPS.values())
    connection = ibis.duckdb.connect()
    events = ibis.memtable(EVENTS.empty_table(), schema=ibis.Schema.from_pyarrow(EVENTS))
    sources = Sources(events, connection.to_pyarrow)
    for name, about in describe().items():
        found |= {about["title"], about["description"]}
        periods: tuple[str, ...] = ("",)
        for param, what in about["params"].items():
            choices = what["input"]["choices"]
            found |= {what["description"], label_of(param), *map(label_of, choices)}
            if what["input"]["name"] == "flag":
                found |= {"True", "False"}
            periods = choices if param == "period" else periods
        for period in periods:
            answer = ask(name, sources, {"period": period}) if period else ask(name, sources, {})
            plot = answer.plot_as
            found |= {plot.title, plot.x_title, plot.y_title, *(series.name for series in plot.series)}
            found |= {column.title for column in answer.columns.values()}
    return found


def written_in_code() -> set[str]:
    """Return the titles of columns and the names of headline numbers, which answers with events have."""
    found = {column.title for column in COLUMNS.values()}
    for path in Path(regulars.insights.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", "")
            said = [word.value for word in node.keywords if word.arg in LABELS.get(name, ())]
            if name == "Column":
                said += node.args[:1]
            found |= {word.value for word in said if isinstance(word, ast.Constant) and isinstance(word.value, str)}
    return found


def translations() -> dict[str, list[str]]:
    """Return msgid → its translations."""
    found: dict[str, list[str]] = {}
    for message in read_catalogue("zh"):
        name = message.id if isinstance(message.id, str) else message.id[0]
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        if name:
            found[name] = texts
    return found


def test_nothing_is_untranslated_and_nothing_is_left_over() -> None:
    """Both directions, by name."""
    known = translations()
    assert sorted(used() - known.keys()) == []
    assert sorted(known.keys() - used()) == []
    assert [name for name, texts in known.items() if not all(texts)] == []


def test_translations_keep_the_holes_of_their_sentence() -> None:
    """A hole that is lost or misspelt would lose a number on a page."""
    for name, texts in translations().items():
        for text in texts:
            assert set(HOLES.findall(text)) <= set(HOLES.findall(name)) | {"n", "num"}, name
            assert set(HOLES.findall(name)) <= set(HOLES.findall(text)) | {"n", "num"}, name
