"""Questions in plain words, asked of one shop."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ibis import _

from regulars.core.errors import RegularsError
from regulars.core.schema import CATEGORY_SEPARATOR
from regulars.insights.asking import Surroundings, ask_model, understand
from regulars.language.chat import chat_model

if TYPE_CHECKING:
    from regulars.core.records import Understood
    from regulars.core.settings import LanguageSettings
    from regulars.shop.facade import Shop

LOG = logging.getLogger(__name__)
VALUES = 300
"""Values of a dimension that are known by name; rarer ones have to be written as a condition."""
DIMENSIONS = ("country", "region", "city", "channel", "source", "campaign")
STALE_DAYS = 7
"""Of a shop whose last event is older than this, the last day with events is 'today'."""


def understand_for(settings: LanguageSettings, text: str, around: Surroundings) -> Understood:
    """Return what a question in plain words means: by the language model where there is one, else by the rules."""
    try:
        model = chat_model(settings)
        if model is not None:
            return ask_model(model, text, around.today)
    except RegularsError as error:
        # Without the model the rules answer; whoever looks after the server reads why.
        LOG.warning("asked the rules instead: %s", error)
    return understand(text, around)


def surroundings(shop: Shop) -> Surroundings:
    """Return what a question can refer to: the day, the names of places, channels, categories, and products."""
    sources = shop.sources()
    span = sources.span()
    today = date.today()
    if span is not None and today - span.last > timedelta(days=STALE_DAYS):
        today = span.last
    values: dict[str, list[str]] = {}
    for name in DIMENSIONS:
        column = sources.events[name]
        counts = sources.events.filter(column.notnull()).group_by(name).aggregate(n=_.count())
        rows = sources.run(counts.order_by([_.n.desc(), _[name].asc()]).limit(VALUES))
        values[name] = rows.column(name).to_pylist()
    categories = sources.items.filter(_.category.notnull()).select(name=_.category.split(CATEGORY_SEPARATOR)[0])
    values["category"] = sources.run(categories.distinct().order_by("name").limit(VALUES)).column("name").to_pylist()
    return Surroundings(today, values, lambda words: _item(shop, words))


def _item(shop: Shop, words: str) -> str | None:
    found = shop.items(words, limit=1)
    return found[0].item if found else None
