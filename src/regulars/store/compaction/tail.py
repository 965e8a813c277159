"""What is in the log and not yet in the tables, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regulars.core.files import sync_directory
from regulars.store.log.segments import clear_folder, cut_torn_tail, mapped, read, segment_sets
from regulars.store.progress import LogProgress

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.store.log import Arrival, Segment
    from regulars.store.manifest import Manifest

CHUNK_BYTES = 24 << 20
"""Most bytes of the log that one round takes: about 50,000 events."""
SETTLED_SECONDS = 60
"""A folder younger than this may belong to a process that is only starting."""


class Chunk(NamedTuple):
    """Some records, and how far each file has been read with them."""

    name: str
    """The same for the same place in the log."""
    reads: list[tuple[Arrival, bytes]]
    positions: dict[str, int]
    more: bool


class Tail:
    """Follows every process's files from where the tables are.

    Parameters
    ----------
    directory
        The log.
    manifest
        Knows how far the tables are.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self._directory = directory
        self._manifest = manifest
        self._positions = manifest.positions()
        self._finished: dict[str, Segment] = {}

    def next_chunk(self) -> Chunk:
        """Read on, oldest process and file first."""
        reads: list[tuple[Arrival, bytes]] = []
        positions: dict[str, int] = {}
        name, size = "", 0
        for segments in segment_sets(self._directory):
            for segment in segments.segments:
                if size >= CHUNK_BYTES:
                    return Chunk(name, reads, positions, more=True)
                begin = self._positions.get(segment.name, 0)
                end, whole = self._read(segment, begin, CHUNK_BYTES - size, reads)
                if end > begin:
                    name = name or f"{segment.name.replace('/', '-').removesuffix('.log')}-{begin}"
                    positions[segment.name] = end
                    size += end - begin
                if segment.complete and whole:
                    self._finished[segment.name] = segment
        return Chunk(name, reads, positions, more=size >= CHUNK_BYTES)

    def taken(self, chunk: Chunk) -> None:
        """Say that a chunk is in the tables."""
        self._positions.update(chunk.positions)

    def clear_finished(self) -> None:
        """Delete files that are in the tables whole, and folders of processes that are gone.

        The position outlives its file, so that a crash between the two never makes the file be read again.
        """
        gone = [segment for segment in self._finished.values() if self._is_done(segment)]
        self._finished = {}
        for segment in gone:
            segment.path.unlink(missing_ok=True)
            segment.path.with_suffix(".done").unlink(missing_ok=True)
        # A file that came back after a power cut, its position forgotten, would be read again.
        for folder in {segment.path.parent for segment in gone}:
            sync_directory(folder)
        names = [segment.name for segment in gone if segment.name in self._positions]
        if names:
            self._manifest.note_progress(LogProgress(finished=names))
            for name in names:
                del self._positions[name]
        for segments in segment_sets(self._directory):
            if not segments.alive and not segments.segments and _is_settled(segments.folder):
                _ = clear_folder(segments.folder)

    def _is_done(self, segment: Segment) -> bool:
        """Tell whether everything in the file is in the tables; what was torn at its end was never acknowledged."""
        if not segment.path.exists():
            return False
        _ = cut_torn_tail(segment.path)
        return self._positions.get(segment.name, 0) >= segment.path.stat().st_size

    def _read(self, segment: Segment, begin: int, limit: int, reads: list[tuple[Arrival, bytes]]) -> tuple[int, bool]:
        """Read from `begin` on; return where it stopped, and whether that is the end of what can be read."""
        if segment.path.stat().st_size <= begin:
            return begin, True
        end = begin
        with mapped(segment.path) as data:
            for arrival, body, stop in read(data, begin):
                reads.append((arrival, body))
                end = stop
                if end - begin >= limit:
                    return end, False
        return end, True


def _is_settled(folder: Path) -> bool:
    import time

    return time.time() - folder.stat().st_mtime > SETTLED_SECONDS
