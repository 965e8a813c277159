"""A question in plain English or Chinese as one of the typed questions with its parameters.

Which question it is: the likeness of its vector to examples of each question, plus the words that give a question
away. Its parameters: days, periods, dimensions, values, kinds and numbers that stand in it. Nothing is guessed
that is not in the words, and what was understood is shown with the words it was taken from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regulars.core.records import Understood
from regulars.insights.asking.fitting import fitted
from regulars.insights.asking.phrases import MANNERS, ORDERED, OUTSIDE
from regulars.insights.asking.slots import read_slots
from regulars.insights.asking.spelling import corrected
from regulars.insights.questions import QUESTIONS
from regulars.language.embeddings import embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from regulars.language.embeddings import Embedder

NEAR = 4
"""Of so many of the likest questions it counts how much of what was said they can take."""
LONGEST = 500
"""Characters of a question that are read."""


class Weights(NamedTuple):
    """How an embedder's likenesses and the words that give a question away go together."""

    sure: float
    """What a question gains by words that hardly another has, in units of likeness."""
    clue: float
    """What it gains by words that point to it."""
    taken: float
    """What it gains by each parameter that it can take of what was said."""
    least: float
    """With a lower score nothing fits."""
    spread: float
    """How far apart scores must be to be sure."""
    unsure: float
    """With less confidence than this nothing is answered: what it could be is offered."""


WEIGHTS = {
    "multilingual-e5-small": Weights(sure=0.06, clue=0.02, taken=0.006, least=0.86, spread=0.025, unsure=0.16),
    "character n-grams": Weights(sure=0.32, clue=0.16, taken=0.03, least=0.28, spread=0.1, unsure=0.2),
}
"""By the embedder's name; chosen on texts that no figure is of: `benchmarks/asking.py`."""


_BORDER = re.compile(r"(?<=[a-z])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=[a-z])")


@dataclass(frozen=True)
class Surroundings:
    """What a question can refer to beside itself."""

    today: date
    """The day that 'last week' is seen from."""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "Sequence[str]"])
    """Dimension → values there are in this shop."""
    find_item: Callable[[str], str | None] = lambda _: None
    """Returns the item that some words name."""


def understand(text: str, around: Surroundings, engine: Embedder | None = None) -> Understood:
    """Return what a question means.

    Parameters
    ----------
    text
        The question as it was typed.
    around
        The shop it is asked of.
    engine
        Makes vectors of texts; by default the best that is installed.
    """
    engine = engine or embedder()
    plain = corrected(_plain(text), (value for some in around.values.values() for value in some))
    if not any(letter.isalnum() for letter in plain):
        return Understood(name=None)
    weights = WEIGHTS[engine.name]
    scores, outside = _scores(plain, engine, weights)
    order = _ordered(scores)
    is_ours = scores[order[0]] >= max(weights.least, outside) and not ORDERED.search(plain)
    slots = read_slots(plain, around.today, around.values, around.find_item)
    for name in order[:NEAR]:
        scores[name] += weights.taken * len(fitted(name, slots)[0])
    order = _ordered(scores)
    sure = _confidence([scores[name] for name in order], weights.spread)
    if not is_ours or sure < weights.unsure:
        return Understood(name=None, others=order[:3])
    params, reading = fitted(order[0], slots)
    return Understood(
        name=order[0],
        params=params,
        reading=[(QUESTIONS[order[0]].title, order[0]), *reading],
        others=order[1:4],
        confidence=sure,
    )


def by_clues(text: str) -> Understood:
    """Return the question whose words stand in the text, without its parameters: what likeness is measured against."""
    plain = corrected(_plain(text))
    scores = {name: _bonus(name, plain, Weights(2.0, 1.0, 0.0, 0.0, 1.0, 0.0)) for name in _names()}
    order = _ordered(scores)
    return Understood(name=order[0] if scores[order[0]] else None, others=order[1:4])


def by_likeness(text: str, engine: Embedder) -> Understood:
    """Return the question with the likest example, without its parameters: what clues are measured against."""
    likeness, outside = _likenesses(_plain(text), engine)
    order = _ordered(likeness)
    return Understood(name=order[0] if likeness[order[0]] >= outside else None, others=order[1:4])


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    # Chinese is written around Latin words without a space; a space makes them words.
    text = _BORDER.sub(" ", text)
    return " ".join(text.replace("?", " ").replace("’", "'").split())[:LONGEST]


def _ordered(scores: Mapping[str, float]) -> list[str]:
    return sorted(scores, key=lambda name: (-scores[name], name))


def _names() -> list[str]:
    return [name for name in MANNERS if name in QUESTIONS]


def _bonus(name: str, plain: str, weights: Weights) -> float:
    manner = MANNERS[name]
    sure = len({found.span() for found in manner.sure.finditer(plain)})
    return weights.sure * min(sure, 2) ** 0.5 + weights.clue * bool(manner.clue.search(plain))


def _scores(plain: str, engine: Embedder, weights: Weights) -> tuple[dict[str, float], float]:
    """Return the score of each question, and that of being none of them."""
    scores, outside = _likenesses(plain, engine)
    for name in scores:
        scores[name] += _bonus(name, plain, weights) + (plain == _plain(QUESTIONS[name].title))
    return scores, outside


def _likenesses(plain: str, engine: Embedder) -> tuple[dict[str, float], float]:
    """Return how alike a text is to each question's examples, and to those that are none.

    The mean of the likest example and of all of them: one example can be alike by chance.
    """
    names, vectors = _examples(engine)
    likeness = vectors @ engine.queries([plain])[0]
    best = {name: float(likeness[names == name].max() + likeness[names == name].mean()) / 2 for name in [*_names(), ""]}
    return best, best.pop("")


_vectors: dict[str, tuple[NDArray[Any], NDArray[np.float32]]] = {}


def _examples(engine: Embedder) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the question of each example, '' of those that are none, and their vectors."""
    if engine.name not in _vectors:
        pairs = [(name, text) for name in _names() for text in MANNERS[name].examples]
        pairs += [("", text) for text in OUTSIDE]
        made = engine.queries([_plain(text) for _, text in pairs])
        _vectors[engine.name] = (np.array([name for name, _ in pairs]), made)
    return _vectors[engine.name]


def _confidence(scores: list[float], spread: float) -> float:
    """Return the softmax of the first score."""
    weights = np.exp((np.array(scores) - scores[0]) / spread)
    return float(weights[0] / weights.sum())
