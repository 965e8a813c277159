"""Records of the log: one for each request, so that a batch is acknowledged, and recovered, whole.

    magic (4) | length of the rest (4) | CRC-32 of length and rest (4) | length of the header (2) | header | body

Little-endian. The magic begins with a byte that no UTF-8 text holds, so that a reader can find the next record
after a damaged one, and zeros, which a file system may leave after a power cut, are never a record.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\xe5rg1"
_HEAD = struct.Struct("<4sIIH")
_PREFIX = struct.Struct("<4sII")
_LENGTH = struct.Struct("<I")
MAX_FRAME = 16 * 1024 * 1024
"""A longer record is not one: its length is damaged."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How a body came in."""

    route: str
    """Which wire format and call: `batch`, `track`, … or `posthog`."""
    received: int
    """Microseconds since 1970, by the server's clock."""
    key: str
    """Id of the key it came with, never the key."""
    page: bool
    """It came from a page, with a public key: what it says of other people is not believed."""
    signal: bool
    """The browser asked not to be tracked (Global Privacy Control or Do Not Track)."""
    network: str
    """The sender's network: its address without the last part."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Arrival)


def encode(arrival: Arrival, body: bytes) -> tuple[bytes, bytes]:
    """Return a record in two pieces, to be written one after the other without copying the body."""
    header = _ENCODER.encode(arrival)
    length = 2 + len(header) + len(body)
    start = _LENGTH.pack(length) + len(header).to_bytes(2, "little") + header
    checksum = zlib.crc32(body, zlib.crc32(start))
    return _HEAD.pack(MAGIC, length, checksum, len(header)) + header, body


def size_of(pieces: tuple[bytes, bytes]) -> int:
    """Return the bytes of a record on the disk."""
    return len(pieces[0]) + len(pieces[1])


def decode(record: memoryview) -> tuple[Arrival, bytes]:
    """Take apart a record that `frame_at` found whole (without its first twelve bytes)."""
    size = int.from_bytes(record[:2], "little")
    return _DECODER.decode(record[2 : 2 + size]), bytes(record[2 + size :])


def frame_at(data: memoryview, offset: int) -> int:
    """Return where the record at `offset` ends; -1 when no whole record stands there."""
    if offset + _PREFIX.size > len(data):
        return -1
    magic, length, checksum = _PREFIX.unpack_from(data, offset)
    if magic != MAGIC or not 2 <= length <= MAX_FRAME:
        return -1
    begin, end = offset + _PREFIX.size, offset + _PREFIX.size + length
    if end > len(data):
        return -1
    if zlib.crc32(data[begin:end], zlib.crc32(_LENGTH.pack(length))) != checksum:
        return -1
    return end


def frames(data: memoryview, offset: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every whole record from `offset` on, stepping over damage between them."""
    find = data.obj.find  # type: ignore[union-attr] - a memory map or bytes: both can search
    while True:
        end = frame_at(data, offset)
        if end < 0:
            offset = find(MAGIC, offset + 1)
            if offset < 0:
                return
            continue
        yield offset, end
        offset = end


def payload(data: memoryview, start: int, end: int) -> tuple[Arrival, bytes]:
    """Return what the record between `start` and `end` holds."""
    return decode(data[start + _PREFIX.size : end])
