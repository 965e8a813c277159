"""The clauses of a text: what praises the price and blames the parcel is two statements."""

from __future__ import annotations

import re

MAX_CLAUSES = 200
"""What a text says after them is not looked at."""
_BREAKS = re.compile(
    r"[，。！？；：…~～、,!?;:\n\r]+|\.(?=\s|$|[^0-9a-zA-Z])|(?=但是|可是|不过|然而|就是|只是|但)"
    r"|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])"
    r"|\b(?=(?:but|however|although|though|except|yet)\b)",
    re.IGNORECASE,
)


def clauses(text: str) -> list[str]:
    """Return a text's clauses in order: parted by signs and by words of contrast.

    >>> clauses("质量很好，但是物流太慢")
    ['质量很好', '但是物流太慢']
    """
    parts = (part.strip() for part in _BREAKS.split(text))
    return [part for part in parts if part][:MAX_CLAUSES]
