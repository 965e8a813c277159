"""What was typed into a search box, made comparable, and near-identical texts that are found."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.insights.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PROTECTED = re.compile(r"\*|sealed:|(?:\d{1,3}\.){3}0/24")
"""Texts in which something is masked or sealed."""
_BETWEEN = re.compile(r"[\W_]+")
CANDIDATES = 2_000
FEWEST = 5
"""Searches that a text needs before it is suggested."""


@dataclass(frozen=True)
class Query:
    """Counts of one text: searches, those with known results, without any, and those that nothing followed."""

    text: str
    searches: int
    known: int
    no_result: int
    left: int


def written(stored: str) -> str:
    """Return what was written, from a JSON string in its quotes; anything else as it is."""
    if not stored.startswith('"'):
        return stored
    try:
        return str(json.loads(stored))
    except ValueError:
        return stored[1:-1]


def normalised(text: str) -> str:
    """Return a text with case, widths of letters and spaces that do not matter taken away.

    Unicode's NFKC, case folding, one space for many. A text with something masked or sealed stays as it is.

    >>> normalised("  Ｇｒｅｅｎ  TEA ")
    'green tea'
    """
    if _PROTECTED.search(text):
        return text
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def merged(counts: Iterable[Mapping[str, Any]]) -> list[Query]:
    """Return the counts of texts that are the same when normalised together, the most searched first."""
    totals: dict[str, list[int]] = {}
    for row in counts:
        here = totals.setdefault(normalised(written(row["text"])), [0, 0, 0, 0])
        for at, name in enumerate(("searches", "known", "no_result", "left")):
            here[at] += int(row[name])
    found = [Query(text, *numbers) for text, numbers in totals.items()]
    return sorted(found, key=lambda query: (-query.searches, query.text))


def suggestions(shown: Sequence[Query], queries: Sequence[Query]) -> dict[str, str]:
    """Return for texts that are often left a near-identical one that surely is less often.

    Parameters
    ----------
    shown
        Texts that may need one.
    queries
        All texts, the most searched first; the first `CANDIDATES` with at least `FEWEST` searches are looked at.
    """
    candidates: list[tuple[Query, float, frozenset[str]]] = []
    for query in queries:
        high = wilson(query.left, query.searches)[1]
        if query.searches >= FEWEST and query.text and high is not None and not _PROTECTED.search(query.text):
            candidates.append((query, high, frozenset(query.text)))
        if len(candidates) == CANDIDATES:
            break
    found: dict[str, str] = {}
    for query in shown:
        low, letters = wilson(query.left, query.searches)[0], frozenset(query.text)
        if low is None or _PROTECTED.search(query.text):
            continue
        for other, high, others in candidates:
            # Two changes leave at most four letters that only one of the texts has.
            if high < low and len(letters ^ others) <= 4 and near(query.text, other.text):
                found[query.text] = other.text
                break
    return found


def near(one: str, two: str) -> bool:
    """Say whether two different texts mean the same but for spelling.

    They are the same without spaces and punctuation, or differ by one letter (left out, put in, exchanged, or two
    swapped), by two when both have eight or more; texts of one or two letters and other digits are never near.

    >>> near("t shirt", "t-shirt"), near("shrit", "shirt"), near("phone 12", "phone 13")
    (True, True, False)
    """
    one, two = _BETWEEN.sub("", one), _BETWEEN.sub("", two)
    if one == two:
        return True
    if Counter(filter(str.isdigit, one)) != Counter(filter(str.isdigit, two)) or min(len(one), len(two)) < 3:
        return False
    most = 2 if min(len(one), len(two)) >= 8 else 1
    return abs(len(one) - len(two)) <= most and distance(one, two) <= most


def distance(one: str, two: str) -> int:
    """Return how many letters must be left out, put in, exchanged, or swapped with the next (optimal alignment)."""
    before: list[int] = []
    last = list(range(len(two) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, other in enumerate(two, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
