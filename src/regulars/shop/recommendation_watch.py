"""Is what the models recommend still what customers choose? Measured when a day ends, on that day's customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pyarrow as pa

from regulars.core.alerts import RECOMMENDATIONS, Watched
from regulars.core.compute import pc
from regulars.insights.falls import judge_fall
from regulars.shop.interest import interest_events

if TYPE_CHECKING:
    from regulars.interests import Interactions
    from regulars.recommend import Learned
    from regulars.shop.facade import Shop
    from regulars.store.alerts import AlertBook

MARK = "recommendations"
WINDOWS = (1, 7)
"""Days looked at together: one tells a great fall soon, a week a smaller one."""
DAYS_A_MONTH = 30.4
CUSTOMERS = 300
"""Asked about each day, at most."""
LEAST_CUSTOMERS = 20
"""Below, a day says nothing."""
CATCH_UP_DAYS = 7
PAST_DAYS = 56
"""Days that the last ones are held against."""


class Day(msgspec.Struct, frozen=True, array_like=True):
    """What was seen on one day of the shop: counts, no persons."""

    end: datetime
    hits: int
    customers: int


class RecommendationWatch:
    """Watches one shop's recommendations.

    Parameters
    ----------
    shop
        The open shop.
    book
        Where the days are noted.
    """

    def __init__(self, shop: Shop, book: AlertBook) -> None:
        self._shop = shop
        self._book = book
        self._zone = ZoneInfo(shop.settings.shop.time_zone)

    def stand(self, until: datetime) -> list[Watched]:
        """Measure the days that ended by then and were not measured yet; return how the last ones stand."""
        learned = self._shop.learned()
        if learned is None:
            return [Watched(series=RECOMMENDATIONS, hours=24 * days, state="absent") for days in WINDOWS]
        seen = self._book.mark(MARK, list[Day]) or []
        midnight = until.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        fresh = self._measure(learned, seen[-1].end if seen else None, midnight)
        if fresh:
            seen = [*seen, *fresh][-PAST_DAYS - max(WINDOWS) :]
            self._book.set_mark(MARK, seen)
        return [self._standing(learned, seen, days) for days in WINDOWS]

    def _standing(self, learned: Learned, seen: list[Day], days: int) -> Watched:
        hours = 24 * days
        before, now = (seen[:-days], seen[-days:]) if len(seen) >= days else (seen, [])
        # Days held back while learning, judged by customers who taught nothing, stand for days not seen yet.
        held_out = learned.cards[0].quality.get("daily", [])
        past = [(hits, asked) for hits, asked in held_out if asked >= LEAST_CUSTOMERS]
        past += [(day.hits, day.customers) for day in before]
        chance = self._shop.settings.alerts.per_month / DAYS_A_MONTH / len(WINDOWS)
        found = judge_fall([(day.hits, day.customers) for day in now], past[-PAST_DAYS:], chance)
        if found is None:
            return Watched(series=RECOMMENDATIONS, hours=hours, state="learning")
        return Watched(
            series=RECOMMENDATIONS, hours=hours, state="watched" if found.low > 0 else "uneven", time=now[-1].end,
            observed=found.observed, expected=found.expected, low=found.low, high=1.0,
        )  # fmt: skip

    def _measure(self, learned: Learned, last: datetime | None, midnight: datetime) -> list[Day]:
        """Replay the whole days that nothing was learned from; days with too few customers are passed over."""
        knows_until = learned.blend.now_ + 1
        ends = [midnight - timedelta(days=back) for back in reversed(range(CATCH_UP_DAYS))]
        ends = [end for end in ends if last is None or end > last]
        spans = [(max(int((end - timedelta(days=1)).timestamp()), knows_until), int(end.timestamp())) for end in ends]
        wanted = [(end, span) for end, span in zip(ends, spans, strict=True) if span[0] < span[1]]
        if not wanted:
            return []
        from regulars.interests.replay import daily_hits

        data = self._events(learned, wanted[0][1][0], wanted[-1][1][1])
        if data is None:
            return []
        found = daily_hits(
            learned.blend, data, [span for _, span in wanted], exclude_known=not learned.blend.config.repeat,
            customers=CUSTOMERS,
        )  # fmt: skip
        return [
            Day(end.astimezone(UTC), hits, asked)
            for (end, _), (hits, asked) in zip(wanted, found, strict=True)
            if asked >= LEAST_CUSTOMERS
        ]

    def _events(self, learned: Learned, begin: int, end: int) -> Interactions | None:
        """Return all events of those who chose something in a span, numbered as the models number items."""
        from regulars.recommend import numbered_like

        shop = self._shop
        rows = interest_events(shop.store, shop.settings, shop.permissions)
        rows = rows.filter(pc.is_valid(rows.column("item")))
        times = rows.column("time").cast(pa.timestamp("s", tz="UTC"), safe=False).cast(pa.int64()).to_numpy()
        inside = pa.array((times >= begin) & (times < end))
        people = rows.column("subject").filter(inside).unique()
        kept = pc.and_(pc.is_in(rows.column("subject"), people), pa.array(np.asarray(times < end)))
        rows = rows.filter(kept)
        return numbered_like(learned.interactions, rows) if rows.num_rows else None
