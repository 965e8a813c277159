"""Alerts in words: what was seen, what was to be expected, since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.core.alerts import SHARES
from regulars.web.dashboard.readings import joined
from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from regulars.core.alerts import Alert, Delivery, Watched
    from regulars.web.wording import Words

SERIES: dict[str, str] = {
    "events": mark("Events"),
    "shoppers": mark("Active shoppers"),
    "orders": mark("Orders"),
    "revenue": mark("Revenue"),
    "conversion": mark("Conversion"),
    "failed_searches": mark("Searches without a result"),
    "negative_reviews": mark("Ratings of one or two stars"),
    "rejects": mark("Events set aside as mistakes"),
    "recommendations": mark("Customers whose choice would have been recommended"),
}
"""Series → its name."""
STATES: dict[str, str] = {
    "watched": mark("watched"),
    "learning": mark("learning: it takes three weeks"),
    "uneven": mark("too few or too uneven to tell"),
    "quiet": mark("nothing to expect"),
    "absent": mark("not in the events"),
}
EVENTS: dict[str, str] = {"alert.opened": mark("opened"), "alert.closed": mark("closed")}
DELIVERIES: dict[str, str] = {
    "waiting": mark("waiting"),
    "delivered": mark("delivered"),
    "dead": mark("given up"),
}


@dataclass(frozen=True)
class AlertLine:
    """One alert to read."""

    id: str
    text: str
    since: str
    state: str
    falls: bool


@dataclass(frozen=True)
class WatchedLine:
    """One series to read."""

    name: str
    window: str
    state: str
    observed: str
    expected: str
    limits: str


@dataclass(frozen=True)
class DeliveryLine:
    """One message to read."""

    id: str
    event: str
    state: str
    dead: bool
    note: str


def alert_lines(alerts: Iterable[Alert], words: Words, currency: str, zone: tzinfo) -> list[AlertLine]:
    """Return alerts as sentences."""
    return [
        AlertLine(
            alert.id,
            _sentence(alert, words, currency),
            words.say("since %(moment)s", moment=words.moment(alert.time, zone)),
            alert.state,
            alert.falls,
        )
        for alert in alerts
    ]


def watched_lines(series: Iterable[Watched], words: Words, currency: str) -> list[WatchedLine]:
    """Return how every series stands."""
    lines: list[WatchedLine] = []
    for one in series:
        told = one.state in ("watched", "uneven")
        observed, expected, low, high = (
            _value(one.series, value, words, currency) for value in (one.observed, one.expected, one.low, one.high)
        )
        limits = words.say("%(low)s to %(high)s", low=low, high=high) if told else "–"
        name, state = words.say(SERIES[one.series]), words.say(STATES[one.state])
        lines.append(WatchedLine(name, _window(one.hours, words), state, observed, expected if told else "–", limits))
    return lines


def delivery_lines(deliveries: Iterable[Delivery], words: Words, zone: tzinfo) -> list[DeliveryLine]:
    """Return how messages fared."""
    lines: list[DeliveryLine] = []
    for one in deliveries:
        event = words.say(
            "%(moment)s: alert %(event)s",
            moment=words.moment(one.created, zone),
            event=words.say(EVENTS[one.event]),
        )
        tries = words.count("%(n)s try", "%(n)s tries", one.tries) if one.tries else ""
        state = words.say(DELIVERIES[one.state])
        lines.append(DeliveryLine(one.id, event, state, one.state == "dead", joined(tries, one.error)))
    return lines


def _sentence(alert: Alert, words: Words, currency: str) -> str:
    observed, expected, low, high = (
        _value(alert.series, value, words, currency)
        for value in (alert.observed, alert.expected, alert.low, alert.high)
    )
    return words.say(
        "%(series)s in the %(window)s: %(observed)s, where %(low)s to %(high)s would be usual (%(expected)s expected)",
        series=words.say(SERIES[alert.series]),
        window=_window(alert.hours, words),
        observed=observed,
        expected=expected,
        low=low,
        high=high,
    )


def _window(hours: int, words: Words) -> str:
    return words.say("last hour") if hours == 1 else words.count("last %(n)s hour", "last %(n)s hours", hours)


def _value(series: str, value: float | None, words: Words, currency: str) -> str:
    if series in SHARES:
        return words.share(value)
    if series == "revenue":
        return words.money(value, currency)
    return words.number(value, 1 if value is not None and value < 100 else 0)
