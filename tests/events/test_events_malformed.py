"""A thousand malformed rows among good ones: each is set aside with its place and reason, no good row is lost."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

BAD = 1000
HUGE = b"x" * 10_000_000
LONG = b"y" * 40_000
T = b"2024-03-01T10:00:00Z"
ROW = "(row)"
HEADER = b"user_id,item_id,event_type,timestamp,quantity,price\n"


def fields(*, user=b"bad", item=b"i", time=T, quantity=b"1", price=b"2") -> bytes:
    return b",".join((user, item, b"purchase", time, quantity, price))


BAD_CSV: list[tuple[bytes, str]] = [
    (fields(user=b""), "user_id"),
    (fields(item=b""), "item_id"),
    (fields(quantity=b"two"), "quantity"),
    (fields(quantity=b"-1"), "quantity"),
    (fields(quantity=b'{"a":1}'), ROW),  # nested JSON brings quotes where none can be
    (fields(quantity=b"{a:1}"), "quantity"),
    (fields(quantity=b"inf"), "quantity"),
    (fields(price=b"-1.50"), "price"),
    (fields(price=b"1e999"), "price"),
    (fields(time=b"0000-01-01T00:00:00Z"), "timestamp"),
    (fields(time=b"9999-12-31T23:59:59Z"), "timestamp"),
    (fields(time=b""), "timestamp"),
    (fields(time=b"yesterday"), "timestamp"),
    (fields(user=b"\xff\xfe"), "user_id"),
    (fields(item=b"caf\xc3"), "item_id"),
    (fields(item=b"i\x00"), "item_id"),
    (fields(user=b"u\x07v"), "user_id"),
    (fields(item=b"j" * 300), "item_id"),
    (fields(item=LONG), "item_id"),
    (fields().replace(b",", b";"), ROW),
    (fields().replace(b",", b"\t"), ROW),
    (fields(user=b'"bad'), ROW),
    (fields(price=b'"2'), ROW),
    (fields(item=b'i"1'), ROW),
    (fields(item=b'"i"1'), ROW),
    (b"bad,i,purchase", ROW),
    (fields() + b",more", ROW),
]


def good_csv(number: int) -> bytes:
    """Return a good record; some are quoted, hold delimiters and quotes, or are not ASCII."""
    item = (b"i1", b'"i,2"', b'"i ""3"""', b"\xe8\x8c\xb6")[number % 4]
    return b"g%d,%s,purchase,%s,1,2.50" % (number, item, T)


def interleaved(bad: list[tuple[bytes, str]], good: Callable[[int], bytes], seed: int) -> list[tuple[bytes, str]]:
    """Return a thousand bad records and 1,500 good ones (their column is ''), in a random order."""
    chosen = [bad[i % len(bad)] for i in range(BAD)]
    records = chosen + [(good(i), "") for i in range(1500)]
    random.Random(seed).shuffle(records)
    return records


def test_a_thousand_malformed_rows_of_csv(read):
    records = interleaved(BAD_CSV, good_csv, seed=1)
    places = [i for i, (_, column) in enumerate(records) if column]
    for place in (places[3], places[500]):
        records[place] = (fields(item=HUGE), "item_id")
    expected: dict[int, str] = {}
    line = 2
    for record, column in records:
        if column:
            expected[line] = column
        line += record.count(b"\n") + 1
    result = read(HEADER + b"\n".join(record for record, _ in records) + b"\n")
    assert {r.line: r.column for r in result.rejects} == expected
    assert len(result.rejects) == BAD
    assert all(r.reason and r.file.endswith("file.csv") and len(r.excerpt) <= 80 for r in result.rejects)
    assert all(r.excerpt.isprintable() for r in result.rejects)
    assert sorted(result.column("subject")) == sorted(f"g{i}" for i in range(1500))
    assert result.read == 2500


def test_bad_rows_are_told_apart_by_their_reason(read):
    result = read(HEADER + b"\n".join(record for record, _ in BAD_CSV) + b"\n")
    assert len(result.rejects) == len(BAD_CSV)
    assert len({r.reason for r in result.rejects}) >= 12


def test_a_text_may_hold_line_breaks_and_the_lines_after_it_keep_their_numbers(read):
    text = 'user,item,time,city\na,i,2024-01-01,"two\nlines"\nb,i,bad,x\nc,i,2024-01-01,y\n'
    result = read(text)
    assert result.column("city") == ["two\nlines", "y"]
    assert [r.line for r in result.rejects] == [4]


def test_a_stray_quote_swallows_no_good_row_even_if_a_later_line_closes_it(read):
    # Joined, lines 2 to 4 would be one record with the right number of fields.
    result = read('user,item,time\na,"b\ngood,i,2024-01-01\nc",2024-01-01\n')
    assert result.column("subject") == ["good"]
    assert [r.line for r in result.rejects] == [2, 4]


def json_row(**changes: bytes) -> bytes:
    values = {"user_id": b'"bad"', "item_id": b'"i"', "event_type": b'"purchase"', "timestamp": b'"%s"' % T}
    values |= {"quantity": b"1", "price": b"2.5"} | changes
    return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in values.items()) + b"}"


BAD_JSON: list[tuple[bytes, str]] = [
    (json_row(user_id=b"null"), "user_id"),
    (json_row(user_id=b'""'), "user_id"),
    (json_row(item_id=b"null"), "item_id"),
    (json_row(item_id=b'{"id":1}'), "item_id"),
    (json_row(user_id=b"[1,2]"), "user_id"),
    (json_row(quantity=b'"two"'), "quantity"),
    (json_row(quantity=b"true"), "quantity"),
    (json_row(quantity=b"{}"), "quantity"),
    (json_row(price=b"-1"), "price"),
    (json_row(price=b"NaN"), ROW),
    (json_row(price=b"1e999"), ROW),
    (json_row(timestamp=b'"0000-01-01T00:00:00Z"'), "timestamp"),
    (json_row(timestamp=b'"9999-12-31T00:00:00Z"'), "timestamp"),
    (json_row(timestamp=b"99999999999999999999999999"), "timestamp"),
    (json_row(timestamp=b"[]"), "timestamp"),
    (json_row(user_id=b'"\xff"'), ROW),
    (json_row(user_id=b'"\\ud800"'), ROW),
    (json_row(user_id=b'"a\\u0000b"'), "user_id"),
    (json_row(user_id=b'"a\x00b"'), ROW),
    (json_row(item_id=b'"' + LONG + b'"'), "item_id"),
    (json_row(item_id=b'"' + b"j" * 300 + b'"'), "item_id"),
    (json_row()[:-1], ROW),
    (b"[" + json_row() + b"]", ROW),
    (json_row() + json_row(), ROW),
    (b"[" * 20_000, ROW),
    (b'"text"', ROW),
    (fields(), ROW),
]


def test_a_thousand_malformed_rows_of_json_lines(read):
    def good(number: int) -> bytes:
        return json_row(user_id=b'"g%d"' % number, item_id=(b'"i"', b"7", b'"\xe8\x8c\xb6"')[number % 3])

    records = interleaved(BAD_JSON, good, seed=2)
    places = [i for i, (_, column) in enumerate(records) if column]
    for place in (places[3], places[500]):
        records[place] = (json_row(item_id=b'"' + HUGE + b'"'), "item_id")
    result = read(b"\n".join(record for record, _ in records), "file.jsonl")
    assert {r.line: r.column for r in result.rejects} == {i: c for i, (_, c) in enumerate(records, 1) if c}
    assert len(result.rejects) == BAD
    assert all(r.reason and r.file for r in result.rejects)
    assert sorted(result.column("subject")) == sorted(f"g{i}" for i in range(1500))


def test_a_thousand_malformed_rows_of_parquet(tmp_path, read):
    ok = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1e6)
    good = (b"g", b"i", ok, 1.0, 2.0)
    changes = [
        (0, None), (0, b""), (0, b"\xff"), (0, b"a\x00b"), (0, b"u" * 300), (1, None), (1, b"\xc3"), (2, None),
        (2, -62_167_219_200_000_000), (2, 253_402_300_799_000_000), (2, 2**63 - 1), (2, -(2**63)),
        (3, -1.0), (3, float("inf")), (4, -0.5), (4, float("-inf")),
    ]  # fmt: skip
    names = ("user", "item", "time", "quantity", "value")
    records = [(good, "")] * 1500
    for i in range(BAD):
        place, value = changes[i % len(changes)]
        records.append(((*good[:place], value, *good[place + 1 :]), names[place]))
    random.Random(3).shuffle(records)
    columns = list(zip(*(record for record, _ in records), strict=True))
    texts = [pa.array(column, pa.binary()).view(pa.string()) for column in columns[:2]]
    times = pa.array(columns[2], pa.int64()).cast(pa.timestamp("us"))
    numbers = [pa.array(column, pa.float64()) for column in columns[3:]]
    path = tmp_path / "made.parquet"
    pq.write_table(pa.table([*texts, times, *numbers], names=names), path)
    result = read(path.read_bytes(), "file.parquet")
    assert {r.line: r.column for r in result.rejects} == {i: c for i, (_, c) in enumerate(records, 1) if c}
    assert len(result.rows) == 1500


GARBAGE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b'"', b'a,"b', b'""",', b'x,"y\nz', b"\x00", b"\xef\xbb\xbf", b"a;b;c;d;e;f", b"\r", b"," * 5]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GARBAGE, max_size=12), st.lists(GARBAGE, max_size=12))
def test_good_rows_survive_any_surrounding_garbage(read, before: list[bytes], after: list[bytes]):
    good = [b"g%d,i,purchase,%s,1,2.50" % (i, T) for i in range(5)]
    result = read(HEADER + b"\n".join([*before, *good, *after]) + b"\n")
    assert [s for s in result.column("subject") if s in {f"g{i}" for i in range(5)}] == [f"g{i}" for i in range(5)]
    assert result.read == len(result.rows) + len(result.rejects)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GARBAGE, max_size=12))
def test_good_json_survives_any_garbage_before_it(read, before: list[bytes]):
    # A file that begins with the mark of gzip or UTF-16 is taken for one, as a whole.
    assume(not before or not before[0].startswith((b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")))
    result = read(b"\n".join([*before, json_row(user_id=b'"good"')]), "file.jsonl")
    assert result.column("subject") == ["good"]
