"""What is going on: counted as the tables have it, of those who allow it, without a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest

from regulars.core.errors import UsageError
from regulars.core.schema import EVENTS, ITEMS
from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def events(*lines: tuple[Any, ...], until: datetime = NOW) -> pa.Table:
    """Return events of (minutes ago, subject, kind, more)."""
    rows: list[dict[str, Any]] = []
    for number, (ago, subject, kind, *more) in enumerate(lines):
        time = until - timedelta(minutes=ago)
        day = (time + timedelta(hours=2)).date()  # Berlin's
        base = {"id": f"{until:%d}{kind}{number}-{ago}", "time": time, "day": day, "subject": subject, "kind": kind}
        rows.append(dict.fromkeys(EVENTS.names) | base | (more[0] if more else {}))
    return pa.Table.from_pylist(rows, schema=EVENTS)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    settings = Settings(shop=ShopSettings(name="Tea house", time_zone="Europe/Berlin", currency="EUR"))
    with Shop.create(tmp_path / "shop", settings) as made:
        item = dict.fromkeys(ITEMS.names) | {"item": "tea", "title": "Green tea"}
        made.store.upsert("items", pa.Table.from_pylist([item], schema=ITEMS))
        yield made


def bought(value: float, session: str = "s") -> dict[str, Any]:
    return {"item": "tea", "value": value, "currency": "EUR", "session": session, "city": "Bonn", "country": "DE"}


def test_a_shop_without_events_says_so(shop: Shop) -> None:
    found = shop.live.snapshot(now=NOW)
    assert (found.active, found.events, found.last_day, found.latest) == (0, 0, None, [])
    assert found.conversion.value is None
    assert found.currency == "EUR"


def test_the_last_minutes_by_hand(shop: Shop) -> None:
    """A quarter to two in Berlin; what was bought before midnight is not of today, what is older not of this hour."""
    shop.store.append_events(
        [
            events(
                (1, "a", "view", {"item": "tea", "country": "DE"}),
                (4, "b", "view", {"item": "tea"}),
                (10, "a", "purchase", bought(4.0)),
                (10, "a", "purchase", bought(6.0)),
                (50, "c", "view"),
                (120, "d", "purchase", bought(7.0)),
                (15 * 60, "e", "purchase", bought(100.0)),
                (2, "a", "message"),
                (-10, "f", "view"),
            )
        ]
    )
    shop.store.append_events([events((5, "x", "view"), (5, "y", "purchase", bought(1)), until=NOW - WEEK)])
    found = shop.live.snapshot(now=NOW)
    assert (found.active_5, found.active, found.events) == (2, 2, 4)
    assert (found.orders, found.revenue) == (1, 10.0)
    assert (found.orders_today, found.revenue_today, found.currency) == (2, 17.0, "EUR")
    assert (found.conversion.hits, found.conversion.n) == (1, 3)
    assert (found.conversion_last_week.hits, found.conversion_last_week.n) == (1, 2)
    assert found.conversion_change.value == pytest.approx(1 / 3 - 1 / 2)
    assert {one.kind: sum(one.counts) for one in found.per_minute} == {"view": 2, "purchase": 2}
    assert [len(one.counts) for one in found.per_minute] == [30, 30]
    assert [(one.item, one.title, one.shoppers, one.events) for one in found.items] == [("tea", "Green tea", 2, 4)]
    assert [(one.kind, one.title, one.place) for one in found.latest][:3] == [
        ("view", "Green tea", "DE"), ("view", "Green tea", ""), ("purchase", "Green tea", "DE"),
    ]  # fmt: skip
    assert shop.live.snapshot(5, now=NOW).active == 2
    with pytest.raises(UsageError):
        shop.live.snapshot(61, now=NOW)


def test_nobody_is_named(shop: Shop) -> None:
    """Neither a pseudonym nor a session, nor what one person alone searched for; the rest is masked."""
    said = {"properties": '{"query":"call 13800138000 ann@mail.example"}', "session": "secret-session"}
    alone = {"properties": '{"query":"shoes for ann"}'}
    shop.store.append_events(
        [events((1, "sub-1", "search", said), (2, "sub-2", "search", said), (3, "sub-1", "search", alone))]
    )
    found = shop.live.snapshot(now=NOW)
    text = msgspec.json.encode(found).decode()
    for secret in ("sub-1", "sub-2", "secret-session", "13800138000", "ann@mail.example", "shoes for ann"):
        assert secret not in text
    assert [one.shoppers for one in found.searches] == [2]


def test_who_refuses_is_not_counted_from_then_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = shop.vault.pseudonyms.subject("anna")
    shop.store.append_events([events((1, subject, "view"), (2, "b", "view"))])
    assert shop.live.snapshot(now=NOW).active == 2
    before = shop.live.version()
    _ = shop.rights.set_consents("anna", {"analytics": False}, source="api")
    monkeypatch.setattr("regulars.shop.permissions.LOOK_SECONDS", 0.0)
    assert shop.live.version() != before
    assert shop.live.snapshot(now=NOW).active == 1
    _ = shop.rights.set_consents("anna", {"analytics": True}, source="api")
    assert shop.live.snapshot(now=NOW).active == 2


def test_new_events_are_seen_and_old_ones_fall_out(shop: Shop) -> None:
    shop.store.append_events([events((1, "a", "view"))])
    assert shop.live.snapshot(now=NOW).events == 1
    shop.store.append_events([events((0, "b", "view"), until=NOW + timedelta(minutes=5))])
    later = NOW + timedelta(minutes=5)
    assert shop.live.snapshot(now=later).events == 2
    assert shop.live.snapshot(now=NOW + timedelta(minutes=30)).events == 1
    assert shop.live.snapshot(now=NOW + timedelta(hours=3)).events == 0
