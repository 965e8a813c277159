"""When it happened: what clients write as a time, and the error of their clocks taken out."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.events.wire.records import UnusableError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _SECOND = 86_400_000_000, 1_000_000
_NUMBER = re.compile(r"[+-]?\d{9,}(\.\d*)?", re.ASCII)
_FIRST_DAY, _LAST_DAY = 19_000_101, 21_001_231


def moment(value: Any) -> int | None:
    """Return microseconds since 1970 UTC; None for what is no time.

    ISO 8601 with or without a zone (without: UTC), and numbers since 1970, whose size tells seconds, milliseconds,
    microseconds or nanoseconds; eight digits such as 20240131 are a day.
    """
    kind = type(value)
    if kind is str:
        # Before ISO 8601: to its reader thirteen digits are a day of the year 1711.
        return _of_number(float(value)) if _NUMBER.fullmatch(value) else _of_text(value)
    return _of_number(value) if kind is int or kind is float else None


def happened(received: int, timestamp: int | None, sent: int | None) -> int:
    """Return when an event happened, by the clock of whoever received it.

    received − (sent − timestamp): both are readings of the same wrong clock, so their difference is right, but for
    the time the message was under way. Without `sent` the timestamp is believed unless it is in the future.
    """
    if timestamp is None:
        return received
    if sent is not None:
        return received - (sent - timestamp)
    return min(timestamp, received)


def stated(value: Any, column: str) -> int | None:
    """Return the time that a client states; None when it states none.

    Raises
    ------
    UnusableError
        It states something that is no time.
    """
    if value is None or value == "":
        return None
    found = moment(value)
    if found is None:
        raise UnusableError(column, "is not a time", value)
    return found


def _of_text(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        trimmed = text.strip().upper().removesuffix("UTC").removesuffix("GMT").rstrip()
        if trimmed == text or len(text) > 64:
            return None
        try:
            found = datetime.fromisoformat(trimmed)
        except ValueError:
            return None
    since = (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def _of_number(value: float) -> int | None:
    if _FIRST_DAY <= value <= _LAST_DAY and value == int(value):
        return _of_text(str(int(value)))
    size = abs(value)
    if not size < 1e20:
        return None
    if size < 1e11:
        micros = value * 1e6
    elif size < 1e14:
        micros = value * 1e3
    else:
        micros = value if size < 1e17 else value / 1e3
    return round(micros) if math.isfinite(micros) else None


def within(time: int, earliest: int, latest: int, earliest_day: str, value: Any) -> int:
    """Return `time`, checked against what is possible.

    Raises
    ------
    UnusableError
        It is not; names the client's own value.
    """
    if time < earliest:
        raise UnusableError("timestamp", f"is before {earliest_day}", value)
    if time > latest:
        raise UnusableError("timestamp", "is in the future", value)
    return time


def hours(count: float) -> int:
    """Return hours as microseconds."""
    return timedelta(hours=count) // timedelta(microseconds=1)
