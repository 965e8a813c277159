"""What is in a Kafka topic and not yet in the tables; used as `Tail` is.

How far each partition has been read is committed with the rows, by the shop and not by Kafka, so that each record
counts once whatever moment the reader is killed at. Nothing is deleted here: Kafka's retention does that, and says
nothing when it was too early; a gap before what is read next is therefore looked for, and reported once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from regulars.core.errors import BusyError, DamagedError, RegularsError, SettingsError
from regulars.store.compaction.tail import CHUNK_BYTES, Chunk
from regulars.store.log.kafka import KafkaPlace, consumer, library, reason, topic_facts
from regulars.store.log.segments import read
from regulars.store.progress import LogProgress

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message

    from regulars.store.log import Arrival
    from regulars.store.manifest import Manifest

MESSAGES = 128
"""Most records taken at a time: of half a megabyte each at most, so that a chunk does not grow far beyond its size."""
WAIT_SECONDS = 0.2


class KafkaTail:
    """Follows every partition of a topic from where the tables are.

    Parameters
    ----------
    place
        The topic.
    manifest
        Knows how far the tables are.

    Raises
    ------
    SettingsError
        The client library is missing, or a property cannot be used.
    """

    def __init__(self, place: KafkaPlace, manifest: Manifest) -> None:
        self._place = place
        self._manifest = manifest
        self._kafka = library()
        self._consumer: Consumer = consumer(place)
        self._positions = manifest.positions()
        self._cluster = ""
        self._at: dict[int, int] = {}
        """Offset of the next record that Kafka's client will hand over, by partition."""
        self._ended: set[int] = set()
        self._checked = False
        self.foreign = 0
        """Records that somebody else put into the topic: they are no records of a log, and passed over."""

    def next_chunk(self) -> Chunk:
        """Read on in all partitions, up to where each of them ends now.

        Raises
        ------
        BusyError
            No broker answers; nothing is lost, try again later.
        DamagedError
            Kafka no longer has what comes next. Said once; after that reading goes on with what there is.
        SettingsError
            There is no such topic, or Kafka keeps only the newest record of each key.
        """
        partitions = self._partitions()
        # At first, after a pause, when there are new partitions, and when the last chunk did not come into the tables.
        anew = self._at != {partition: self._position(partition) for partition in partitions}
        if anew:
            self._begin(partitions)
        try:
            reads, whole = self._gathered()
        except RegularsError:
            self._pause()
            raise
        # An end that was fetched ahead, before this round, may be out of date: the next round finds out.
        chunk = self._chunk(reads, more=not (whole and anew))
        if whole:
            self._pause()
        return chunk

    def taken(self, chunk: Chunk) -> None:
        """Say that a chunk is in the tables."""
        self._positions.update(chunk.positions)

    def clear_finished(self) -> None:
        """Do nothing: what is in the tables stays in the topic for as long as its retention says."""

    def _gathered(self) -> tuple[list[tuple[Arrival, bytes]], bool]:
        """Return a chunk's records, and whether they are all that there are."""
        reads: list[tuple[Arrival, bytes]] = []
        size, until = 0, time.monotonic() + self._place.seconds
        while size < CHUNK_BYTES and len(self._ended) < len(self._at):
            messages = self._some()
            size += sum(self._take(message, reads) for message in messages)
            if messages:
                until = time.monotonic() + self._place.seconds
            elif time.monotonic() > until:
                if not reads:
                    raise self._silent("no record came")
                break
        return reads, len(self._ended) == len(self._at)

    def _some(self) -> list[Message]:
        """Return what has come; wait for the first record, not for as many as are taken at most."""
        first = self._consumer.poll(WAIT_SECONDS)
        return [] if first is None else [first, *self._consumer.consume(MESSAGES - 1, 0)]

    def _chunk(self, reads: list[tuple[Arrival, bytes]], *, more: bool) -> Chunk:
        moved = {p: at for p, at in sorted(self._at.items()) if at > self._position(p)}
        positions = {self._name(partition): at for partition, at in moved.items()}
        if not reads:
            if positions:
                # Nothing for the tables, only what others wrote, or markers of Kafka's own.
                self._note(positions)
            return Chunk("", reads, {}, more)
        first = next(iter(moved))
        return Chunk(f"{self._place.topic}-{first}-{self._position(first)}", reads, positions, more)

    def _take(self, message: Message, reads: list[tuple[Arrival, bytes]]) -> int:
        """Take in one record, or what the client says in place of one; return the bytes taken."""
        partition, offset = message.partition(), message.offset()
        if (error := message.error()) is not None:
            self._hear(error, partition, offset)
            return 0
        if partition is None or offset is None:
            return 0
        self._at[partition] = offset + 1
        self._ended.discard(partition)
        found = list(read(memoryview(message.value() or b""), 0))
        if not found:
            self.foreign += 1
            return 0
        reads.extend((one.arrival, one.body) for one in found)
        return len(message)

    def _hear(self, error: KafkaError, partition: int | None, offset: int | None) -> None:
        codes = self._kafka.KafkaError
        here = partition is not None and partition >= 0
        if partition is not None and error.code() == codes._PARTITION_EOF:
            # Beyond the last record there may be offsets that hold none.
            self._at[partition] = max(self._at.get(partition, 0), offset or 0)
            self._ended.add(partition)
        elif partition is not None and here and error.code() in {codes._AUTO_OFFSET_RESET, codes.OFFSET_OUT_OF_RANGE}:
            raise self._lost(partition)
        elif here or error.fatal():
            raise self._silent(error.str())
        # Anything else the client tries again by itself.

    def _partitions(self) -> list[int]:
        """Return the partitions there are now; see to it that the topic can be read."""
        try:
            found = self._consumer.list_topics(self._place.topic, self._place.seconds)
        except self._kafka.KafkaException as error:
            raise self._silent(reason(error)) from None
        self._cluster = found.cluster_id or ""
        topic = found.topics[self._place.topic]
        if topic.error is not None:
            raise SettingsError(
                f"Kafka does not give the topic ({topic.error.str()})",
                where=self._place.where,
                fix="Make it, or allow this shop to read it: see docs/kafka.md.",
            )
        if not self._checked and topic_facts(self._place).compacted:
            raise SettingsError(
                "Kafka keeps only the newest record of each key",
                where=self._place.where,
                fix="Set the topic's cleanup.policy to delete.",
            )
        self._checked = True
        return sorted(topic.partitions)

    def _begin(self, partitions: list[int]) -> None:
        """Have the client read from where the tables are; what it fetched ahead is dropped."""
        self._at = {partition: self._position(partition) for partition in partitions}
        places = [self._kafka.TopicPartition(self._place.topic, p, at) for p, at in self._at.items()]
        self._ended.clear()
        self._consumer.assign(places)

    def _pause(self) -> None:
        """Have the client fetch nothing until the next round, so that what it says then is of then."""
        self._consumer.unassign()
        self._at = {}

    def _position(self, partition: int) -> int:
        return self._positions.get(self._name(partition), 0)

    def _name(self, partition: int) -> str:
        """Return what a position is kept under: another cluster's offsets are others."""
        return f"kafka/{self._cluster}/{self._place.topic}/{partition}"

    def _note(self, positions: dict[str, int]) -> None:
        self._manifest.note_progress(LogProgress(positions=positions))
        self._positions.update(positions)

    def _silent(self, why: str) -> BusyError:
        return BusyError(f"Kafka does not answer ({why})", where=self._place.where, fix="It is tried again.")

    def _lost(self, partition: int) -> RegularsError:
        """Go to the first record that there is, and return what is to be said of the others."""
        position = self._position(partition)
        try:
            begin, end = self._consumer.get_watermark_offsets(
                self._kafka.TopicPartition(self._place.topic, partition), self._place.seconds, cached=False
            )
        except self._kafka.KafkaException as error:
            return self._silent(reason(error))
        self._note({self._name(partition): begin})
        where = f"{self._place.where}, partition {partition}"
        if position < begin:
            return DamagedError(
                f"records {position:,} to {begin - 1:,} were deleted before they were in the tables",
                where=where,
                fix="They are lost: lengthen the topic's retention. Reading goes on with what is there.",
            )
        return DamagedError(
            f"the tables have {position:,} records but Kafka only {end:,}: the topic was made anew, or a broker that "
            "lagged behind became its leader",
            where=where,
            fix="Reading begins again at the first record; what the tables have already counts once.",
        )
