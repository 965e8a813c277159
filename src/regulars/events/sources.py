"""Bytes of a file, plain or gzip, in blocks of whole lines."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from regulars.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b\x08"
_BOM = b"\xef\xbb\xbf"


class ByteSource:
    """A file opened for reading; gzip is recognised by its first three bytes, whatever the name."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise InputError(f"cannot be opened: {error.strerror}", where=self.name) from None
        self._data: BinaryIO = self._file
        if self._file.read(3) == _GZIP:
            self._file.seek(0)
            self._data = cast("BinaryIO", gzip.GzipFile(fileobj=self._file, mode="rb"))
        else:
            self._file.seek(0)
        self._told = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at the end."""
        try:
            return self._data.read(size)
        except (EOFError, zlib.error, OSError) as error:
            raise InputError(f"is damaged: {error}", where=self.name, fix="Fetch the file again.") from None

    def advanced(self) -> int:
        """Return how many bytes of the file itself were read since the last call."""
        before, self._told = self._told, self._file.tell()
        return self._told - before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()
        self._file.close()


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, or the beginning of one line that is far too long.

    Parameters
    ----------
    data
        The lines, each with its line break; the file's last line always has one here.
    cut
        `data` is the beginning of a line whose rest was thrown away.
    """

    data: bytes
    cut: bool = False


def blocks(source: ByteSource, longest: int, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yield the file in blocks of about `size` bytes; memory stays below `longest` and two blocks.

    Raises
    ------
    InputError
        The file is UTF-16, or damaged.
    """
    rest = _start(source, size)
    while True:
        data = source.read(size)
        rest += data
        if not data:
            if rest:
                yield Block(rest if rest.endswith(b"\n") else rest + b"\n")
            return
        end = rest.rfind(b"\n") + 1
        if end:
            yield Block(rest[:end])
            rest = rest[end:]
        if len(rest) > longest:
            yield Block(rest[:longest] + b"\n", cut=True)
            rest = _after_line(source, size)


def _start(source: ByteSource, size: int) -> bytes:
    data = source.read(size)
    # The mark alone may be one garbled line of a file that is good otherwise; text in UTF-16 is full of zeros.
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} and b"\0" in data[2:200]:
        raise InputError("is UTF-16 text", where=source.name, fix="Save it as UTF-8 and try again.")
    return data.removeprefix(_BOM)


def _after_line(source: ByteSource, size: int) -> bytes:
    while data := source.read(size):
        _, found, rest = data.partition(b"\n")
        if found:
            return rest
    return b""
