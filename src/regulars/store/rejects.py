"""Rows that were set aside, kept for the person who will correct them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Self

import msgspec

from regulars.core.files import sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from regulars.core.records import Reject

_ENCODER = msgspec.json.Encoder()


class RejectsWriter:
    """Writes `Reject` records as JSON lines to `rejects/<import id>.jsonl`; no reject, no file.

    Parameters
    ----------
    directory
        The shop.
    import_id
        Names the file.
    """

    def __init__(self, directory: Path, import_id: str) -> None:
        self.path = directory / "rejects" / f"{import_id}.jsonl"
        self.count = 0
        self._file: BinaryIO | None = None

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append these rejects."""
        for reject in rejects:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb")
            self._file.write(_ENCODER.encode(reject) + b"\n")
            self.count += 1

    def close(self) -> None:
        """Make the file durable."""
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        sync_directory(self.path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
