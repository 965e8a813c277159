"""Reviews as numbers: what a stored review says, its sentiment and its aspects, scored once."""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from regulars.language.aspect_words import ASPECTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from regulars.language.languages import Language

TEXT_FIELDS = ("review_body", "review_text", "text", "review", "body", "content", "comment", "评论", "评价", "内容")
"""Properties that hold a review's text; the first that is there counts. `review_body` is Segment's."""
STAR_FIELDS = ("rating", "stars", "score")
MOST_STARS = 5
MAX_KEPT = 200_000
"""Scores that are kept; the least used go first."""


class Scored(NamedTuple):
    """What a review's text says: nothing of the text itself.

    Parameters
    ----------
    negative
        Whether it speaks badly of what it is about; None where nobody can tell (another language).
    aspects
        Aspect → whether it speaks badly of it, or None.
    """

    negative: bool | None
    aspects: dict[str, bool | None]


class Review(NamedTuple):
    """One review, scored."""

    day: date
    item: str
    group: str
    category: str
    stars: float | None
    score: Scored


class Read(NamedTuple):
    """What a stored event holds of a review."""

    text: str
    stars: float | None


_kept: OrderedDict[tuple[str, int], Scored] = OrderedDict()
_lock = Lock()


def read_review(properties: str | None) -> Read:
    """Return text and stars from an event's properties; '' and None where they are not there.

    Stars are those from 1 to 5, as numbers or as text.
    """
    try:
        fields: Any = msgspec.json.decode(properties or "{}")
    except msgspec.DecodeError:
        return Read("", None)
    if not isinstance(fields, dict):
        return Read("", None)
    texts = (fields.get(name) for name in TEXT_FIELDS)
    stars = (_stars(fields.get(name)) for name in STAR_FIELDS)
    return Read(
        next((text.strip() for text in texts if isinstance(text, str) and text.strip()), ""),
        next((value for value in stars if value is not None), None),
    )


def _stars(value: object) -> float | None:
    try:
        stars = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return stars if 1 <= stars <= MOST_STARS else None


def scored(texts: Sequence[tuple[str, str]]) -> list[Scored]:
    """Return the scores of (event id, text), in order; an event whose text is the same is scored once.

    Texts are read as they are stored, masked, and are not kept: only ids, hashes and scores are.
    """
    keys = [(event, hash(text)) for event, text in texts]
    with _lock:
        found = {key: _kept[key] for key in keys if key in _kept}
        for key in found:
            _kept.move_to_end(key)
    new = {key: text for key, (_, text) in zip(keys, texts, strict=True) if key not in found}
    if new:
        fresh = dict(zip(new, score_texts(list(new.values())), strict=True))
        found |= fresh
        with _lock:
            _kept.update(fresh)
            while len(_kept) > MAX_KEPT:
                _ = _kept.popitem(last=False)
    return [found[key] for key in keys]


def score_texts(texts: list[str]) -> list[Scored]:
    """Return the scores of texts, in order, without looking whether they are known."""
    # Numba is loaded when there is something to score, and not with every question.
    from regulars.language.aspects import mentions
    from regulars.language.languages import language_of
    from regulars.language.sentiment import shipped

    languages: list[Language] = [language_of(text) for text in texts]
    whole = shipped().probabilities(texts, languages)
    parts = mentions(texts, languages=languages)
    return [
        Scored(_negative(float(probability)), {one.aspect: _negative(one.probability) for one in said})
        for probability, said in zip(whole, parts, strict=True)
    ]


def _negative(probability: float) -> bool | None:
    return None if math.isnan(probability) else probability < 0.5


def is_negative(score: Scored, aspect: str) -> bool | None:
    """Return whether a review speaks badly: of an aspect, or with 'any' as a whole; None where nobody can tell."""
    return score.negative if aspect == "any" else score.aspects.get(aspect)


class Tally:
    """Counts of reviews as they are added up."""

    def __init__(self) -> None:
        self.reviews = 0
        self.stars: list[float] = []
        self.read = 0
        self.judged = 0
        self.negative = 0
        self.mentioned = dict.fromkeys(ASPECTS, 0)

    def add(self, review: Review, aspect: str) -> None:
        """Count a review by its sentiment towards an aspect; see `is_negative`."""
        stars, score = review.stars, review.score
        self.reviews += 1
        if stars is not None:
            self.stars.append(stars)
        negative = is_negative(score, aspect)
        if negative is not None:
            self.judged += 1
            self.negative += negative
        self.read += bool(score.aspects)
        for name in self.mentioned:
            self.mentioned[name] += name in score.aspects

    def shares(self) -> Mapping[str, float | None]:
        """Return the share of the reviews in a known language that speaks of each aspect."""
        return {aspect: count / self.read if self.read else None for aspect, count in self.mentioned.items()}
