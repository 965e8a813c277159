"""Everything that is known about one customer, for the people who answer them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from regulars.core.errors import UsageError
from regulars.core.records import CustomerProfile, Favourite, HistoryLine, ReturnChance
from regulars.events.vocabulary import BY_SHOP
from regulars.insights import customer_history, top_categories
from regulars.insights.history import customer_kinds, favourite_items, top_brands
from regulars.insights.rfm import rfm_scores
from regulars.insights.rhythm import band_of, chances, curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from regulars.core.records import CustomerSummary
    from regulars.insights import Sources

MESSAGES = ("message", "open", "unsubscribe")
SHOWN_MESSAGES = 20
SHOWN = 8
ACTIVE_DAYS = 182
"""Half a year: as much as fits on a page as a calendar."""
T = TypeVar("T")


class Profiles:
    """Customers of one state of the shop, each looked at closely when asked for.

    What is the same for all of them, the curves of waits and the scores, is computed once, when first needed.

    Parameters
    ----------
    sources
        The tables.
    as_of
        The last day with events.
    """

    def __init__(self, sources: Sources, as_of: date) -> None:
        self._sources = sources
        self._as_of = as_of
        self._shared: dict[str, Any] = {}
        self._lock = threading.Lock()

    def of(
        self,
        subject: str,
        summary: CustomerSummary,
        attributes: Mapping[str, Any],
        lines: int,
        kinds: Sequence[str],
        offset: int,
    ) -> CustomerProfile:
        """Return the profile of a customer, with `lines` lines of history of these kinds (none: all)."""
        events, items = self._sources.events, self._sources.items
        counted = {row["kind"]: row["events"] for row in self._rows(customer_kinds(events, subject))}
        categories = self._rows(top_categories(events, items, subject).limit(SHOWN))
        brands = self._rows(top_brands(events, items, subject).limit(SHOWN))
        favourites = self._rows(favourite_items(events, items, subject).limit(SHOWN))
        days = self._days(subject)
        since = self._as_of - timedelta(days=ACTIVE_DAYS - 1)
        return CustomerProfile(
            summary=summary,
            attributes=dict(attributes),
            top_categories=[(row["category"], row["share"]) for row in categories],
            history=self._history(subject, lines, kinds, offset),
            history_total=sum(n for kind, n in counted.items() if not kinds or kind in kinds),
            kinds=counted,
            active=[day for day in days if day >= since],
            favourites=msgspec.convert(favourites, list[Favourite]),
            top_brands=[(row["brand"], row["share"]) for row in brands if row["brand"]],
            rfm=self._once("rfm", self._segments).get(subject, ""),
            cohorts=self._cohorts(subject),
            chances=self._chances(days),
            messages=self._history(subject, SHOWN_MESSAGES, MESSAGES, 0) if counted.keys() & set(MESSAGES) else [],
        )

    def _rows(self, expression: Any) -> list[dict[str, Any]]:
        return self._sources.run(expression).to_pylist()

    def _history(self, subject: str, lines: int, kinds: Sequence[str], offset: int) -> list[HistoryLine]:
        history = customer_history(
            self._sources.events, self._sources.items, subject, lines, kinds=kinds, offset=offset
        )
        return msgspec.convert(self._rows(history), list[HistoryLine])

    def _days(self, subject: str) -> list[date]:
        events = self._sources.events
        days = events.filter(events.subject == subject).select("kind", "day").distinct().order_by("day")
        return sorted({row["day"] for row in self._rows(days) if row["kind"] not in BY_SHOP})

    def _chances(self, days: list[date]) -> list[ReturnChance]:
        curve = self._once("curves", lambda: curves(self._sources, self._as_of)).get(band_of(days)) if days else None
        if curve is None:
            return []
        found = chances(curve, (self._as_of - days[-1]).days)
        return [ReturnChance(days=c.days, share=c.share, low=c.low, high=c.high, n=c.n) for c in found]

    def _segments(self) -> dict[str, str]:
        rows = self._sources.run(rfm_scores(self._sources, self._as_of).select("subject", "group"))
        return dict(zip(rows.column("subject").to_pylist(), rows.column("group").to_pylist(), strict=True))

    def _cohorts(self, subject: str) -> list[str]:
        found: list[str] = []
        for name in self._sources.cohorts:
            # What a rule refers to may have gone since, a store from the settings: the others stand.
            try:
                members = self._sources.cohorts[name]
            except UsageError:
                continue
            if self._sources.run(members.filter(members.subject == subject).limit(1)).num_rows:
                found.append(name)
        return sorted(found)

    def _once(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._shared:
                self._shared[name] = make()
            return self._shared[name]
