"""International bank account numbers (ISO 13616)."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.checksums import IBAN_LENGTHS, iban
from regulars.privacy.masks.spans import Span

_START: Final = re.compile(r"(?<![0-9A-Za-z_*])[A-Za-z]{2}[0-9]{2}(?=[ -]?[0-9A-Za-z]{4})")
_LONGEST: Final = 34 + 16


def accounts(text: str) -> list[Span]:
    """Return the IBANs of a plain text: a country, as many characters as it uses, and the right check digits."""
    spans: list[Span] = []
    for start in _START.finditer(text):
        length = IBAN_LENGTHS.get(start[0][:2].upper())
        if length is None or (spans and start.start() < spans[-1].end):
            continue
        end = _end(text, start.start(), length)
        if end and iban(_bare(text[start.start() : end])):
            spans.append(Span(start.start(), end, "iban"))
    return spans


def _end(text: str, start: int, length: int) -> int:
    """Return where `length` letters and digits end, with single spaces or dashes between them; 0 when they do not."""
    count = 0
    for at in range(start, min(len(text), start + _LONGEST)):
        letter = text[at]
        if letter.isascii() and letter.isalnum():
            count += 1
            if count == length:
                after = text[at + 1 : at + 2]
                return 0 if after.isascii() and after.isalnum() else at + 1
        elif letter not in " -" or text[at - 1] in " -":
            return 0
    return 0


def _bare(text: str) -> str:
    return text.replace(" ", "").replace("-", "")
