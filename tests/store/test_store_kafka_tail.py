"""Reading from Kafka: every record once, into the tables, and nothing lost in silence."""

from __future__ import annotations

import contextlib
import ctypes
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from regulars.core.errors import BusyError, DamagedError, SettingsError
from regulars.core.settings import load_settings, save_settings, validated
from regulars.shop import Shop
from regulars.shop.collecting import Collector
from regulars.store.compaction import Compactor
from regulars.store.compaction.kafka_tail import KafkaTail
from regulars.store.compaction.tails import open_tail
from regulars.store.log import LogWriter
from regulars.store.log.kafka import KafkaPlace, topic_facts
from regulars.store.manifest import Manifest
from regulars.store.progress import LogProgress

from .kafka_brokers import (
    TOPIC,
    Mock,
    Senders,
    Tansu,
    arrival,
    body,
    confluent_kafka,
    packed_tansu,
    raw,
    send,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mock() -> Iterator[Mock]:
    cluster = Mock()
    yield cluster
    cluster.close()


@pytest.fixture
def place(mock: Mock) -> KafkaPlace:
    return KafkaPlace(servers=mock.servers, topic=TOPIC, seconds=2, properties={"log_level": "0"})


@pytest.fixture
def tansu(tmp_path: Path) -> Iterator[Tansu]:
    with contextlib.closing(Tansu(packed_tansu(tmp_path))) as broker:
        yield broker


@pytest.fixture
def manifest(tmp_path: Path) -> Iterator[Manifest]:
    Shop.create(tmp_path / "shop").close()
    with contextlib.closing(Manifest(tmp_path / "shop" / "tables" / "manifest.db")) as found:
        yield found


def drained(tail: KafkaTail) -> list[bytes]:
    """Read to the end, taking every chunk."""
    bodies: list[bytes] = []
    while True:
        chunk = tail.next_chunk()
        bodies += [one for _, one in chunk.reads]
        tail.taken(chunk)
        if not chunk.more:
            return bodies


def take(tail: KafkaTail, manifest: Manifest) -> list[bytes]:
    """Take one chunk as the compactor does: the position is committed."""
    chunk = tail.next_chunk()
    manifest.note_progress(LogProgress(positions=chunk.positions))
    tail.taken(chunk)
    return [one for _, one in chunk.reads]


def test_a_chunk_counts_once_it_is_taken(place: KafkaPlace, manifest: Manifest) -> None:
    """Read again until it is taken; then never, not by the next reader either, and what comes later is read."""
    _ = send(place, range(20))
    tail = KafkaTail(place, manifest)
    expected = [body(number) for number in range(20)]
    first, again = tail.next_chunk(), tail.next_chunk()
    assert [one for _, one in first.reads] == [one for _, one in again.reads] == expected
    assert first.name == again.name
    assert (first.more, again.more) == (False, False)
    assert take(tail, manifest) == expected
    assert tail.next_chunk().reads == []
    _ = send(place, range(20, 25))
    assert take(KafkaTail(place, manifest), manifest) == [body(number) for number in range(20, 25)]
    assert KafkaTail(place, manifest).next_chunk().reads == []


def test_every_partition_is_read_and_new_ones_are_found(mock: Mock, place: KafkaPlace, manifest: Manifest) -> None:
    """Keys that lie in different partitions all come, each in order, in chunks of the size asked for."""
    for key in "abcdef":
        _ = send(place, range(10), f"key_{key}")
    assert len({partition for partition, _, _ in raw(place)}) == 2
    tail = KafkaTail(place, manifest)
    chunk = tail.next_chunk()
    of: dict[str, list[bytes]] = {}
    for one, content in chunk.reads:
        of.setdefault(one.key, []).append(content)
    assert of == {f"key_{key}": [body(number) for number in range(10)] for key in "abcdef"}
    assert len(chunk.positions) == 2


def test_a_large_topic_comes_in_chunks(place: KafkaPlace, manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chunk says that there is more until the last, and they are the topic."""
    monkeypatch.setattr("regulars.store.compaction.kafka_tail.CHUNK_BYTES", 10_000)
    monkeypatch.setattr("regulars.store.compaction.kafka_tail.MESSAGES", 7)
    _ = send(place, range(300))
    tail = KafkaTail(place, manifest)
    assert tail.next_chunk().more
    assert drained(tail) == [body(number) for number in range(300)]


def test_a_round_holds_all_that_was_acknowledged_before_it(place: KafkaPlace, manifest: Manifest) -> None:
    """An end that the client remembers from before hides nothing: an erasure relies on it."""
    tail = KafkaTail(place, manifest)
    for number in range(0, 30, 3):
        assert len(send(place, range(number, number + 3)).durable) == 3
        assert drained(tail) == [body(n) for n in range(number, number + 3)]


def test_what_others_wrote_is_passed_over(place: KafkaPlace, manifest: Manifest) -> None:
    """It is counted, it stops nothing, and it is not read again."""
    producer = confluent_kafka.Producer({"bootstrap.servers": place.servers, "log_level": 0})
    for value in (b"hello", None, b""):
        producer.produce(TOPIC, value, b"key_a")
    _ = producer.flush(5)
    tail = KafkaTail(place, manifest)
    assert tail.next_chunk() == ("", [], {}, False)
    assert tail.foreign == 3
    assert sum(manifest.positions().values()) == 3
    _ = send(place, range(2))
    assert take(tail, manifest) == [body(0), body(1)]
    assert tail.foreign == 3


def test_records_deleted_unread_are_reported_once(mock: Mock, place: KafkaPlace, manifest: Manifest) -> None:
    """Retention that was shorter than the reader's absence is an error with both numbers, then reading goes on."""
    _ = send(place, range(10))
    partition = raw(place)[0][0]
    assert len(take(KafkaTail(place, manifest), manifest)) == 10
    _ = send(place, range(10, 20))
    mock.do("partition_delete_records", TOPIC, ctypes.c_int32(partition), ctypes.c_int64(15))
    tail = KafkaTail(place, manifest)
    with pytest.raises(DamagedError, match=r"records 10 to 14 were deleted"):
        _ = tail.next_chunk()
    rest = drained(tail)
    assert rest
    assert rest == [body(number) for number in range(20 - len(rest), 20)]


def test_a_topic_made_anew_is_read_from_its_beginning(mock: Mock, place: KafkaPlace, manifest: Manifest) -> None:
    """A position beyond the end is reported, and hides no record."""
    _ = send(place, range(10))
    assert len(take(KafkaTail(place, manifest), manifest)) == 10
    mock.do("topic_delete", TOPIC)
    mock.topic()
    _ = send(place, range(10, 13))
    tail = KafkaTail(place, manifest)
    with pytest.raises(DamagedError, match="made anew"):
        _ = tail.next_chunk()
    assert drained(tail) == [body(number) for number in range(10, 13)]


def test_a_reader_without_brokers_waits_and_goes_on(mock: Mock, place: KafkaPlace, manifest: Manifest) -> None:
    """No broker is a reason to try again, at the beginning and in the middle."""
    _ = send(place, range(3))
    tail = KafkaTail(place, manifest)
    assert len(take(tail, manifest)) == 3
    mock.each("set_down")
    with pytest.raises(BusyError, match="does not answer"):
        _ = tail.next_chunk()
    mock.each("set_up")
    _ = send(place, range(3, 5))
    assert take(tail, manifest) == [body(3), body(4)]


def test_a_topic_that_is_not_there_is_named(place: KafkaPlace, manifest: Manifest, mock: Mock) -> None:
    """Neither reader nor writer makes a topic with settings nobody chose."""
    mock.do("topic_set_error", TOPIC, 3)
    with pytest.raises(SettingsError, match=r"topic shop at .*does not give the topic"):
        _ = KafkaTail(place, manifest).next_chunk()


# --- into the tables


def stored(shop: Shop) -> list[str]:
    return sorted(shop.store.table("events").id.to_pyarrow().to_pylist())


def compactor(shop: Shop, place: KafkaPlace) -> Compactor:
    made = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
    made._tail = open_tail(shop.directory / "log", shop.store.manifest, place)  # type: ignore[assignment]
    return made


class PowerCutError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_each_event_is_in_the_tables_once_wherever_the_compactor_dies(
    moment: str, place: KafkaPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before the commit nothing counts and all is read again; just after it everything does, and nothing is."""
    _ = send(place, range(40))
    _ = send(place, range(20), "key_b")
    with Shop.create(tmp_path / "shop") as shop:
        real = shop.store.manifest.commit

        def dies(*arguments: Any) -> None:
            if moment == "after":
                real(*arguments)
            raise PowerCutError

        monkeypatch.setattr(shop.store.manifest, "commit", dies)
        with pytest.raises(PowerCutError):
            _ = compactor(shop, place).cycle()
        monkeypatch.setattr(shop.store.manifest, "commit", real)
        assert len(stored(shop)) == (40 if moment == "after" else 0)
        done = compactor(shop, place).drain()
        assert (done.messages, done.added, done.duplicates) == ((60, 40, 20) if moment == "before" else (0, 0, 0))
        assert len(stored(shop)) == 40


def test_what_the_files_still_hold_comes_before_the_topic(place: KafkaPlace, tmp_path: Path) -> None:
    """A shop that changes to Kafka loses nothing of what it collected before."""
    senders = Senders()
    with Shop.create(tmp_path / "shop") as shop:
        log = shop.directory / "log"
        log.mkdir(exist_ok=True)
        with LogWriter(log, senders.settle) as writer:
            writer.append(arrival(), body(100), 100)
        senders.wait(1)
        _ = send(place, range(5))
        reader = compactor(shop, place)
        assert reader.drain().added == 6
        assert reader.cycle().messages == 0
        assert list(log.rglob("*.log")) == []
        assert compactor(shop, place).drain().messages == 0


def test_the_setting_brings_events_through_kafka_into_the_tables(place: KafkaPlace, tmp_path: Path) -> None:
    """Door, topic and compactor find the same place in the shop's settings, and no file of the log is made."""
    Shop.create(tmp_path / "shop").close()
    shop_settings = load_settings(tmp_path / "shop")
    (tmp_path / "shop" / "kafka.properties").write_text("log_level=0")
    collect = msgspec.structs.replace(
        shop_settings.collect,
        sink="kafka",
        kafka_servers=tuple(place.servers.split(",")),
        kafka_topic=TOPIC,
        kafka_properties="kafka.properties",
    )
    save_settings(tmp_path / "shop", validated(msgspec.structs.replace(shop_settings, collect=collect)))
    senders = Senders()
    with Shop.open(tmp_path / "shop") as shop:
        collector = Collector(shop.directory, shop.settings, shop.vault, senders.settle)
        key = shop.vault.api_keys.create("write").info
        assert collector.accept("track", body(1), key, signal=False, address="10.0.0.7", token=1)
        collector.close()
        assert senders.durable == [1]
        assert not list(shop.directory.glob("log/**/*.log"))
        done = Compactor(shop.store, shop.vault, shop.settings, shop.directory).drain()
        assert (done.added, stored(shop)) == (1, ["m-1"])


# --- a real broker


def test_a_real_broker_takes_and_gives_everything(tansu: Tansu, tmp_path: Path) -> None:
    """Writer, topic, reader and tables, over sockets to another process."""
    tansu.topic(TOPIC)
    place = KafkaPlace(servers=tansu.servers, topic=TOPIC, properties={"log_level": "0"})
    assert send(place, range(500)).durable == list(range(500))
    assert len(send(place, range(400, 600), "key_b").durable) == 200
    with Shop.create(tmp_path / "shop") as shop:
        reader, until = compactor(shop, place), time.monotonic() + 20
        read = 0
        # Tansu's own end of a partition may trail what it acknowledged for a moment.
        while read < 700 and time.monotonic() < until:
            read += reader.drain().messages
        assert len(stored(shop)) == 600
        assert compactor(shop, place).drain().messages == 0


def test_a_topic_that_keeps_only_the_newest_is_refused(tansu: Tansu, manifest: Manifest) -> None:
    """All records of a key but one would be deleted; and how long a topic keeps records is known."""
    tansu.topic("compacted", cleanup_policy="compact")
    tansu.topic("kept", cleanup_policy="delete", retention_ms="7200000")
    place = KafkaPlace(servers=tansu.servers, topic="compacted", properties={"log_level": "0"})
    with pytest.raises(SettingsError, match="newest record of each key"):
        _ = KafkaTail(place, manifest).next_chunk()
    facts = topic_facts(KafkaPlace(servers=tansu.servers, topic="kept", properties={"log_level": "0"}))
    assert (facts.compacted, facts.keep_hours) == (False, 2.0)
