"""Kafka in place of the log's files: where it is, how clients are configured, what its topic promises.

The client library is an extra (`pip install 'regulars[kafka]'`) and is imported only where Kafka is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    from confluent_kafka import Consumer, KafkaException

    from regulars.core.settings import CollectSettings

OURS = frozenset(
    {
        "acks",
        "auto.offset.reset",
        "bootstrap.servers",
        "delivery.timeout.ms",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "isolation.level",
        "max.in.flight",
        "max.in.flight.requests.per.connection",
        "message.send.max.retries",
        "message.timeout.ms",
        "metadata.broker.list",
        "partitioner",
        "queue.buffering.max.kbytes",
        "queue.buffering.max.messages",
        "queuing.strategy",
        "request.required.acks",
        "retries",
        "transactional.id",
    }
)
"""Properties on which it rests that nothing acknowledged is lost, reordered or read twice: nobody else sets them."""

_SETTING = "collect.kafka_properties"


class KafkaPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One shop's topic."""

    servers: str
    """`host:port` of one or more brokers, parted by commas."""
    topic: str
    properties: dict[str, str] = {}
    """More of librdkafka's properties: how to log in, certificates."""
    seconds: float = 10.0
    """How long an acknowledgement, or an answer, may take."""

    @property
    def where(self) -> str:
        """Return the topic and its brokers, as errors name them."""
        return f"topic {self.topic} at {self.servers}"


class TopicFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the brokers say of a topic; None where they do not say."""

    compacted: bool | None
    """Kafka keeps only the newest record of each key."""
    keep_hours: float | None
    """Kafka deletes records after this time; infinite: never."""


def read_properties(path: Path) -> dict[str, str]:
    """Read a file of `name=value` lines, as Kafka's own tools do; `#` begins a comment.

    Raises
    ------
    SettingsError
        The file cannot be read, a line is no property, or sets what only regulars may set.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot be read ({error})", where=f"{_SETTING}: {path}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name:
            # The line may hold a password: it is not repeated.
            raise SettingsError("a line is not name=value", where=f"{path}, line {number}")
        if name in OURS:
            raise SettingsError(
                f"{name} is set by regulars itself", where=f"{path}, line {number}", fix="Take the line out."
            )
        found[name] = value
    return found


def place_of(directory: Path, collect: CollectSettings) -> KafkaPlace | None:
    """Return where the shop in `directory` collects its events; None: in files of its own.

    Raises
    ------
    SettingsError
        Kafka is asked for but not its brokers or topic, or the file of properties cannot be used.
    """
    if collect.sink != "kafka":
        return None
    if not collect.kafka_servers or not collect.kafka_topic:
        raise SettingsError(
            "Kafka needs its brokers and a topic",
            where="collect.kafka_servers, collect.kafka_topic",
            fix="Set both, or collect.sink to 'log'.",
        )
    return KafkaPlace(
        servers=",".join(collect.kafka_servers),
        topic=collect.kafka_topic,
        properties=read_properties(directory / collect.kafka_properties) if collect.kafka_properties else {},
        seconds=collect.kafka_seconds,
    )


def library() -> ModuleType:
    """Return the client library.

    Raises
    ------
    SettingsError
        It is not installed.
    """
    try:
        _ = import_module("confluent_kafka.admin")
        return import_module("confluent_kafka")
    except ImportError:
        raise SettingsError(
            "Kafka's client is not installed", where="collect.sink", fix="pip install 'regulars[kafka]'"
        ) from None


def configured(place: KafkaPlace, defaults: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return a client's properties: `defaults` under the place's own under `ours`."""
    least = {"client.id": "regulars", "log_level": 4}
    return {**least, **defaults, **place.properties, **ours, "bootstrap.servers": place.servers}


def made(kind: Any, config: dict[str, Any], place: KafkaPlace) -> Any:
    """Make a client.

    Raises
    ------
    SettingsError
        The library knows a property not, or not this value of it.
    """
    try:
        return kind(config)
    except library().KafkaException as error:
        raise SettingsError(
            f"Kafka's client cannot be made: {reason(error)}",
            where=_SETTING,
            fix="Properties have librdkafka's names: see its CONFIGURATION.md.",
        ) from None
    except (TypeError, ValueError) as error:
        raise SettingsError(f"Kafka's client cannot be made: {error}", where=place.where) from None


def consumer(place: KafkaPlace) -> Consumer:
    """Return a client that reads where it is told to; Kafka keeps no position for it."""
    ours = {
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # A position that Kafka no longer has is an error here, never a jump.
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
    }
    defaults = {
        "group.id": "regulars",
        "check.crcs": True,
        "queued.max.messages.kbytes": 32 * 1024,
        "fetch.queue.backoff.ms": 20,
        "fetch.wait.max.ms": 20,
    }
    return made(library().Consumer, configured(place, defaults, ours), place)


def topic_facts(place: KafkaPlace) -> TopicFacts:
    """Ask the brokers what they do with the topic's records; what they do not answer is None."""
    admin = library().admin
    client = made(admin.AdminClient, configured(place, {}, {}), place)
    resource: Any = admin.ConfigResource(admin.ConfigResource.Type.TOPIC, place.topic)
    try:
        answers = client.describe_configs([resource], request_timeout=place.seconds)
        found = {name: entry.value for name, entry in answers[resource].result(place.seconds).items()}
    except (library().KafkaException, TimeoutError):
        # An old broker, or one that does not let us ask.
        found = {}
    policy, milliseconds = found.get("cleanup.policy"), found.get("retention.ms")
    keep = None if milliseconds is None else float(milliseconds) / 3_600_000
    return TopicFacts(
        compacted=None if policy is None else "compact" in policy,
        keep_hours=float("inf") if keep is not None and keep < 0 else keep,
    )


def reason(error: KafkaException) -> str:
    """Return what the library says went wrong."""
    first = error.args[0] if error.args else error
    text = getattr(first, "str", None)
    return str(text()) if callable(text) else str(first)
