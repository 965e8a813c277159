"""Personal data that stands where a shop's own code is expected: an order number that is somebody's address."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.forms import replaced
from regulars.privacy.masks.identities import resident_id
from regulars.privacy.masks.machines import AT, emails
from regulars.privacy.masks.phones import chinese_mobile
from regulars.privacy.masks.spans import Span, apart
from regulars.privacy.masks.widths import plain

CODE_HINT: Final = "[@\uff20\uff10-\uff19]|%(?:25)?40|(?:[+\uff0b]|00)[ )]?86|[1-9][0-9]{5}[ -]?(?:19|20)[0-9]{2}"
"""Without this `mask_code` changes nothing; for Python's expressions and RE2's."""
_HINT: Final = re.compile(CODE_HINT)
_PLACE: Final = re.compile(
    r"(?<![0-9*])(?:(?P<phone>\(?\+ ?86)|(?<![A-Za-z_])(?:(?P<dialled>\(?00 ?86)|[1-9][0-9]{5}[ -]?(?:19|20)))"
)


def mask_code(text: str) -> str:
    """Return a code with what is surely personal masked; every other number stays, or orders could not be told apart.

    That is an e-mail address, a Chinese mobile number with +86 or 0086 before it, and a Chinese identity number whose
    check digit is right.
    """
    if _HINT.search(text) is None:
        return text
    wide = plain(text)
    spans = emails(wide) if AT.search(wide) is not None else []
    spans = apart([spans, _numbers(wide)])
    return replaced(text, spans) if spans else text


def _numbers(text: str) -> list[Span]:
    spans: list[Span] = []
    for place in _PLACE.finditer(text):
        at = place.start()
        if spans and at < spans[-1].end:
            continue
        if place["phone"] or place["dialled"]:
            if end := chinese_mobile(text, at, announced=True):
                spans.append(Span(at, end, "phone"))
        elif end := resident_id(text, at, announced=True):
            spans.append(Span(at, end, "id_number"))
    return spans
