"""What the compactor reads: the log's files, and Kafka's topic when that is where events are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from regulars.store.compaction.kafka_tail import KafkaTail
from regulars.store.compaction.tail import Chunk, Tail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from regulars.store.log.kafka import KafkaPlace
    from regulars.store.manifest import Manifest


class Source(Protocol):
    """Something that is read on and on, in chunks that count once they are in the tables."""

    def next_chunk(self) -> Chunk:
        """Read on; a chunk that was not taken comes again."""
        ...

    def taken(self, chunk: Chunk) -> None:
        """Say that a chunk is in the tables."""
        ...

    def clear_finished(self) -> None:
        """Delete what is no longer needed."""
        ...


class OneAfterAnother:
    """Several sources as one: the next is read when the one before has nothing.

    Parameters
    ----------
    sources
        The first first.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._last = sources[0]

    def next_chunk(self) -> Chunk:
        """Read on in the first source that has something."""
        for source in self._sources:
            self._last = source
            chunk = source.next_chunk()
            if chunk.reads:
                # The sources after this one were not asked.
                return chunk if source is self._sources[-1] else chunk._replace(more=True)
        return Chunk("", [], {}, more=False)

    def taken(self, chunk: Chunk) -> None:
        """Say that the last chunk is in the tables."""
        self._last.taken(chunk)

    def clear_finished(self) -> None:
        """Delete what is no longer needed."""
        for source in self._sources:
            source.clear_finished()


def open_tail(log: Path, manifest: Manifest, place: KafkaPlace | None) -> Source:
    """Return what is to be read: the files, and after them the topic if there is one.

    The files are read either way: they may hold what was collected before Kafka was chosen.
    """
    files = Tail(log, manifest)
    return OneAfterAnother([files, KafkaTail(place, manifest)]) if place else files
