"""Telephone numbers: Chinese ones by their plan, others by their grouping, and any grouping where a phone is named."""

from __future__ import annotations

import re
from typing import Final

from regulars.privacy.masks.contexts import PHONE, PHONE_AFTER, UNIT

_EXTENSION: Final = r"(?: ?(?:x|ext\.?|extension|#|转|分机)[ .:]?[0-9]{1,6}(?![0-9A-Za-z_*]))?"
_STOP: Final = r"(?![0-9A-Za-z_*]|[-.][0-9])"
_MOBILE: Final = re.compile(
    r"(\(?(?:\+|00)? ?86\)?[ .-]{0,3}\(?)?"
    r"1[3-9](?:[0-9]([ .-]{0,3})[0-9]{4}\)?\2[0-9]{4}|[0-9]{2}[ -][0-9]{3}[ -][0-9]{4}"
    r"|[0-9] ?[0-9]{3}[ -][0-9]{5}|[0-9]([ -])[0-9]{3}\3[0-9]{5}|[0-9]{9}|[0-9] [0-9]{8}|[0-9]{5} [0-9]{4})"
    r"(?:-[0-9]{1,4}(?![0-9-]))?(?![0-9*]|[-.][0-9]|(?!(?:wx|vx|qq|v|w|q|ext|x[0-9]|and|or)(?![a-z]))[A-Za-z_])",
    re.IGNORECASE,
)
_LANDLINE: Final = re.compile(
    r"(?:\(?(?:\+|00)86\)?[ -]{0,2}\(?0?|\(?0)(?:10|2[0-9]|[3-9][0-9]{2})(?:\)[ -]{0,2}|[ -]{1,3}|(?=[2-8]))"
    r"[1-8](?:[0-9]{6,7}|[0-9]{2,3}[ -][0-9]{4})(?:-[0-9]{1,5})?" + _EXTENSION + _STOP
)
_ABROAD: Final = re.compile(
    r"(?:\+ ?|00(?=[1-9][0-9]{0,2}[ .(-]))[1-9][0-9]{0,2}[ .-]?(?:\(0?[0-9]{0,4}\)[ .-]?)?"
    r"[0-9]{1,11}(?:[ ./-][0-9]{2,8}){0,5}" + _EXTENSION + _STOP
)
_AMERICAN: Final = re.compile(
    r"(?:\+?1[ .-]?)?(?:\([0-9]{3}\)[ -]?[0-9]{3}[ .-]|[2-9][0-9]{2}([ .-])[0-9]{3}\1)[0-9]{4}" + _EXTENSION + _STOP
)
_BRACKETED: Final = re.compile(r"\(0?[0-9]{1,4}\)[ -]?[0-9]{3,4}[ -]?[0-9]{3,4}" + _EXTENSION + _STOP)
_TRUNK: Final = re.compile(
    r"0[1-9][0-9]{1,3}(?:[ -][0-9]{2,4}){2,3}" + _STOP + r"|0[1-9](?:[ .-][0-9]{2}){4}" + _STOP
    + r"|0[1-9][0-9]{1,4}[ -][0-9]{5,7}" + _STOP
)  # fmt: skip
_GROUPS: Final = re.compile(r"\(?[0-9]{1,12}\)?(?:[ ./-]{1,3}[0-9]{2,8}){0,5}" + _EXTENSION + _STOP)
_DATE: Final = re.compile(
    r"(?:19|20)[0-9]{2}([-./ ]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
    r"|[0-3]?[0-9]([-./])[0-3]?[0-9]\2(?:19|20)[0-9]{2}(?![0-9])"
)
_DECIMAL: Final = re.compile(r"[0-9]+\.[0-9]{1,3}$")
_HOTLINE: Final = re.compile(r"400[ -]?[0-9]")
"""A company's own line in China, no person's."""
_NOT_DIGITS: Final = re.compile("[^0-9]+")


def chinese_mobile(text: str, at: int, announced: bool) -> int:
    """Return the end of a Chinese mobile number, or 0; where a code is announced it needs its +86."""
    found = _MOBILE.match(text, at)
    if found is None or (announced and not found[1]) or UNIT.match(text, found.end()):
        return 0
    return found.end()


def grouped_phone(text: str, at: int) -> int:
    """Return the end of a number whose grouping or prefix is that of a telephone, or 0."""
    if text[at] in "0(+":
        for shape in (_LANDLINE, _ABROAD, _AMERICAN, _BRACKETED, _TRUNK):
            found = shape.match(text, at)
            if found is not None and _plausible(found[0], 8, 15) and not UNIT.match(text, found.end()):
                return found.end()
        return 0
    found = _AMERICAN.match(text, at)
    if found is None or _HOTLINE.match(text, at) or UNIT.match(text, found.end()):
        return 0
    return found.end()


def named_phone(text: str, at: int, lead: str, listed: bool) -> int:
    """Return the end of digits in any grouping, `listed` after a telephone or called one by words beside, or 0."""
    found = _GROUPS.match(text, at)
    if found is None or not _plausible(found[0], 7, 13) or _HOTLINE.match(text, at):
        return 0
    if not listed and PHONE.search(lead) is None and PHONE_AFTER.match(text, found.end()) is None:
        return 0
    return 0 if UNIT.match(text, found.end()) else found.end()


def _plausible(number: str, least: int, most: int) -> bool:
    """Return whether a grouping has as many digits as a telephone number and is neither a date nor a decimal."""
    head = number.split("x", 1)[0].split("转", 1)[0].split("#", 1)[0]
    count = len(_NOT_DIGITS.sub("", head))
    return least <= count <= most and _DATE.match(number) is None and _DECIMAL.match(number) is None
