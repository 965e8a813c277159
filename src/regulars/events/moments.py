"""The forms in which times come: ISO 8601, numbers since 1970, patterns, Arrow's own types.

A moment is kept as microseconds since 1970 in a float: exact until the year 2255, NaN for what is no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc
from regulars.events.days import INSTANT, NAIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_MICRO = 1_000_000.0
_DAY = 86_400 * _MICRO
_FIRST_DAY, _LAST_DAY = 19_000_101, 21_001_231
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Moments:
    """Times of a column.

    Parameters
    ----------
    micros
        Microseconds since 1970, NaN where there is none.
    wall
        Which of them are readings of a clock on the wall, without a zone.
    """

    micros: NDArray[np.float64]
    wall: NDArray[np.bool_]

    @classmethod
    def none(cls, rows: int) -> Self:
        """Return `rows` missing times."""
        return cls(np.full(rows, np.nan), np.zeros(rows, dtype=np.bool_))


def from_text(text: pa.Array, time_format: str) -> Moments:
    """Read ISO 8601 with or without a zone, and numbers unless the format is `iso`.

    A column in one form is read at once; one in several forms, or with a mistake, value by value.
    """
    if time_format in {"auto", "iso"}:
        for kind, wall in ((NAIVE, True), (INSTANT, False)):
            whole = _cast(text, kind)
            if whole is not None:
                return Moments(_floats(whole.cast(pa.int64())), np.full(len(text), wall))
    if time_format != "iso":
        numbers = _cast(text, pa.float64())
        if numbers is not None:
            return from_numbers(numbers, time_format)
    return _each(text, lambda value: _one(value, time_format))


def from_pattern(text: pa.Array, pattern: str) -> Moments:
    """Read times written by a strptime pattern; each different text is read once."""

    def read(value: str) -> tuple[float, bool]:
        return _of_datetime(datetime.strptime(value, pattern))

    codes = text.dictionary_encode()
    words = _each(codes.dictionary, read)
    index = pc.fill_null(codes.indices, 0).to_numpy(zero_copy_only=False)
    if not len(words.micros):
        return Moments.none(len(text))
    missing = text.is_null().to_numpy(zero_copy_only=False)
    return Moments(np.where(missing, np.nan, words.micros[index]), words.wall[index])


def from_numbers(numbers: pa.Array, time_format: str) -> Moments:
    """Read numbers since 1970: the magnitude tells seconds, milliseconds, microseconds or nanoseconds.

    Without a stated unit, eight digits from 19000101 to 21001231 are a day: as seconds they would all lie in
    the summer of 1970.
    """
    values = _floats(numbers)
    wall = np.zeros(len(values), dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        if time_format in {"unix", "unix_ms"}:
            micros = values * (_MICRO if time_format == "unix" else 1_000.0)
        else:
            size = np.abs(values)
            steps = [size < 1e11, size < 1e14, size < 1e17]
            micros = np.select(steps, [values * _MICRO, values * 1_000.0, values], values / 1_000.0)
            wall = (values >= _FIRST_DAY) & (values <= _LAST_DAY) & (values == np.floor(values))
            if wall.any():
                micros[wall] = _compact_days(values[wall].astype(np.int64))
        return Moments(np.rint(micros), wall)


def from_arrow(column: pa.Array) -> Moments:
    """Read Arrow's timestamps and dates."""
    kind = column.type
    if pt.is_date32(kind):
        return Moments(_floats(column.cast(pa.int32())) * _DAY, np.ones(len(column), dtype=np.bool_))
    unit, zone = ("ms", None) if pt.is_date(kind) else (kind.unit, kind.tz)
    values = _floats(column.cast(pa.int64()))
    return Moments(np.floor(values * (_MICRO / _PER_SECOND[unit])), np.full(len(column), zone is None))


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        return None


def _floats(column: pa.Array) -> NDArray[np.float64]:
    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _each(text: pa.Array, read: Callable[[str], tuple[float, bool]]) -> Moments:
    found = Moments.none(len(text))
    for row, value in enumerate(text.to_pylist()):
        if value is not None:
            try:
                found.micros[row], found.wall[row] = read(value)
            except (ValueError, OverflowError):
                continue
    return found


def _one(value: str, time_format: str) -> tuple[float, bool]:
    if time_format != "iso":
        try:
            number = pa.array([float(value)]) if "_" not in value else None
        except ValueError:
            number = None
        if number is not None:
            moment = from_numbers(number, time_format)
            return float(moment.micros[0]), bool(moment.wall[0])
        if time_format != "auto":
            raise ValueError(value)
    if value.endswith((" UTC", " GMT")):
        value = value[:-4] + "+00:00"
    return _of_datetime(datetime.fromisoformat(value))


def _of_datetime(moment: datetime) -> tuple[float, bool]:
    wall = moment.tzinfo is None
    since = moment.replace(tzinfo=UTC) - _EPOCH if wall else moment - _EPOCH
    return float(since // timedelta(microseconds=1)), wall


def _compact_days(values: NDArray[np.int64]) -> NDArray[np.float64]:
    year, month, day = values // 10_000, values // 100 % 100, values % 100
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    return np.where(exists, days.astype(np.int64) * _DAY, np.nan)
