"""The log's writer over Kafka: the same records, acknowledged when every in-sync replica has them.

The producer is idempotent: what it sends again after a lost answer is stored once and in order. A record whose
acknowledgement did not come in time may be stored nevertheless; its sender is told that it is not, sends it again,
and the event's id makes it one. The other way round, an acknowledgement for what is not stored, does not happen.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from regulars.core.errors import BusyError, DiskError
from regulars.store.log.frames import Arrival, encode
from regulars.store.log.kafka import KafkaPlace, configured, library, made, reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, KafkaException, Message, Producer

LOOK_SECONDS = 0.1
"""How long the thread waits for an acknowledgement before it sees that it is to stop."""
RENEW_SECONDS = 1.0
"""Between a producer that Kafka has shut out and the next."""


class _Told(NamedTuple):
    """What Kafka said of one record."""

    token: Any
    size: int
    error: KafkaError | None


class KafkaWriter:
    """One process's producer; used as `LogWriter` is.

    Parameters
    ----------
    place
        The topic. It must exist.
    settle
        Told what became of each group, in this writer's thread.
    pending_bytes
        Most bytes that wait for Kafka.

    Raises
    ------
    SettingsError
        The client library is missing, or a property cannot be used. That no broker answers is no error here: each
        record is refused until one does.
    """

    def __init__(
        self,
        place: KafkaPlace,
        settle: Callable[[list[Any], DiskError | None], None],
        *,
        pending_bytes: int = 32 << 20,
    ) -> None:
        self._place = place
        self._settle = settle
        self._pending_bytes = pending_bytes
        self._exception: type[KafkaException] = library().KafkaException
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self._told: list[_Told] = []
        self._stopping = False
        self._shut_out = False
        self._producer = self._make()
        self._thread = threading.Thread(target=self._run, name="kafka-writer", daemon=True)
        self._thread.start()

    def append(self, arrival: Arrival, body: bytes, token: Any) -> None:
        """Hand over one record; `settle` says when it is durable.

        Records of one key go to one partition and stay in the order in which they were handed over.

        Raises
        ------
        BusyError
            Too much is waiting for Kafka already: nothing was taken.
        DiskError
            Kafka has shut this producer out: nothing was taken. The next one is made in a second.
        """
        start, rest = encode(arrival, body)
        value = start + rest
        with self._lock:
            if self._stopping or self._waiting_bytes + len(value) > self._pending_bytes:
                raise _busy()
            try:
                self._producer.produce(
                    self._place.topic,
                    value,
                    arrival.key.encode(),
                    on_delivery=partial(self._hear, token, len(value)),
                )
            except BufferError:
                raise _busy() from None
            except self._exception as error:
                raise self._refusal(reason(error)) from None
            self._waiting_bytes += len(value)

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for Kafka."""
        return self._waiting_bytes

    def close(self) -> None:
        """Wait until everything handed over is acknowledged or refused, and stop."""
        with self._lock:
            self._stopping = True
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self) -> Producer:
        defaults = {"linger.ms": 2, "compression.type": "lz4"}
        ours = {
            "acks": "all",
            "enable.idempotence": True,
            "message.timeout.ms": int(self._place.seconds * 1000),
            # As Kafka's other clients place keys.
            "partitioner": "murmur2_random",
            # Ours is the limit that senders are told of; this one only has to be beyond it.
            "queue.buffering.max.kbytes": max(1024, self._pending_bytes // 512),
            "queue.buffering.max.messages": 0,
            "error_cb": self._hear_error,
        }
        return made(library().Producer, configured(self._place, defaults, ours), self._place)

    def _run(self) -> None:
        while True:
            stopping = self._stopping
            self._listen(0 if stopping and not len(self._producer) else LOOK_SECONDS)
            if stopping and not len(self._producer):
                break
            if self._shut_out:
                self._renew()

    def _listen(self, seconds: float) -> None:
        try:
            _ = self._producer.poll(seconds)
        except self._exception:
            # Only what is fatal is raised here.
            self._shut_out = True
        self._pass_on()

    def _hear(self, token: Any, size: int, error: KafkaError | None, _: Message) -> None:
        self._told.append(_Told(token, size, error))

    def _hear_error(self, error: KafkaError) -> None:
        # Others (a broker is gone, a name does not resolve) the library tries again; this is for good.
        self._shut_out = self._shut_out or error.fatal()

    def _pass_on(self) -> None:
        """Tell the senders what Kafka said since the last time, once for each outcome."""
        told, self._told = self._told, []
        if not told:
            return
        with self._lock:
            self._waiting_bytes -= sum(one.size for one in told)
        refused: dict[str, list[Any]] = {}
        durable: list[Any] = []
        for one in told:
            tokens = durable if one.error is None else refused.setdefault(one.error.str(), [])
            tokens.append(one.token)
        if durable:
            self._settle(durable, None)
        for why, tokens in refused.items():
            self._settle(tokens, self._refusal(why))

    def _renew(self) -> None:
        """Refuse what the producer still holds and go on with a new one."""
        # From now on it takes nothing: what is handed over meanwhile is refused at once.
        if not self._stopping:
            time.sleep(RENEW_SECONDS)
        # `_hear` is told of each record that was purged: none of them is acknowledged.
        self._producer.purge()
        until = time.monotonic() + self._place.seconds
        while len(self._producer) and time.monotonic() < until:
            self._listen(LOOK_SECONDS)
        self._shut_out = False
        with self._lock:
            self._producer = self._make()

    def _refusal(self, why: str) -> DiskError:
        return DiskError(
            f"Kafka did not take the events ({why})",
            where=self._place.where,
            fix="Nothing was acknowledged; send them again: what is stored already counts once.",
        )


def _busy() -> BusyError:
    return BusyError("too many events are waiting for Kafka", fix="Send them again in a second.")
