"""Models and parts of a score, as people call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.web.wording import Words

MODEL_NAMES = {
    "popularity": mark("Popularity"),
    "covisitation": mark("Bought together"),
    "knn": mark("Neighbours"),
    "neighbours": mark("Like-minded customers"),
    "ease": mark("Linear model"),
    "als": mark("Tastes"),
    "transformer": mark("Order of events"),
    "gru": mark("Order of events, step by step"),
    "repeat": mark("Buying again"),
    "blend": mark("Blend"),
    "own-frequency": mark("Own favourites"),
    "popular-last-week": mark("Popular last week"),
}
"""A part of the score → its name for people; models have the same names. One without a name keeps its own."""

PLOT_TITLE = mark("Held-out quality of the models, with 95% intervals")
"""Of `regulars.shop.model_quality`: it goes through the translator where it is drawn."""


def model_naming(words: Words) -> Callable[[str], str]:
    """Return what names a model in the language of the page."""
    return lambda name: words.say(MODEL_NAMES.get(name, name))
