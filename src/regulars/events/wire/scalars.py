"""Single values as clients send them, understood or None: ids, names, numbers."""

from __future__ import annotations

import math
import re
from typing import Any

from regulars.events.numbers import NUMBER
from regulars.events.texts import MAX_ID, MISSING

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NUMBER = re.compile(NUMBER, re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}", re.ASCII)
_CURRENCY = re.compile("[A-Za-z]{3}", re.ASCII)
_MISSING = frozenset(MISSING) | {"undefined", "[object Object]"}
_NOBODY = frozenset(
    {"null", "(null)", "none", "nil", "nan", "undefined", "[object object]", "anonymous", "guest", "true", "false"}
)
_LONGEST_NOBODY = max(map(len, _NOBODY))


def ident(value: Any) -> str | None:
    """Return an id as text: trimmed, numbers as they are written; None for what cannot be one."""
    if type(value) is str:
        text = value.strip()
    elif type(value) in {int, float}:
        text = _digits(value)
    else:
        return None
    if not text or len(text) > MAX_ID or text in _MISSING:
        return None
    return None if not text.isprintable() and _CONTROL.search(text) else text


def person(value: Any) -> str | None:
    """Return the id of a person: not one of the words that programs write when nobody is known, nor all zeros."""
    text = ident(value)
    if text is None:
        return None
    if len(text) <= _LONGEST_NOBODY and text.casefold() in _NOBODY:
        return None
    # The advertising id of a phone that forbids tracking, the nil UUID.
    return None if len(text) >= 4 and text[0] == "0" and not text.strip("0-") else text


def label(value: Any) -> str | None:
    """Return a name of something, on one line, at most 256 characters."""
    if type(value) is str:
        text = value.strip()
        if not text.isprintable():
            text = _CONTROL.sub(" ", text).strip()
        return text[:MAX_ID] or None
    return _digits(value) or None if type(value) in {int, float} else None


def number(value: Any, low: float = 0.0, high: float = math.inf) -> float | None:
    """Return a finite number from `low` to `high`.

    A text may be one, too: '12.50'. Commas are understood where they can only part thousands: '1,299.00', '1,299,000'.
    '1,299' is not: half of the world reads it as a little more than one.
    """
    kind = type(value)
    if kind is str:
        value = value.strip()
        if _GROUPED.fullmatch(value):
            value = value.replace(",", "")
        if len(value) > 64 or not _NUMBER.match(value):
            return None
    elif kind is not float and kind is not int:
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    # Adding 0 makes -0 the same as 0.
    return found + 0.0 if low <= found <= high and found != math.inf else None


def negative(value: Any) -> bool:
    """Say whether a value is a number below zero."""
    return number(value) is None and number(value, -math.inf, 0.0) is not None


def currency(value: Any) -> str | None:
    """Return a currency code of three letters, in capitals."""
    if type(value) is str and len(value) == 3 and _CURRENCY.fullmatch(value):
        return value.upper()
    return None


def _digits(value: float) -> str:
    if type(value) is float:
        if not math.isfinite(value):
            return ""
        # Programs without whole numbers write 12.0 for 12.
        return str(int(value)) if value.is_integer() else repr(value)
    # Longer than any id, and Python refuses to write numbers of thousands of digits.
    return str(value) if -(10**MAX_ID) < value < 10**MAX_ID else ""
