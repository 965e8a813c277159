"""A made-up shop in which everything happens that a question can ask about: what two engines are compared on.

130 days from 1 January 2024, 150 customers. In it: every kind of event and one of the shop's own, what the shop did,
events of the same instant, days that are not those of UTC, visits with and without an id, unknown and empty values,
Chinese and Latin spellings of places, letters beyond the basic plane, prices that move, promotions, refunds,
invitations in chains, households, searches with and without results, and reviews in two languages.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.core.settings import StoreSettings

CUSTOMER_COUNT, DAYS, ITEM_COUNT = 150, 130, 36
BEGIN = datetime(2024, 1, 1, 2, tzinfo=UTC)
ZONE = timedelta(hours=8)
"""The shop's clock is Shanghai's: what happens after 16:00 UTC belongs to the next day."""
ODD = """it's 100% \\n "off" \\\\ _"""
"""A campaign whose name a careless quotation would break."""
STORES = (StoreSettings(latitude=31.23, longitude=121.47), StoreSettings(latitude=39.9, longitude=116.4))
_CATEGORIES = ("Food > Tea > Green", "Food > Tea > Black", "Food > 零食", "Home > Cups", "Home > ", " > Odd", "", None)
_BRANDS = ("Own", "Österreich", "茶园", "", None)
_PLACES: tuple[tuple[str | None, str | None, str | None, float | None, float | None], ...] = (
    ("CN", "广东", "深圳", 22.54, 114.06),
    ("CN", "Guangdong Sheng", "Shenzhen", 22.55, 114.05),
    ("CN", "GD", "广州市", 23.13, 113.26),
    ("中国", "上海市", "", 31.23, 121.47),
    ("CN", " shanghai ", None, 31.25, 121.5),
    ("CN", None, "杭州", 30.25, 120.17),
    ("CN", "北京", "朝阳区", 39.92, 116.44),
    ("CN", "\t广东\n", "\u3000深圳", 22.54, 114.06),
    ("TR", "İstanbul", "I\u0307stanbul", 41.01, 28.98),
    ("DE", "Bayern", "München", 48.14, 11.58),
    ("US", "NY", "New York", 40.71, -74.01),
    ("", "", "", 95.0, 10.0),
    (None, None, None, None, None),
)
_CHANNELS = (
    ("search", "google"),
    ("email", "newsletter"),
    ("social", "微博"),
    ("direct", ""),
    (None, None),
    ("Search", "google "),
)
_QUERIES = ("green tea", "Green  Tea", "ＧＲＥＥＮ tea", "gren tea", "茶杯", 'cup "big"', "", "c:\\cups", "😀 cup", 7)
_REVIEWS = (
    "Fast delivery and lovely quality",
    "Broken cup, awful packaging, never again",
    "物流很快，质量很好",
    "质量太差了，客服态度恶劣",
    "ok",
    "",
)


class _Maker:
    def __init__(self, seed: int) -> None:
        self.source = random.Random(seed)
        self.rows: list[dict[str, Any]] = []
        # Few prices, and none that a double holds exactly: sums that are equal on paper are not for an engine.
        self.prices = [round(0.7 + 0.1 * (at % 6), 2) for at in range(ITEM_COUNT)]
        # Ids are not in the order of time, so that ties are decided by something else than the order of rows.
        self.ids = [f"e{at:05}" for at in range(40_000)]
        self.source.shuffle(self.ids)

    def add(self, subject: str, at: datetime, kind: str, **more: Any) -> None:
        properties = more.pop("properties", None)
        if isinstance(properties, dict):
            properties = json.dumps(properties, ensure_ascii=False, separators=self.source.choice([(",", ":"), None]))
        self.rows.append(
            {"id": self.ids.pop(), "time": at, "day": (at + ZONE).date(), "subject": subject, "kind": kind}
            | {"properties": properties}
            | more
        )

    def price(self, item: int, day: int) -> float:
        """Return a price that changes every three weeks, and is a fifth lower on promotion."""
        wave = 1 + 0.12 * ((day // 21 + item) % 4)
        return round(self.prices[item] * wave, 2)

    def on_promotion(self, item: int, day: int) -> bool:
        return (day // 7 + item) % 5 == 0

    def visit(self, subject: str, number: int, day: int, home: dict[str, Any]) -> None:
        source = self.source
        at = BEGIN + timedelta(days=day, microseconds=source.randrange(20 * 3600 * 1_000_000))
        channel, origin = source.choice(_CHANNELS)
        base = home | {
            "channel": channel,
            "source": origin,
            "campaign": source.choice([None, None, "spring", "夏", "", ODD]),
            "session": source.choice([f"{subject}-{number}", f"{subject}-{number}", None, ""]),
            "device": source.choice(["phone", "phone", "desktop", "", None]),
        }
        if source.random() < 0.2:
            base |= dict(
                zip(("country", "region", "city", "latitude", "longitude"), source.choice(_PLACES), strict=True)
            )

        def step(most: int = 900) -> datetime:
            # A third of what happens happens at the very instant of what came before.
            nonlocal at
            at += timedelta(
                seconds=0 if source.random() < 0.33 else source.randrange(1, most), microseconds=source.randrange(2)
            )
            return at

        self.add(subject, step(), "page", **base)
        if source.random() < 0.4:
            self._search(subject, step, base)
        items = source.sample(range(ITEM_COUNT), source.choice([1, 2, 2, 3, 5]))
        for item in items:
            about = base | {"item": f"i{item:02}"}
            for kind, chance in (("click", 0.3), ("view", 0.9), ("wish", 0.15), ("cart", 0.6), ("uncart", 0.1)):
                if source.random() < chance:
                    self.add(subject, step(), kind, **about)
        if source.random() < 0.05:
            at += timedelta(minutes=30)
        self._buy(subject, items, day, step, base)
        self._after(subject, items, step, base)

    def _search(self, subject: str, step: Any, base: dict[str, Any]) -> None:
        for _ in range(self.source.choice([1, 1, 2])):
            query = self.source.choice(_QUERIES)
            said: dict[str, Any] = {self.source.choice(["query", "q", "search_term"]): query}
            if self.source.random() < 0.8:
                said["results"] = self.source.choice([0, 0, 3, 12, "4"])
            self.add(subject, step(), "search", properties=said, **base)

    def _buy(self, subject: str, items: list[int], day: int, step: Any, base: dict[str, Any]) -> None:
        source = self.source
        if source.random() > 0.55:
            return
        self.add(subject, step(), "checkout", **base)
        for item in items[: source.choice([1, 2, 3])] + ([(items[0] + 1) % ITEM_COUNT] if items[0] % 4 == 0 else []):
            promoted = self.on_promotion(item, day) and source.random() < 0.9
            price = round(self.price(item, day) * (0.8 if promoted else 1.0), 2)
            quantity = source.choice([1.0, 1.0, 2.0, 3.0, None]) if not promoted else source.choice([2.0, 3.0, 4.0])
            said: Any = {"discount": 0.2, "note": 'a "b"'} if promoted else source.choice([None, {"discount": 0}, {}])
            value = None if source.random() < 0.02 else round(price * (quantity or 1), 2)
            more = {"item": f"i{item:02}", "quantity": quantity, "value": value, "currency": "CNY"}
            self.add(subject, step(), "purchase", properties=said, **(base | more))
            if source.random() < 0.06:
                self.add(subject, step(90_000), "refund", **(base | more))

    def _after(self, subject: str, items: list[int], step: Any, base: dict[str, Any]) -> None:
        source = self.source
        about = base | {"item": f"i{items[0]:02}"}
        if source.random() < 0.15:
            said = {"review_body": source.choice(_REVIEWS), "rating": source.choice([1, 2, "4", 5, None])}
            self.add(subject, step(), "review", properties=said, **about)
        if source.random() < 0.1:
            self.add(subject, step(), "rate", properties={"rating": source.choice([1, 3.5, "5", "good"])}, **about)
        if source.random() < 0.1:
            self.add(subject, step(), "share", **base)
        if source.random() < 0.1:
            self.add(
                subject,
                step(),
                source.choice(["store_visit", "到店"]),
                properties={"terminal": f"t{source.randrange(60)}", "$at.x y": "a\tb"},
                **base,
            )


def eventful_events(seed: int = 5) -> pa.Table:
    """Return the events."""
    make = _Maker(seed)
    for customer in range(CUSTOMER_COUNT):
        _customer(make, customer)
    make.source.shuffle(make.rows)
    rows = [dict.fromkeys(EVENTS.names) | row for row in make.rows]
    return pa.Table.from_pylist(rows, schema=EVENTS)


def _customer(make: _Maker, customer: int) -> None:
    source, subject = make.source, _subject(customer)
    home = dict(zip(("country", "region", "city", "latitude", "longitude"), source.choice(_PLACES), strict=True))
    # Everyone beyond the first thirty is brought by an earlier customer, or by nobody, or by somebody unknown.
    brought = source.choice([_subject(source.randrange(customer)), None, "", "nobody"]) if customer >= 30 else None
    if customer % 15 == 7:
        make.add(subject, BEGIN + timedelta(days=customer % DAYS), "view", item="i01", **home)
        return
    day = 0 if customer < 40 else source.randrange(DAYS - 20)
    end = DAYS if customer % 4 else day + source.randrange(10, 60)
    gap = source.choice([2, 4, 7, 7, 12, 20])
    number = 0
    while day < min(end, DAYS):
        make.visit(subject, number, day, home | ({"referrer": brought} if number == 0 and brought is not None else {}))
        if source.random() < 0.3:
            make.add(
                subject, BEGIN + timedelta(days=day, hours=1), source.choice(["message", "impression", "decision"])
            )
        number += 1
        day += max(1, gap + source.choice([-2, -1, 0, 0, 1, 3]))


def _subject(customer: int) -> str:
    return f"客{customer:03}" if customer % 9 == 0 else f"c{customer:03}"


def eventful_items() -> pa.Table:
    """Return the catalogue: the last two items are not in it."""
    rows = [
        dict.fromkeys(ITEMS.names)
        | {"item": f"i{at:02}", "title": f"Nr. {at} 茶" if at % 3 else None, "category": _CATEGORIES[at % 8]}
        | {"brand": _BRANDS[at % 5], "price": 2.0 + at, "currency": "CNY"}
        for at in range(ITEM_COUNT - 2)
    ]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def eventful_customers() -> pa.Table:
    """Return the profiles: two in three customers live with others, some have no profile, some an empty one."""
    rows: list[dict[str, Any]] = []
    for customer in range(0, CUSTOMER_COUNT - 10):
        said = {"tier": ["gold", "silver", "", None, 3, True][customer % 6], "名": "名"}
        if customer % 3:
            said["household"] = f"h{customer // 3 if customer % 2 else customer // 9}"
        text = None if customer % 20 == 0 else json.dumps(said, ensure_ascii=customer % 2 == 0)
        rows.append({"subject": _subject(customer), "created": BEGIN, "attributes": text})
    return pa.Table.from_pylist(rows, schema=CUSTOMERS)
