"""What a review speaks of, clause by clause, and whether it speaks well of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regulars.language.aspect_words import ASPECTS, CHINESE, ENGLISH, Aspect
from regulars.language.clauses import clauses
from regulars.language.languages import Language, language_of
from regulars.language.sentiment import Sentiment, shipped
from regulars.language.tokens import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OWN_SHARE = 0.8
"""How much the clauses about an aspect say of it, in log odds; the review as a whole says the rest."""
_SURE = 1e-4


class Mention(NamedTuple):
    """An aspect that a review speaks of, and the probability that it speaks well of it; NaN where nobody can tell."""

    aspect: Aspect
    probability: float


def _patterns(words: Mapping[Aspect, str], before: str, after: str) -> dict[Aspect, re.Pattern[str]]:
    found: dict[Aspect, re.Pattern[str]] = {}
    for aspect, text in words.items():
        alternatives = sorted(set(text.replace("_", r"\s").split()), key=len, reverse=True)
        found[aspect] = re.compile(f"{before}(?:{'|'.join(alternatives)}){after}")
    return found


_PATTERNS: dict[Language, dict[Aspect, re.Pattern[str]]] = {
    "zh": _patterns(CHINESE, "", ""),
    "en": _patterns(ENGLISH, r"(?<![a-z])", r"(?![a-z])"),
}


_COURIER = re.compile(r"(?:快递|配送|送货|小哥|物流)[^，。]{0,6}?(?:态度|服务)")
"""The courier's manners are part of the delivery."""


def aspects_of(clause: str, language: Language) -> tuple[Aspect, ...]:
    """Return the aspects that a clause speaks of by its words, in the order of `ASPECTS`; never `other`."""
    plain = _COURIER.sub("快递", normalised(clause))
    return tuple(aspect for aspect, words in _PATTERNS.get(language, {}).items() if words.search(plain))


def mentions(
    texts: Sequence[str], sentiment: Sentiment | None = None, languages: Sequence[Language] | None = None
) -> list[tuple[Mention, ...]]:
    """Return what each review speaks of, in the order of `ASPECTS`.

    A review that speaks of none of the aspects by name has the one aspect `other`. One in a language that is not
    known has none. The probability of an aspect is that of the mean log odds of the clauses about it, with a fifth
    of the whole review's: a clause is short, and 就是慢 alone says little.

    Parameters
    ----------
    texts
        Reviews.
    sentiment
        Models; by default the shipped ones.
    languages
        The language of each, where it is known already.
    """
    models = sentiment or shipped()
    spoken: Sequence[Language] = [language_of(text) for text in texts] if languages is None else languages
    pieces: list[tuple[int, str, tuple[Aspect, ...]]] = [
        (at, clause, found)
        for at, text in enumerate(texts)
        if spoken[at] != "unknown"
        for clause in clauses(text)
        if (found := aspects_of(clause, spoken[at]))
    ]
    whole = _log_odds(models, texts, spoken)
    parts = _log_odds(models, [clause for _, clause, _ in pieces], [spoken[at] for at, _, _ in pieces])
    said: list[dict[Aspect, list[float]]] = [{} for _ in texts]
    for (at, _, found), odds in zip(pieces, parts, strict=True):
        for aspect in found:
            said[at].setdefault(aspect, []).append(odds)
    return [_mentions(said[at], odds) if spoken[at] != "unknown" else () for at, odds in enumerate(whole)]


def _mentions(said: dict[Aspect, list[float]], whole: float) -> tuple[Mention, ...]:
    if not said:
        return (Mention("other", _probability(whole)),)
    return tuple(
        Mention(aspect, _probability(_weighed([odds for odds in said[aspect] if not np.isnan(odds)], whole)))
        for aspect in ASPECTS
        if aspect in said
    )


def _weighed(odds: list[float], whole: float) -> float:
    if not odds:
        return whole
    own = sum(odds) / len(odds)
    return own if np.isnan(whole) else OWN_SHARE * own + (1 - OWN_SHARE) * whole


def _log_odds(models: Sentiment, texts: Sequence[str], spoken: Sequence[Language]) -> list[float]:
    probability = np.clip(models.probabilities(texts, spoken), _SURE, 1 - _SURE)
    return (np.log(probability) - np.log1p(-probability)).tolist()


def _probability(odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-odds)))
