"""One spelling for every width: what a rule reads is ASCII where the writer used full-width forms.

Every character becomes exactly one character, so that offsets in the plain text are offsets in the original.
"""

from __future__ import annotations

import re
from typing import Final

_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES: Final = dict.fromkeys([0xA0, 0x3000, 0x202F, *range(0x2000, 0x200B)], 0x20)
_DASHES: Final = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63], 0x2D)
_TABLE: Final = _FULL_WIDTH | _SPACES | _DASHES
_WIDE: Final = re.compile("[\uff01-\uff5e\u00a0\u3000\u202f\u2000-\u200a\u2010-\u2015\u2212\ufe63]")


def plain(text: str) -> str:
    """Return a text of the same length with full-width letters, digits, signs, spaces and dashes as ASCII."""
    if text.isascii() or _WIDE.search(text) is None:
        return text
    return text.translate(_TABLE)
