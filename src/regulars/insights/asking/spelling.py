"""Slips of the keyboard in English words, put right where only one word that people ask with is near."""

from __future__ import annotations

import re
from functools import cache
from string import ascii_lowercase
from typing import TYPE_CHECKING

from regulars.insights.asking.phrases import MANNERS, OUTSIDE
from regulars.insights.asking.times import MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 5
"""Letters; a shorter word is too near to too many others."""
_WORD = re.compile(rf"(?<![a-z])[a-z]{{{SHORTEST},20}}(?![a-z])")
_MORE = (
    "breakdown campaign category checkout confidence conversion country coupon customer "
    "daily delivery device elasticity "
    "events frequency household invitation invitations lookback minutes monthly product promotion purchase quarter "
    "referral region repeat resurrected retention revenue segment session share sorted source stickiness support "
    "timeout together unbounded weekly which what where when without within yesterday"
)


def corrected(text: str, names: Iterable[str] = ()) -> str:
    """Return the text with each unknown word replaced by the one known word that is one slip away.

    Words of `names`, those that the shop itself uses, are left alone.

    A slip is a letter too many, a letter too few, a wrong letter, or two neighbours exchanged (Damerau 1964). A word
    that several known words are near to stays as it is.
    """
    kept = frozenset(_WORD.findall(" ".join(names).lower()))
    return _WORD.sub(lambda found: found[0] if found[0] in kept else _nearest(found[0]), text)


def _nearest(word: str) -> str:
    known = _known()
    if word in known:
        return word
    near = _slips(word) & known
    # A plural of a known word is no slip.
    return word if len(near) != 1 or word.rstrip("s") in known else near.pop()


def _slips(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in cuts if right for letter in ascii_lowercase}
    more = {left + letter + right for left, right in cuts for letter in ascii_lowercase}
    return fewer | swapped | other | more


@cache
def _known() -> frozenset[str]:
    texts = [*(text for manner in MANNERS.values() for text in manner.examples), *OUTSIDE, _MORE, *MONTHS]
    return frozenset(_WORD.findall(" ".join(texts).lower()))
