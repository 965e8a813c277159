"""Payment cards: the issuer's first digits, the length that issuer uses, and Luhn's check digit."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.checksums import gtin, luhn
from regulars.privacy.masks.contexts import CARD

_SHAPE: Final = re.compile(
    r"[0-9]{12,19}(?![0-9A-Za-z_*]|[-.][0-9])"
    r"|[0-9]{4}([ .-]{1,2})[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?(?![0-9A-Za-z_*]|[-.][0-9])"
    r"|[0-9]{4}([ .-]{1,2})[0-9]{6}\2[0-9]{4,5}(?![0-9A-Za-z_*]|[-.][0-9])"
    r"|[0-9]{6}[ -][0-9]{6,13}(?![0-9A-Za-z_*]|[-.][0-9])"
)
_SEPARATORS: Final = re.compile("[ .-]+")
_ISSUERS: Final = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})$"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}$"  # Mastercard
    r"|3[47][0-9]{13}$"  # American Express
    r"|(?:62[0-9]{2}|81[0-7][0-9])[0-9]{12,15}$"  # UnionPay
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}$"  # Discover
    r"|(?:2131|1800)[0-9]{11}$|35(?:2[89]|[3-8][0-9])[0-9]{12,15}$"  # JCB
    r"|3(?:0[0-5]|095|[689])[0-9]{11,13}$"  # Diners
    r"|955[89][0-9]{12,15}$|(?:601382|60[0-9]{4}|69075[0-9]|685800)[0-9]{10,13}$"  # older Chinese bank cards
)
_NAMED: Final = re.compile(r"[2-69][0-9]{11,18}$")
"""Where a card is named its first digits say no more: Maestro uses nearly all that start with 5 or 6, 12 to 19 long."""


def card(text: str, at: int, lead: str) -> int:
    """Return the end of a card number that starts at `at`, or 0.

    Thirteen and fourteen digits are what barcodes have too: with a right GS1 check digit a card has to be named.
    """
    found = _SHAPE.match(text, at)
    if found is None:
        return 0
    digits = _SEPARATORS.sub("", found[0])
    if not luhn(digits):
        return 0
    if _ISSUERS.match(digits):
        return found.end() if len(digits) > 14 or not gtin(digits) or CARD.search(lead) else 0
    return found.end() if _NAMED.match(digits) and CARD.search(lead) else 0
