"""The hours of a shop as one line of numbers a series: kept, and added to as hours end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from regulars.insights.hourly import COUNTS, hourly_counts
from regulars.insights.seasonal import NOISE_WEEKS, WEEKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from regulars.shop.facade import Shop

    Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
KEPT_WEEKS = WEEKS + NOISE_WEEKS
AGAIN_HOURS = 6
"""Hours counted again at every look, for events that came late."""
WHOLE_HOURS = 24
"""After this many hours everything is counted again: imports and erasures change the past."""


@dataclass(frozen=True)
class Line:
    """The series of a shop by the hour of its own clock, from the beginning of a day.

    An hour that the clock leaves out in spring is NaN; the one that it has twice in autumn is the mean of both.
    """

    start: datetime
    """In UTC; the beginning of the first day."""
    zone: ZoneInfo
    values: Mapping[str, Floats] = field(default_factory=dict[str, "Floats"])

    def place(self, end: datetime) -> int:
        """Return the number of the hour that ends then."""
        return _number(end - HOUR, self.start, self.zone)


class Hours:
    """Counts the hours of one shop.

    Parameters
    ----------
    shop
        The open shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._zone = ZoneInfo(shop.settings.shop.time_zone)
        self._rows: dict[datetime, dict[str, float]] = {}
        self._until: datetime | None = None
        self._whole: datetime | None = None
        self._lock = threading.Lock()

    def known_until(self, now: datetime) -> datetime:
        """Return the hour up to which the events are here.

        A shop that nobody can send events to is fed by imports, and what was not imported yet did not fail to happen.
        """
        days = self._shop.store.days()
        if days is None or self._shop.keyring.list():
            return now
        return min(now, _midnight(days[1] + timedelta(days=1), self._zone))

    def until(self, end: datetime) -> Line:
        """Return the hours before `end`, of half a year and the weeks that it is held against."""
        with self._lock:
            stale = self._whole is None or self._until is None or not self._whole <= end <= self._whole + _WHOLE
            first = self._first(end)
            since = _midnight(first, self._zone) if stale else (self._until or end) - _AGAIN
            events = self._shop.countable_events()
            rows = self._shop.store.run(hourly_counts(events, since.astimezone(self._zone).date(), since)).to_pylist()
            self._rows = {} if stale else {hour: row for hour, row in self._rows.items() if hour < since}
            self._whole = end if stale else self._whole
            for row in rows:
                hour = _EPOCH + row.pop("hour") * HOUR
                self._rows[hour] = {name: float(value or 0.0) for name, value in row.items()}
            self._until = end
            return self._line(first, end)

    def _first(self, end: datetime) -> date:
        """Return the first day that is looked at: never before the shop had events, which nobody calls a standstill."""
        days = self._shop.store.days()
        earliest = (end - timedelta(weeks=KEPT_WEEKS)).astimezone(self._zone).date()
        return max(earliest, days[0]) if days else earliest

    def _line(self, first: date, end: datetime) -> Line:
        start = _midnight(first, self._zone)
        length = max(0, _number(end - HOUR, start, self._zone) + 1)
        names = (*COUNTS, "rejects")
        sums = np.zeros((len(names), length))
        times = np.zeros(length)
        rejects = self._rejects(start)
        hour = start.replace(minute=0)
        while hour < end:
            at = _number(hour, start, self._zone)
            if 0 <= at < length:
                times[at] += 1
                row: dict[str, Any] = self._rows.get(hour, {})
                sums[:, at] += [row.get(name, 0.0) for name in COUNTS] + [rejects.get(hour, 0.0)]
            hour += HOUR
        with np.errstate(invalid="ignore", divide="ignore"):
            values = sums / times
        return Line(start, self._zone, dict(zip(names, values, strict=True)))

    def _rejects(self, start: datetime) -> dict[datetime, float]:
        """Return how many events were set aside in each hour: a line each, in a file of each round that had any."""
        found: dict[datetime, float] = {}
        for path in (self._shop.directory / "rejects").glob("collect-*.jsonl"):
            try:
                at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if at < start:
                    continue
                hour = at.replace(minute=0, second=0, microsecond=0)
                with path.open("rb") as file:
                    found[hour] = found.get(hour, 0.0) + sum(1 for _ in file)
            except FileNotFoundError:
                continue
        return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE, _AGAIN = WHOLE_HOURS * HOUR, AGAIN_HOURS * HOUR


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _number(hour: datetime, start: datetime, zone: ZoneInfo) -> int:
    """Return how many hours of the clock lie between the first day's beginning and an hour."""
    clocks = [moment.astimezone(zone).replace(tzinfo=None) for moment in (hour, start)]
    return int((clocks[0] - clocks[1]) // HOUR)
