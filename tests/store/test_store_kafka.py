"""Writing to Kafka: what is acknowledged is there, what is not is refused."""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import BusyError, DiskError, SettingsError
from regulars.core.settings import CollectSettings
from regulars.store.compaction.kafka_tail import KafkaTail
from regulars.store.compaction.tail import Tail
from regulars.store.log import LogWriter
from regulars.store.log import kafka as places
from regulars.store.log import kafka_writer as writers
from regulars.store.log.frames import encode
from regulars.store.log.kafka import KafkaPlace, read_properties
from regulars.store.log.kafka_writer import KafkaWriter

from .kafka_brokers import (
    CLUSTER_AUTHORIZATION_FAILED,
    INIT_PRODUCER_ID,
    NOT_ENOUGH_REPLICAS,
    PRODUCE,
    TOPIC,
    Mock,
    Senders,
    Tansu,
    arrival,
    body,
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
def senders() -> Senders:
    return Senders()


# --- the writer


def test_kafka_is_used_as_the_files_are() -> None:
    """Writer and reader have every public method of the log's own, with the same parameters."""
    for ours, theirs in ((KafkaWriter, LogWriter), (KafkaTail, Tail)):
        for name, method in inspect.getmembers(theirs, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.signature(getattr(ours, name)) == inspect.signature(method)
    assert isinstance(KafkaWriter.pending_bytes, property)


def test_what_is_acknowledged_is_in_the_topic_byte_for_byte(place: KafkaPlace) -> None:
    """The value is the log's record, the key the key's id, and one key stays in one partition and in order."""
    assert send(place, range(50), "key_a").durable == list(range(50))
    assert send(place, range(50, 80), "key_b").durable == list(range(50, 80))
    found = raw(place)
    for key, numbers in ((b"key_a", range(50)), (b"key_b", range(50, 80))):
        mine = [(partition, value) for partition, of, value in found if of == key]
        assert [value for _, value in mine] == [b"".join(encode(arrival(key.decode()), body(n))) for n in numbers]
        assert len({partition for partition, _ in mine}) == 1


def test_without_brokers_everything_is_refused_and_afterwards_goes_on(
    mock: Mock, place: KafkaPlace, senders: Senders
) -> None:
    """No acknowledgement without a broker; the same writer recovers by itself."""
    with KafkaWriter(place, senders.settle) as writer:
        mock.each("set_down")
        writer.append(arrival(), body(1), "lost")
        senders.wait(1)
        assert senders.durable == []
        (which, error), *_ = senders.refused
        assert which == "lost"
        assert "timed out" in error.message
        assert TOPIC in error.where
        mock.each("set_up")
        writer.append(arrival(), body(2), "kept")
        senders.wait(2)
        assert senders.durable == ["kept"]
        assert writer.pending_bytes == 0
    assert [value for _, _, value in raw(place)] == [b"".join(encode(arrival(), body(2)))]


def test_too_few_replicas_are_no_acknowledgement(mock: Mock, place: KafkaPlace) -> None:
    """A broker that cannot reach the other copies for long refuses; for a moment, it is tried again."""
    mock.fail(PRODUCE, NOT_ENOUGH_REPLICAS, 3)
    assert send(place, range(1)).durable == [0]
    mock.fail(PRODUCE, NOT_ENOUGH_REPLICAS, 1_000)
    assert [token for token, _ in send(place, range(1, 3)).refused] == [1, 2]
    mock.do("clear_request_errors", ctypes.c_int16(PRODUCE))
    assert len(raw(place)) == 1


def test_what_is_stored_but_answered_too_late_is_refused(mock: Mock, place: KafkaPlace) -> None:
    """The sender hears no, and its second try makes a second record: the event's id makes it one in the tables."""
    assert send(place, range(1)).durable == [0]
    # One answer to a write: no error, after three seconds.
    slow = (ctypes.c_int16(PRODUCE), ctypes.c_size_t(1), ctypes.c_int(0), ctypes.c_int(3_000))
    mock.each("push_request_error_rtts", *slow)
    late = send(place, range(1, 2))
    assert (late.durable, [token for token, _ in late.refused]) == ([], [1])
    time.sleep(1.5)
    assert send(place, range(1, 2)).durable == [1]
    assert [value for _, _, value in raw(place)].count(b"".join(encode(arrival(), body(1)))) == 2


def test_a_new_leader_loses_and_doubles_nothing(mock: Mock, place: KafkaPlace, senders: Senders) -> None:
    """While the leader of every partition moves about, each record is stored once and in order."""
    with KafkaWriter(place, senders.settle) as writer:
        for number in range(600):
            if number % 100 == 0:
                for partition in range(2):
                    leader = ctypes.c_int32(1 + number // 100 % 3)
                    mock.do("partition_set_leader", TOPIC, ctypes.c_int32(partition), leader)
                time.sleep(0.02)
            writer.append(arrival(), body(number), number)
    assert senders.refused == []
    assert sorted(senders.durable) == list(range(600))
    assert [value for _, _, value in raw(place)] == [b"".join(encode(arrival(), body(n))) for n in range(600)]


def test_a_full_queue_takes_nothing_and_says_so(mock: Mock, place: KafkaPlace, senders: Senders) -> None:
    """What was taken before keeps its place; what is refused never reaches the topic."""
    mock.each("set_down")
    size = len(b"".join(encode(arrival(), body(1))))
    with KafkaWriter(place, senders.settle, pending_bytes=3 * size) as writer:
        for number in range(3):
            writer.append(arrival(), body(number), number)
        assert writer.pending_bytes == 3 * size
        with pytest.raises(BusyError, match="waiting for Kafka"):
            writer.append(arrival(), body(3), 3)
        mock.each("set_up")
        senders.wait(3)
        assert writer.pending_bytes == 0
    assert len(raw(place)) == len(senders.durable) == 3
    with pytest.raises(BusyError):
        writer.append(arrival(), body(4), 4)


def test_a_producer_that_is_shut_out_is_made_anew(
    mock: Mock, place: KafkaPlace, senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that the library calls fatal refuses what was waiting and does not last."""
    monkeypatch.setattr(writers, "RENEW_SECONDS", 0.1)
    mock.fail(INIT_PRODUCER_ID, CLUSTER_AUTHORIZATION_FAILED, 1)
    with KafkaWriter(place, senders.settle) as writer:
        writer.append(arrival(), body(1), 1)
        senders.wait(1)
        assert [token for token, _ in senders.refused] == [1]
        until = time.monotonic() + 10
        while not senders.durable and time.monotonic() < until:
            with contextlib.suppress(DiskError):
                writer.append(arrival(), body(2), 2)
            time.sleep(0.05)
    assert 2 in senders.durable
    assert body(1) not in b"".join(value for _, _, value in raw(place))


def test_a_killed_broker_acknowledges_nothing(tansu: Tansu, senders: Senders) -> None:
    """From the moment it is gone every record is refused."""
    tansu.topic(TOPIC)
    place = KafkaPlace(servers=tansu.servers, topic=TOPIC, seconds=2, properties={"log_level": "0"})
    with KafkaWriter(place, senders.settle) as writer:
        writer.append(arrival(), body(1), 1)
        senders.wait(1)
        tansu.close()
        for number in range(2, 12):
            writer.append(arrival(), body(number), number)
        senders.wait(11)
    assert senders.durable == [1]
    assert sorted(token for token, _ in senders.refused) == list(range(2, 12))


def test_kafka_without_brokers_or_topic_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """It is found when the shop is opened for collecting, not with the first event."""
    for collect in (CollectSettings(sink="kafka"), CollectSettings(sink="kafka", kafka_topic=TOPIC)):
        with pytest.raises(SettingsError, match="brokers and a topic"):
            _ = places.place_of(tmp_path, collect)
    assert places.place_of(tmp_path, CollectSettings(kafka_topic=TOPIC)) is None


def test_properties_are_read_and_ours_stay_ours(tmp_path: Path) -> None:
    """Passwords go to the client; what durability rests on cannot be turned off, and no line is repeated."""
    path = tmp_path / "kafka.properties"
    path.write_text("# login\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b\n")
    assert read_properties(path) == {"security.protocol": "SASL_SSL", "sasl.password": "a=b"}
    for line in ("acks=1", "enable.idempotence=false", "message.timeout.ms=0"):
        path.write_text(line)
        with pytest.raises(SettingsError, match="set by regulars itself"):
            _ = read_properties(path)
    path.write_text("secret")
    with pytest.raises(SettingsError, match="line 1: a line is not name=value") as error:
        _ = read_properties(path)
    assert "secret" not in str(error.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        _ = read_properties(tmp_path / "absent")


def test_a_property_that_does_not_exist_is_named() -> None:
    """The library's own words say which."""
    place = KafkaPlace(servers="127.0.0.1:1", topic=TOPIC, properties={"colour": "red"})
    with pytest.raises(SettingsError, match="colour"):
        _ = places.consumer(place)
    with pytest.raises(SettingsError, match="colour"):
        _ = KafkaWriter(place, lambda *_: None)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra there is an error that says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    with pytest.raises(SettingsError, match=r"regulars\[kafka\]"):
        _ = places.library()
