"""The few numbers at the top of the overview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.web.dashboard.readings import interval, joined, reading, sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.core.table import Table
    from regulars.web.wording import Words


@dataclass(frozen=True)
class Tile:
    """One number to read first."""

    label: str
    value: str
    note: str
    """How sure: an interval, a sample size, a period."""
    trend: str = ""
    """`up`, `down` or nothing when the interval includes no change."""


def tiles(answers: Mapping[str, Table], words: Words, currency: str) -> list[Tile]:
    """Return the numbers at the top of the page."""
    return [
        *_active(answers["stickiness"], words),
        _back(answers["retention"], words),
        *_spend(answers, words, currency),
    ]


def _active(table: Table, words: Words) -> list[Tile]:
    names = ("dau", "mau", "stickiness", "stickiness_change")
    daily, monthly, ratio, change = (reading(table.headline, name) for name in names)
    over = words.count("Mean of %(n)s day", "Mean of the last %(n)s days", daily.n or 0)
    window = int(table.params.get("window") or 28)
    note = over
    if change.value is not None:
        moved = words.say("%(change)s on the 4 weeks before", change=words.points(change.value))
        note = joined(moved, interval(change, lambda v: words.points(v, unit=False), words))
    return [
        Tile(words.say("Customers a day"), words.number(daily.value), over),
        Tile(
            words.say("Customers a month"),
            words.number(monthly.value),
            words.count("Active in %(n)s day", "Active in the last %(n)s days", window),
        ),
        Tile(words.say("Stickiness"), words.share(ratio.value), note, change.trend),
    ]


def _back(table: Table, words: Words) -> Tile:
    week = reading(table.headline, "week_4")
    note = joined(interval(week, words.share, words), sample(week, words))
    return Tile(words.say("Back in week 4"), words.share(week.value), note or words.say("Not enough weeks yet"))


def _spend(answers: Mapping[str, Table], words: Words, currency: str) -> list[Tile]:
    headline = answers["orders"].headline
    average = reading(headline, "average_order_value")
    code = reading(headline, "currency").value or currency
    note = joined(
        interval(average, lambda v: words.money(v, str(code)), words),
        words.count("%(n)s order", "%(n)s orders", average.n) if average.n else "",
    )
    return [Tile(words.say("Average order"), words.money(average.value, str(code)), note or words.say("No orders yet"))]
