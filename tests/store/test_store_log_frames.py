"""Records on the disk: their exact bytes, and what a reader makes of them once some of the bytes are wrong."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.store.log import Arrival
from regulars.store.log.frames import MAGIC, MAX_FRAME, encode, frames, payload, size_of
from regulars.store.log.segments import cut_torn_tail, examine, read

if TYPE_CHECKING:
    from pathlib import Path

ARRIVAL = Arrival(route="batch", received=1_700_000_000_123_456, key="key_1", page=True, signal=False, network="::")
BODIES = [b'{"batch":[]}', b"", b'{"event":"\xe6\x9f\xa5\xe7\x9c\x8b"}', b"x" * 700]


def frame(body: bytes, arrival: Arrival = ARRIVAL) -> bytes:
    return b"".join(encode(arrival, body))


def found(data: bytes, offset: int = 0) -> list[bytes]:
    return [one.body for one in read(memoryview(data), offset)]


def test_a_record_has_these_bytes_and_no_others() -> None:
    header = b"\x96" + b"\xa5batch" + b"\xcf" + struct.pack(">Q", ARRIVAL.received) + b"\xa5key_1" + b"\xc3\xc2\xa2::"
    rest = struct.pack("<H", len(header)) + header + b"{}"
    length = struct.pack("<I", len(rest))
    expected = b"\xe5rg1" + length + struct.pack("<I", zlib.crc32(length + rest)) + rest
    assert frame(b"{}") == expected
    assert size_of(encode(ARRIVAL, b"{}")) == len(expected) == 43
    assert payload(memoryview(expected), 0, len(expected)) == (ARRIVAL, b"{}")
    assert found(bytes.fromhex(RECORDED)) == [b'{"a":1}']


RECORDED = (
    "e5726731" "29000000" "002fa365" "2000"
    "96a5747261636bcf00060a24181e40c0a36b5f39c2c3a93139322e302e322e30" "7b2261223a317d"
)  # fmt: skip
"""A record as the first version wrote it: it must be readable for ever."""


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(min_value=0, max_value=2**63 - 1), st.text())
def test_whatever_goes_in_comes_out_in_order(bodies: list[bytes], received: int, key: str) -> None:
    arrival = Arrival(route="posthog", received=received, key=key, page=False, signal=True, network="192.0.2.0")
    data = b"".join(frame(body, arrival) for body in bodies)
    assert [(one.arrival, one.body) for one in read(memoryview(data), 0)] == [(arrival, body) for body in bodies]


def test_a_tail_torn_at_any_byte_is_cut_off_and_nothing_else(tmp_path: Path) -> None:
    whole = b"".join(map(frame, BODIES))
    last = frame(b"the last one")
    path = tmp_path / "00000001.log"
    for size in range(len(last)):
        path.write_bytes(whole + last[:size])
        assert found(whole + last[:size]) == BODIES
        assert cut_torn_tail(path) == size
        assert path.read_bytes() == whole
        assert cut_torn_tail(path) == 0


def test_a_file_with_no_whole_record_is_cut_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "00000001.log"
    for content in (b"", b"\xe5", bytes(5000), b"not a log at all", frame(b"a")[:-1], MAGIC * 3):
        path.write_bytes(content)
        assert cut_torn_tail(path) == len(content)
        assert path.read_bytes() == b""


def test_a_flipped_bit_costs_its_own_record_alone() -> None:
    parts = [frame(body) for body in (b"first", b"second", b"third")]
    data = b"".join(parts)
    begin, end = len(parts[0]), len(parts[0]) + len(parts[1])
    for place in range(begin, end):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            assert found(bytes(damaged)) == [b"first", b"third"], (place, bit)


@settings(max_examples=150)
@given(st.data())
def test_flipped_bits_never_make_a_record_that_was_not_written(data: st.DataObject) -> None:
    bodies = data.draw(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
    whole = bytearray(b"".join(map(frame, bodies)))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    kept = found(bytes(whole))
    rest = iter(bodies)
    assert all(body in rest for body in kept), "an order or a body that never was"


def test_zeros_after_the_last_record_are_no_record_and_are_cut_off(tmp_path: Path) -> None:
    whole = b"".join(map(frame, BODIES))
    for zeros in (1, 11, 12, 13, 4096, 70_001):
        assert found(whole + bytes(zeros)) == BODIES
        path = tmp_path / "00000001.log"
        path.write_bytes(whole + bytes(zeros))
        assert cut_torn_tail(path) == zeros
        assert path.read_bytes() == whole


@settings(max_examples=100)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_garbage_between_records_stays_and_those_behind_it_are_read(garbage: bytes, more: bytes) -> None:
    data = garbage + frame(b"one") + more + frame(b"two")
    assert found(data) == [b"one", b"two"]


def test_recovery_leaves_damage_in_the_middle_where_it_is(tmp_path: Path) -> None:
    data = frame(b"one") + bytes(50) + frame(b"two")[:-3] + frame(b"three")
    path = tmp_path / "00000001.log"
    path.write_bytes(data + frame(b"four")[:20])
    assert examine(path) == (20, 50 + len(frame(b"two")) - 3)
    assert cut_torn_tail(path) == 20
    assert path.read_bytes() == data
    assert found(data) == [b"one", b"three"]


@pytest.mark.parametrize("length", [0, 1, MAX_FRAME + 1, 2**32 - 1])
def test_a_length_that_cannot_be_is_no_record(length: int) -> None:
    rest = b"\0" * min(length, 64)
    head = struct.pack("<I", length)
    false = MAGIC + head + struct.pack("<I", zlib.crc32(rest, zlib.crc32(head))) + rest
    assert found(false + frame(b"next")) == [b"next"]


def test_the_magic_inside_a_body_begins_no_record() -> None:
    bodies = [MAGIC, MAGIC * 5 + b"x", b"before" + MAGIC + struct.pack("<I", 40) + b"after", b"plain"]
    data = b"".join(map(frame, bodies))
    assert found(data) == bodies
    for place in range(len(frame(bodies[0])), len(frame(bodies[0])) + 12):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        assert found(bytes(damaged)) == [bodies[0], *bodies[2:]]


def test_no_text_that_the_door_lets_in_can_hold_a_whole_record() -> None:
    with pytest.raises(UnicodeDecodeError):
        MAGIC.decode()


def test_a_reader_goes_on_from_where_it_stopped() -> None:
    data = b"".join(map(frame, BODIES))
    for one in read(memoryview(data), 0):
        assert found(data, one.end) == BODIES[BODIES.index(one.body) + 1 :]
    assert [end for _, end in frames(memoryview(data))] == [one.end for one in read(memoryview(data), 0)]


def test_a_header_with_the_magic_in_it_does_not_hide_the_record() -> None:
    arrival = msgspec.structs.replace(ARRIVAL, received=int.from_bytes(MAGIC + b"\0\0\0\1", "big") >> 1, key="\u5e72g1")
    data = frame(b"one", arrival) + frame(b"two")
    assert found(data) == [b"one", b"two"]
    assert found(b"\0" + data) == [b"one", b"two"]
