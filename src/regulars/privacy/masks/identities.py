"""Numbers that a state gave a person: Chinese identity numbers, US social security numbers."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.checksums import PROVINCES, calendar_day, id_checksum
from regulars.privacy.masks.contexts import IDENTITY, SOCIAL

_RESIDENT: Final = re.compile(
    r"([1-9][0-9])[0-9]{4}[ -]?((?:19|20)[0-9]{2})[ -]?"
    r"([01][0-9])[ -]?([0-3][0-9])[ -]?[0-9]{3}[0-9Xx](?![0-9A-Za-z_*])"
)
_OLD: Final = re.compile(r"([1-9][0-9])[0-9]{4}([0-9]{2})([01][0-9])([0-3][0-9])[0-9]{3}(?![0-9A-Za-z_*.-])")
_SOCIAL: Final = re.compile(r"(?!000|666)[0-9]{3}([ -]?)(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9A-Za-z_*]|[-.][0-9])")


def resident_id(text: str, at: int, announced: bool) -> int:
    """Return the end of an 18-character identity number (GB 11643) that starts at `at`, or 0.

    Its shape decides: region, birthday, three digits and a check. Where the words before `announced` a code of the
    shop's own, the check digit has to be right too.
    """
    found = _RESIDENT.match(text, at)
    if found is None or found[1] not in PROVINCES or not calendar_day(found[2], found[3], found[4]):
        return 0
    if announced and not id_checksum(found[0].replace(" ", "").replace("-", "")):
        return 0
    return found.end()


def old_id(text: str, at: int) -> int:
    """Return the end of a 15-digit identity number, issued until 1999, or 0."""
    found = _OLD.match(text, at)
    if found is None or found[1] not in PROVINCES or not calendar_day("19" + found[2], found[3], found[4]):
        return 0
    return found.end()


def named_identity(lead: str) -> bool:
    """Return whether the words before name an identity document."""
    return IDENTITY.search(lead) is not None


def social_security(text: str, at: int, lead: str) -> int:
    """Return the end of a US social security number, or 0: with dashes by shape, without them where it is named."""
    found = _SOCIAL.match(text, at)
    if found is None or (found[1] != "-" and SOCIAL.search(lead) is None):
        return 0
    return found.end()
