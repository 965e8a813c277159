"""Every format to the same rows; ids that make reading twice harmless; what fails as a whole says so."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.core.errors import InputError, UsageError
from regulars.core.settings import Settings
from regulars.events import Mapping, guess_format, read_files

CSV = "user_id;item_id;event;timestamp;price;qty;colour\nu1;i1;Order Completed;2024-03-01T10:00:00Z;2.5;2;red\n"
DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).parents[3] / "shared" / "data"))


def test_common_names_need_no_mapping(read):
    (row,) = read(CSV).rows
    assert (row["subject"], row["item"], row["kind"], row["value"], row["quantity"]) == ("u1", "i1", "purchase", 2.5, 2)
    assert row["currency"] == "EUR"  # the shop's, as the value comes without one
    assert row["day"] == date(2024, 3, 1)


def test_gzip_bom_and_windows_line_ends_change_nothing(read):
    plain = read(CSV).rows
    assert read(gzip.compress(CSV.encode()), "odd.csv").rows == plain
    assert read(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()).rows == plain
    assert read(CSV.rstrip("\n")).rows == plain


def test_a_mapping_renames_fills_in_and_collects_properties(read):
    mapping = Mapping(
        columns={"subject": "who", "item": "what", "time": "when", "kind": "did"},
        constants={"channel": "web"}, kinds={"1": "view", "2": "Order Completed"}, properties={"tint": "colour"},
    )  # fmt: skip
    result = read("who,what,when,did,colour\na,x,2024-01-01,1,red\nb,y,2024-01-01,2,\n", mapping=mapping)
    assert result.column("kind") == ["view", "purchase"]
    assert result.column("channel") == ["web", "web"]
    assert result.column("properties") == ['{"tint":"red"}', None]


def test_without_a_kind_a_value_means_a_purchase_and_otherwise_it_is_a_view(read):
    assert read("user,item,time,amount\na,x,2024-01-01,3\n").column("kind") == ["purchase"]
    assert read("user,item,time\na,x,2024-01-01\n").column("kind") == ["view"]


def test_reading_again_gives_the_same_ids_and_equal_lines_are_two_events(read):
    text = "user,item,time\n" + "a,x,2024-01-01\n" * 3 + "b,x,2024-01-01\n"
    first, again = read(text).column("id"), read(text).column("id")
    assert first == again
    assert len(set(first)) == 4


def test_equal_lines_far_apart_are_counted_too(read):
    lines = [f"u{i},x,2024-01-01" for i in range(150_000)]
    result = read("user,item,time\n" + "\n".join([*lines, lines[0], lines[-1]]) + "\n")
    assert len(set(result.column("id"))) == 150_002
    assert result.largest <= 100_000


def test_a_given_id_is_kept_and_a_missing_one_is_made(read):
    ids = read("messageId,user,item,time\nm1,a,x,2024-01-01\n,a,x,2024-01-01\n").column("id")
    assert ids[0] == "m1"
    assert len(ids[1]) == 32


def test_json_lines_may_leave_names_out_and_nest_properties(read):
    lines = [
        {"user": 1, "item": "x", "time": 1709287200},
        {"user": "b", "item": 7, "time": "2024-03-01T10:00:00Z", "city": "Köln", "properties": {"a": [1]}},
    ]
    result = read(b"\n".join(orjson.dumps(line) for line in lines), "f.jsonl")
    assert result.column("subject") == ["1", "b"]
    assert result.column("item") == ["x", "7"]
    assert result.column("city") == [None, "Köln"]
    assert result.column("properties") == [None, '{"a":[1]}']
    assert set(result.column("time")) == {datetime(2024, 3, 1, 10, tzinfo=UTC)}


def test_parquet_types_become_ours(tmp_path, read):
    table = pa.table({
        "Customer ID": pa.array([13085.0, None]),
        "item": pa.array(["a", "b"]).dictionary_encode(),
        "time": pa.array([1_709_287_200_000_000_001] * 2, pa.timestamp("ns")),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "x.parquet")
    result = read((tmp_path / "x.parquet").read_bytes(), "y.parquet", zone="Europe/Berlin")
    assert result.column("subject") == ["13085"]
    assert result.column("time") == [datetime(2024, 3, 1, 9, tzinfo=UTC)]
    assert [(r.line, r.column, r.reason) for r in result.rejects] == [(2, "Customer ID", "is missing")]


def test_sequences_keep_their_order(read):
    result = read("u1 a b a\nu2\nu3 c\n", "f.txt")
    assert result.column("item") == ["a", "b", "a", "c"]
    assert [t.timestamp() - 946_684_800 for t in result.column("time")] == [0, 1, 2, 0]
    assert set(result.column("kind")) == {"purchase"}
    assert [r.line for r in result.rejects] == [2]


@pytest.mark.parametrize(
    "text",
    ["1::10::4.5::978300760\n", "1\t10\t4.5\t978300760\n", "user,item,rating,timestamp\n1,10,4.5,978300760\n",
     "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t4.5\t978300760\n"],
)  # fmt: skip
def test_ratings_in_every_dress(read, text: str):
    (row,) = read(text, "f.inter").rows
    assert (row["subject"], row["item"], row["kind"], row["value"]) == ("1", "10", "rate", None)
    assert orjson.loads(row["properties"]) == {"rating": 4.5}


def test_items_and_customers_go_through_the_same_readers(read):
    items = read("sku,name,category,price\nx,Tea,Food>Tea,3\n,No,No,1\ny,Bad,Food,-1\n", table="items")
    assert [(r["item"], r["title"], r["category"], r["currency"]) for r in items.rows] == [
        ("x", "Tea", "Food > Tea", "EUR")
    ]
    assert [(r.line, r.column) for r in items.rejects] == [(3, "sku"), (4, "price")]
    people = read("customer,age,plan\na,30,gold\nb,,\n", table="customers")
    assert [(r["subject"], r["attributes"]) for r in people.rows] == [("a", '{"age":"30","plan":"gold"}'), ("b", None)]


def test_attributes_of_json_customers_keep_their_types(read):
    result = read(b'{"customer":"a","vip":true,"tags":["x"],"age":3}', "c.jsonl", table="customers")
    assert orjson.loads(result.rows[0]["attributes"]) == {"vip": True, "tags": ["x"], "age": 3}


def test_a_directory_stands_for_its_files_in_order(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text(f"user,item,time\n{name},x,2024-01-01\n")
    batches = read_files([tmp_path], settings=Settings(), now=datetime(2025, 1, 1, tzinfo=UTC))
    assert [batch.rows.column("subject").to_pylist() for batch in batches] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [(b"a,b\n1,2\n", "f.csv", "'a', 'b'"), (b'{"a":1}', "f.jsonl", "'a'"), (b"PAR1 is all", "f.parquet", "Parquet"),
     (b"user,time\na,2024-01-01\n", "f.csv", "item"), (gzip.compress(b"user,item" * 99)[:-9], "f.csv", "damaged")],
)  # fmt: skip
def test_a_file_that_cannot_be_used_at_all_is_an_error_that_says_what_was_found(read, content, name, said):
    with pytest.raises(InputError) as caught:
        read(content, name)
    assert said in str(caught.value)
    assert name in caught.value.where


def test_ratings_are_no_items(read):
    with pytest.raises(UsageError):
        read("1::2::3::978300760\n", "f.dat", table="items")


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [(b"PAR1", "x", "parquet"), (b'{"a":1}', "x", "jsonl"), (b"1 2 3 4", "x.txt", "sequences"),
     (b"1::2::3::978300760", "x.dat", "ratings"), (b"1\t2\t3\t978300760", "u.data", "ratings"), (b"a,b", "x", "csv"),
     (b"", "x.tsv.gz", "csv")],
)  # fmt: skip
def test_formats_are_recognised(tmp_path, content: bytes, name: str, expected: str):
    (tmp_path / name).write_bytes(content)
    assert guess_format(tmp_path / name) == expected


@pytest.mark.data
def test_public_logs_are_read_whole():
    if not DATA.is_dir():
        pytest.skip(f"no public data in {DATA}")
    taobao = Mapping(header=False, names=("user", "item", "category", "behavior", "ts"))
    now = datetime(2025, 1, 1, tzinfo=UTC)
    counts: list[tuple[int, int]] = []
    for name, mapping in (
        ("taobao_userbehavior_2h/UserBehavior.csv.gz", taobao),
        ("movielens_100k/ml-100k.inter.gz", None),
    ):
        batches = list(read_files([DATA / name], settings=Settings(), now=now, mapping=mapping))
        counts.append((sum(b.rows.num_rows for b in batches), sum(len(b.rejects) for b in batches)))
    # Taobao's last line is cut short, in the middle of its time.
    assert counts == [(96_168, 1), (100_000, 0)]
