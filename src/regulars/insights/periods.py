"""Days, weeks and months as consecutive numbers, so that 'the period before' is a subtraction."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ibis.common.deferred import Deferred

Period = Literal["day", "week", "month"]
EPOCH = date(1970, 1, 1)
DAYS_FROM_MONDAY = 3
"""1970-01-01 was a Thursday; week 0 begins on Monday 1969-12-29."""


def period_number(day: Deferred, period: Period) -> Deferred:
    """Return the number of the period a day lies in, as an expression every engine computes alike.

    Integers instead of truncated dates: engines disagree on what truncation returns.
    """
    if period == "month":
        return day.year() * 12 + day.month() - 1
    days = day.epoch_days()
    return days if period == "day" else (days + DAYS_FROM_MONDAY) // 7


def number_of(day: date, period: Period) -> int:
    """Return the number of the period a day lies in."""
    if period == "month":
        return day.year * 12 + day.month - 1
    days = (day - EPOCH).days
    return days if period == "day" else (days + DAYS_FROM_MONDAY) // 7


def first_day(number: int, period: Period) -> date:
    """Return the first day of a numbered period."""
    if period == "month":
        return date(number // 12, number % 12 + 1, 1)
    return EPOCH + timedelta(days=number if period == "day" else number * 7 - DAYS_FROM_MONDAY)


def last_day(number: int, period: Period) -> date:
    """Return the last day of a numbered period."""
    return first_day(number + 1, period) - timedelta(days=1)


def period_start(day: date, period: Period) -> date:
    """Return the first day of the period a day lies in; weeks begin on Monday."""
    return first_day(number_of(day, period), period)
