"""Names and addresses: what only words give away."""

from __future__ import annotations

from regulars.privacy.masks.chinese_names import chinese_names
from regulars.privacy.masks.english_names import english_names
from regulars.privacy.masks.places import addresses
from regulars.privacy.masks.spans import Span, apart


def prose(text: str) -> list[Span]:
    """Return names and addresses of a plain text (see `widths`); an address keeps its streets named after people."""
    names = english_names(text)
    if not text.isascii():
        names = apart([chinese_names(text), names])
    return apart([addresses(text), names])
