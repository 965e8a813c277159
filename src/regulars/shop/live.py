"""What is going on in the shop now: the last minutes, and nobody's name."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from regulars.core.alerts import Alert
from regulars.core.compute import pc
from regulars.core.errors import UsageError
from regulars.insights import live as counts
from regulars.shop.masking import mask_lines
from regulars.store.recent import RecentRows

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.shop.facade import Shop

WEEK = timedelta(weeks=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON_MINUTES = 5
LATEST, TOP = 20, 8
AHEAD = timedelta(seconds=60)
"""A clock may be ahead by this much; what happens later than that has not happened yet."""
PEOPLE = 200_000
"""Answers about people that are remembered."""


class LiveShare(msgspec.Struct, frozen=True, kw_only=True):
    """A share of people with its 95% interval."""

    value: float | None
    low: float | None
    high: float | None
    hits: int
    n: int


class LiveChange(msgspec.Struct, frozen=True, kw_only=True):
    """A difference of shares with its 95% interval."""

    value: float | None
    low: float | None
    high: float | None


class LiveKind(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind of event happened in each minute, oldest first."""

    kind: str
    counts: list[int]


class LiveItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that people look at now."""

    item: str
    title: str
    shoppers: int
    events: int


class LiveSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What several people search for now, masked."""

    text: str
    shoppers: int


class LiveEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and not to whom."""

    time: datetime
    kind: str
    item: str
    title: str
    place: str


class LiveSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The last minutes of a shop, of the people who allow analytics."""

    time: datetime
    snapshot: str
    """The state of the tables that it was counted from."""
    minutes: int
    active_5: int
    """People who did something in the last five minutes."""
    active: int
    """The same for the last `minutes`."""
    events: int
    per_minute: list[LiveKind]
    orders: int
    revenue: float
    orders_today: int
    revenue_today: float
    currency: str | None
    """None: several, and the sums mean nothing."""
    conversion: LiveShare
    """Of the people of the last hour, those who bought."""
    conversion_last_week: LiveShare
    """The same a week earlier."""
    conversion_change: LiveChange
    items: list[LiveItem]
    searches: list[LiveSearch]
    latest: list[LiveEvent]
    last_day: date | None
    """The last day with events of any age."""
    alerts: list[Alert]
    """Those that go on."""


class Live:
    """Looks at one shop. Threads may share it.

    Parameters
    ----------
    shop
        The open shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._zone = ZoneInfo(shop.settings.shop.time_zone)
        self._recent = RecentRows(shop.store, counts.COLUMNS)
        self._lock = threading.Lock()
        self._allowed: tuple[str, dict[str, bool]] = ("", {})
        self._titles: tuple[str, dict[str, str]] = ("", {})
        self._last_week: tuple[tuple[object, ...], counts.Share] | None = None

    def version(self) -> str:
        """Return a name for what a snapshot would be counted from; it costs next to nothing."""
        shop = self._shop
        return f"{shop.store.version('events')} {shop.permissions.state('analytics')}"

    def snapshot(self, minutes: int = 30, now: datetime | None = None) -> LiveSnapshot:
        """Count the last minutes.

        Parameters
        ----------
        minutes
            5 to 60.
        now
            The end of the last minute.

        Raises
        ------
        UsageError
            The minutes are not between 5 and 60.
        """
        if not SOON_MINUTES <= minutes <= 60:
            raise UsageError(f"{minutes} is not between {SOON_MINUTES} and 60", where="minutes")
        now = now or datetime.now(UTC)
        with self._lock:
            hour = self._rows(now)
            self._look_up_titles()
        end = now + AHEAD
        lately = counts.customers_rows(hour, now - timedelta(minutes=minutes), end)
        soon = counts.customers_rows(hour, now - timedelta(minutes=SOON_MINUTES), end)
        today = hour.filter(pc.equal(hour.column("day"), now.astimezone(self._zone).date()))
        day, window = counts.totals(today), counts.totals(lately)
        share = counts.conversion(counts.customers_rows(hour, now - HOUR, end))
        before = self._week_ago(now)
        per_minute = counts.per_minute(lately, now - timedelta(minutes=minutes), minutes)
        last = self._shop.store.days()
        return LiveSnapshot(
            time=now,
            snapshot=self._shop.store.version("events"),
            minutes=minutes,
            active_5=counts.shoppers(soon),
            active=counts.shoppers(lately),
            events=lately.num_rows,
            per_minute=[LiveKind(kind=kind, counts=each) for kind, each in per_minute.items()],
            orders=window.orders,
            revenue=window.revenue,
            orders_today=day.orders,
            revenue_today=day.revenue,
            currency=day.currency or (self._shop.settings.shop.currency if not day.orders else None),
            conversion=_share(share),
            conversion_last_week=_share(before),
            conversion_change=LiveChange(**counts.change(share, before)._asdict()),
            items=[
                LiveItem(item=item, title=self._title(item), shoppers=people, events=events)
                for item, people, events in counts.top_items(lately, TOP)
            ],
            searches=_masked(counts.top_searches(lately, TOP)),
            latest=[self._event(row) for row in counts.latest(lately, LATEST, counts.COLUMNS)],
            last_day=last[1] if last else None,
            alerts=self._shop.alerts.open(),
        )

    def _rows(self, now: datetime) -> pa.Table:
        """Return the last hour, and today's purchases, of those who allow it."""
        today = now.astimezone(self._zone).date()
        since = counts.moment(now - HOUR)

        def keep(rows: pa.Table) -> pa.Table:
            late = pc.greater_equal(rows.column("time"), since)
            sold = pc.and_(pc.equal(rows.column("kind"), "purchase"), pc.equal(rows.column("day"), today))
            return rows.filter(pc.or_(late, sold))

        rows = self._recent.rows(today - DAY, today + DAY, keep)
        return rows.filter(pc.is_in(rows.column("subject"), value_set=self._may_count(rows)))

    def _may_count(self, rows: pa.Table) -> pa.Array:
        """Return those of the people of these rows who allow analytics."""
        permissions = self._shop.permissions
        state, known = self._allowed
        if state != permissions.state("analytics") or len(known) > PEOPLE:
            state, known = permissions.state("analytics"), {}
        people = pc.unique(rows.column("subject"))
        allowed = [
            known[one] if one in known else known.setdefault(one, permissions.allows(one, "analytics"))
            for one in people.to_pylist()
        ]
        self._allowed = (state, known)
        return people.filter(counts.flags(allowed))

    def _week_ago(self, now: datetime) -> counts.Share:
        """Return the conversion of the same hour last week, counted once a minute."""
        end = now.replace(second=0, microsecond=0) - WEEK
        mark = (end, self._shop.permissions.state("analytics"))
        kept = self._last_week
        if kept is not None and kept[0] == mark:
            return kept[1]
        days = ((end - HOUR).astimezone(self._zone).date(), end.astimezone(self._zone).date())
        expression = counts.conversion_of(self._shop.countable_events(), days, end - HOUR, end)
        [row] = self._shop.store.run(expression).to_pylist()
        share = counts.Share(int(row["buyers"]), int(row["visitors"]))
        self._last_week = (mark, share)
        return share

    def _look_up_titles(self) -> None:
        """Read the titles when the catalogue has changed; not through the shop, whose answers may take their time."""
        store = self._shop.store
        version = store.version("items")
        if self._titles[0] != version:
            rows = store.run(store.table("items").select("item", "title"))
            names = zip(rows.column("item").to_pylist(), rows.column("title").to_pylist(), strict=True)
            self._titles = (version, {item: title for item, title in names if title})

    def _event(self, row: dict[str, Any]) -> LiveEvent:
        item = row["item"] or ""
        # No finer: in a village the one who is there would be seen.
        place = row["country"] or ""
        title = self._title(item) if item else ""
        return LiveEvent(time=row["time"], kind=row["kind"], item=item, title=title, place=place)

    def _title(self, item: str) -> str:
        return self._titles[1].get(item) or item


def _share(share: counts.Share) -> LiveShare:
    low, high = share.interval
    return LiveShare(value=share.value, low=low, high=high, hits=share.hits, n=share.trials)


def _masked(found: list[tuple[str, int]]) -> list[LiveSearch]:
    texts = mask_lines(text for text, _ in found)
    return [LiveSearch(text=one.text, shoppers=people) for one, (_, people) in zip(texts, found, strict=True)]
