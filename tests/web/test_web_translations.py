"""Every word on a page exists in Chinese, and no translation is left over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ibis
from babel.messages.extract import extract_from_dir

import regulars.web
from regulars.core.schema import EVENTS
from regulars.insights import QUESTIONS, ask
from regulars.web.wording import read_catalogue

WEB = Path(regulars.web.__file__).parent
KEYWORDS: dict[str, Any] = {"mark": None, "say": None, "count": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
HOLES = re.compile(r"%\((\w+)\)s")


def used() -> set[str]:
    """Return the words of templates, of Python, and of the plots that pages draw."""
    options = {"**/templates/**.html": {"trimmed": "true"}}
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(str(WEB), METHODS, options, KEYWORDS, comment_tags=()):
        found.add(message if isinstance(message, str) else message[0])
    connection = ibis.duckdb.connect()
    events = ibis.memtable(EVENTS.empty_table(), schema=ibis.Schema.from_pyarrow(EVENTS))
    for name, question in QUESTIONS.items():
        found |= {question.title, question.description}
        periods = ("day", "week", "month") if "period" in question.params.__struct_fields__ else (None,)
        for period in periods:
            plot = ask(name, events, {"period": period} if period else {}, connection.to_pyarrow).plot_as
            found |= {plot.title, plot.x_title, plot.y_title, *(series.name for series in plot.series)}
    # `say(card["title"])` looks a word up by a key that is not itself one.
    return found - {"", "title", "description"}


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
