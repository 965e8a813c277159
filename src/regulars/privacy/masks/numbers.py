"""Numbers in a text, one after another, each tried as what it is most often."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.cards import card
from regulars.privacy.masks.contexts import before, coded, glued, priced
from regulars.privacy.masks.identities import named_identity, old_id, resident_id, social_security
from regulars.privacy.masks.phones import chinese_mobile, grouped_phone, named_phone
from regulars.privacy.masks.spans import Kind, Span

_START: Final = re.compile(r"(?<![0-9*])[+(]{0,2}[0-9](?:[ .()/-]{0,3}[0-9]){6}(?!\*)")
"""Seven digits with few signs between: the shortest telephone number."""
_PREFIX: Final = re.compile(r"[+(]+")
_DIGITS: Final = re.compile("[0-9]+")
_LISTED: Final = re.compile(r" ?(?:[、,/;]|或者?|和|及|or|and) ?")
"""Between two numbers of one list: the second is what the first is."""
_NOTHING: Final = ("phone", 0)


def numbers(text: str) -> list[Span]:
    """Return identity numbers, telephones and cards of a plain text (see `widths`), in order."""
    spans: list[Span] = []
    at = last = 0
    while (start := _START.search(text, at)) is not None:
        place = start.start()
        kind, end = _recognised(text, place, last)
        if end:
            spans.append(Span(place, end, kind))
            at = end
            last = end if kind == "phone" else 0
        else:
            skipped = _PREFIX.match(text, place) or _DIGITS.match(text, place)
            at = skipped.end() if skipped else place + 1
    return spans


def _recognised(text: str, at: int, last: int) -> tuple[Kind, int]:
    """Return what starts at `at` and where it ends; an end of 0 is nothing.

    The order matters: the card rule would take '+86 138-1234-5678', the telephone rule a card in groups of four.
    """
    lead = before(text, at)
    if (glued(lead) and not (last and at - last == 1)) or priced(lead):
        return _NOTHING
    announced = coded(lead)
    if end := resident_id(text, at, announced):
        return "id_number", end
    if end := chinese_mobile(text, at, announced):
        return "phone", end
    return _NOTHING if announced else _unannounced(text, at, lead, last)


def _unannounced(text: str, at: int, lead: str, last: int) -> tuple[Kind, int]:
    """Return what a number is that no word before calls an order's, a parcel's or a product's."""
    old = old_id(text, at)
    if not (old and named_identity(lead)) and (end := card(text, at, lead)):
        return "card", end
    if old:
        return "id_number", old
    if end := social_security(text, at, lead):
        return "us_ssn", end
    listed = last > 0 and _LISTED.fullmatch(text, last, at) is not None
    return "phone", grouped_phone(text, at) or named_phone(text, at, lead, listed)
