"""What the tables hold after compaction: each event once, no longer than it may stay, in files that stay few."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.logs import write_messages
from tests.collect.story import known, received, start_of, story

from regulars.core.settings import PrivacySettings, Settings
from regulars.shop import Shop
from regulars.shop.tending import compact
from regulars.store.compaction import Compactor, maintenance, recent_ids, tail
from regulars.store.compaction.recent_ids import RecentIds
from regulars.store.parquet_files import FRESH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from regulars.store import Store

NOW = datetime.now(UTC).replace(microsecond=0)


def said(name: str, days: float = 0.0, **more: Any) -> dict[str, Any]:
    """Return a message that happened so many days ago."""
    at = (NOW - timedelta(days=days)).isoformat()
    message = {"type": "track", "event": "Looked", "messageId": name, "timestamp": at, "userId": f"u{name}"}
    return message | more


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop") as made:
        yield made


def collect(shop: Shop, *messages: dict[str, Any]) -> None:
    write_messages(shop.directory, messages, first=int(NOW.timestamp()) * 1_000_000)


def names(shop: Shop) -> list[str]:
    return [row["id"] for row in known(shop)["events"]]


# --- Each once


def test_a_message_sent_again_is_one_event_wherever_the_first_is(shop: Shop) -> None:
    """In the same round, in a fresh file, in its bucket; by this compactor or one that knows nothing of it."""
    compactor = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
    collect(shop, said("a"), said("a"), said("b", 1))
    first = compactor.cycle()
    assert (first.messages, first.added, first.duplicates) == (3, 2, 1)
    collect(shop, said("b", 1), said("c"))
    second = compactor.cycle()
    assert (second.added, second.duplicates) == (1, 1)
    compactor.drain()
    collect(shop, said("a"), said("c"), said("d"))
    third = Compactor(shop.store, shop.vault, shop.settings, shop.directory).drain()
    assert (third.added, third.duplicates) == (1, 2)
    assert names(shop) == ["a", "b", "c", "d"]


def test_an_order_sent_again_adds_none_of_its_lines(shop: Shop) -> None:
    lines = [{"product_id": f"p{n}", "price": 2, "quantity": 1} for n in range(3)]
    order = said("o", event="Order Completed", properties={"products": lines, "currency": "EUR", "order_id": "1"})
    collect(shop, order)
    assert compact(shop)
    collect(shop, order, order)
    done = compact(shop)
    assert done is not None
    assert (done.messages, done.added, done.duplicates) == (2, 0, 6)
    assert names(shop) == ["o/0", "o/1", "o/2"]


@pytest.mark.parametrize("days", [0, 2.9, 3.1, 40, 400])
def test_a_message_sent_again_days_later_is_found_however_old_it_is(shop: Shop, days: float) -> None:
    collect(shop, said("a", days))
    assert compact(shop)
    collect(shop, said("a", days), said("b", days))
    assert compact(shop)
    assert names(shop) == ["a", "b"]


def test_a_clock_corrected_anew_does_not_hide_the_first_across_midnight_or_the_edge_of_memory(
    store: Store, events_of: Callable[..., pa.Table]
) -> None:
    today = datetime.now(UTC).date()
    for days in (0, 1, 3, 4, 30):
        day = today - timedelta(days=days)
        for shift in (-1, 0, 1):
            name = f"{days}/{shift}"
            store.append_events([events_of((name, "ada", day.isoformat()))])
            ids = RecentIds(store.manifest, store.root)
            with store.cursor() as cursor:
                again = events_of(
                    (name, "ada", (day + timedelta(days=shift)).isoformat()), (name + "new", "x", str(day))
                )
                assert ids.duplicates(again, cursor).tolist() == [True, False], name


def test_two_different_ids_with_one_hash_are_two(
    store: Store, events_of: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr(recent_ids, "_keys", lambda names: np.zeros(len(names), np.uint64))
    day = datetime.now(UTC).date().isoformat()
    store.append_events([events_of(("a", "s", day), ("b", "s", day))])
    ids = RecentIds(store.manifest, store.root)
    with store.cursor() as cursor:
        rows = events_of(("b", "s", day), ("c", "s", day), ("d", "s", day), ("c", "s", day))
        assert ids.duplicates(rows, cursor).tolist() == [True, False, False, True]


def test_a_file_imported_beside_the_collector_adds_only_what_was_not_collected(shop: Shop, tmp_path: Path) -> None:
    compactor = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
    collect(shop, said("a"), said("b"))
    compactor.cycle()
    file = tmp_path / "events.jsonl"
    rows = [{"id": n, "user": f"u{n}", "kind": "view", "item": "x", "time": NOW.isoformat()} for n in "bcd"]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = shop.import_files([file])
    assert (summary.added, summary.duplicates) == (2, 1)
    collect(shop, said("c"), said("d"), said("e"), said("a"))
    done = compactor.cycle()
    assert (done.added, done.duplicates) == (1, 3)
    assert names(shop) == ["a", "b", "c", "d", "e"]


def test_a_log_that_is_read_again_from_its_beginning_adds_nothing(shop: Shop) -> None:
    """As after a backup of the log is put beside tables that are newer."""
    start = start_of(datetime.now(UTC))
    messages = [one for one in story(200, start) if one["type"] == "track"]
    write_messages(shop.directory, messages, first=received(start))
    kept = {path: path.read_bytes() for path in (shop.directory / "log").glob("*/*.log")}
    assert compact(shop)
    before = names(shop)
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    done = compact(shop)
    assert done is not None
    assert (done.messages, done.added) == (len(messages), 0)
    assert names(shop) == before


# --- No longer than it may stay


def days_left(tmp_path: Path, privacy: PrivacySettings, *messages: dict[str, Any]) -> list[str]:
    with Shop.create(tmp_path / "kept", Settings(privacy=privacy)) as shop:
        collect(shop, *messages)
        assert compact(shop)
        # What came in too old goes with the next day's, at the latest with the next start.
        collect(shop, said("zz"))
        assert compact(shop)
        return names(shop)


def test_events_stay_for_as_many_days_as_told_and_not_one_more(tmp_path: Path) -> None:
    privacy = PrivacySettings(keep_days=30)
    messages = [said(f"d{days:02d}", days) for days in (0, 1, 29, 30, 31, 32, 90)]
    assert days_left(tmp_path, privacy, *messages) == ["d00", "d01", "d29", "d30", "zz"]


def test_kinds_have_days_of_their_own(tmp_path: Path) -> None:
    privacy = PrivacySettings(keep_days=30, keep_days_by_kind={"page": 5, "looked": 60})
    messages = [said(f"page{days:02d}", days, type="page") for days in (4, 5, 6, 40)]
    messages += [said(f"tea{days:02d}", days, event="Tea Brewed") for days in (4, 30, 31)]
    messages += [said(f"look{days:02d}", days) for days in (31, 60, 61)]
    assert days_left(tmp_path, privacy, *messages) == [
        "look31", "look60", "page04", "page05", "tea04", "tea30", "zz",
    ]  # fmt: skip


def test_files_without_anything_too_old_are_not_rewritten(tmp_path: Path) -> None:
    with Shop.create(tmp_path / "shop", Settings(privacy=PrivacySettings(keep_days=30))) as shop:
        collect(shop, said("a", 29), said("b", 1))
        assert compact(shop)
        before = {entry.path for entry in shop.store.manifest.files("events")}
        assert compact(shop)
        assert {entry.path for entry in shop.store.manifest.files("events")} == before


# --- Few files


def test_fresh_files_are_merged_into_buckets_without_losing_or_doubling_a_row(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "CHUNK_BYTES", 1)
    monkeypatch.setattr(maintenance, "FRESH_FILES", 5)
    compactor = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
    collect(shop, *(said(f"{n:03d}", n % 3) for n in range(23)))
    most = 0
    for _ in range(23):
        compactor.cycle()
        most = max(most, sum(entry.bucket == FRESH for entry in shop.store.manifest.files("events")))
        assert len(names(shop)) == len(set(names(shop)))
        compactor.tidy()
    assert most == 5
    compactor.drain()
    assert names(shop) == [f"{n:03d}" for n in range(23)]
    assert all(entry.bucket != FRESH for entry in shop.store.manifest.files("events"))
    assert all(check.ok for check in shop.store.check())


def test_small_files_of_a_bucket_do_not_pile_up(shop: Shop) -> None:
    for number in range(30):
        collect(shop, said(f"{number:03d}", userId="ada"))
        assert compact(shop)
    (subject,) = {row["subject"] for row in known(shop)["events"]}
    assert subject == shop.names.subject("ada")
    assert len(shop.store.manifest.files("events")) <= maintenance.SMALL_FILES
    assert names(shop) == [f"{n:03d}" for n in range(30)]


def test_rows_of_one_day_lie_in_a_file_that_says_so(shop: Shop) -> None:
    collect(shop, said("a", 3), said("b", 1))
    assert compact(shop)
    found = {(entry.day_from, entry.day_to) for entry in shop.store.manifest.files("events")}
    days: list[date] = [row["day"] for row in known(shop)["events"]]
    assert {day for span in found for day in span} == set(days)


# --- What cannot be used


def test_a_body_that_cannot_be_read_is_set_aside_and_the_rest_is_kept(shop: Shop) -> None:
    broken = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "x",
        "userId": "u",
        "properties": {"products": 7},
    }
    collect(shop, said("a"), broken, {"type": "track"}, said("b"))
    done = compact(shop)
    assert done is not None
    assert names(shop)[:2] == ["a", "b"]
    assert done.rejected >= 1
    (file,) = (shop.directory / "rejects").glob("collect-*.jsonl")
    assert len(file.read_bytes().splitlines()) == done.rejected


def test_damage_in_the_log_costs_the_damaged_records_alone(shop: Shop) -> None:
    collect(shop, *(said(f"{n}") for n in range(6)))
    (path,) = (shop.directory / "log").glob("*/*.log")
    data = bytearray(path.read_bytes())
    third = data.find(b'"messageId": "3"')
    data[third + 3] ^= 0x40
    path.write_bytes(bytes(data) + data[:50])
    assert compact(shop)
    assert names(shop) == ["0", "1", "2", "4", "5"]
    assert not path.exists()
