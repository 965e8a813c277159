"""Columns of another file, looked up by a key: found, absent, repeated, gzipped, chained; and what is refused."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core.errors import InputError
from regulars.core.settings import Settings
from regulars.events import Mapping, joined_files, read_files
from regulars.events.mapping_steps import Join

NOW = datetime(2025, 1, 1, tzinfo=UTC)
LINES = "order_id,sku,price\no1,tea,3\no2,milk,1\no1,cake,4\n"
ORDERS = "order_id,who,when\no1,ann,2024-03-01\no2,ben,2024-03-02\n"
NAMES = {"subject": "who", "time": "when", "item": "sku"}


def order_join(**options) -> Mapping:
    return Mapping(columns=NAMES, join=(Join(file="orders.csv", on="order_id", columns=("who", "when"), **options),))


@pytest.fixture
def orders(tmp_path):
    """Write the orders beside the file that `read` writes."""

    def write(content: str = ORDERS, name: str = "orders.csv") -> None:
        (tmp_path / name).write_text(content, "utf-8")

    return write


def test_each_line_gets_the_columns_of_its_order(read, orders):
    orders()
    found = read(LINES, mapping=order_join())
    rows = [(row["subject"], row["item"], row["day"].day, row["value"], row["session"]) for row in found.rows]
    assert rows == [("ann", "tea", 1, 3, "o1"), ("ben", "milk", 2, 1, "o2"), ("ann", "cake", 1, 4, "o1")]
    assert found.rejects == []


def test_the_other_file_may_be_gzipped_or_parquet_and_the_mapping_need_not_know(read, orders, tmp_path):
    orders()
    plain = read(LINES, mapping=order_join()).rows
    (tmp_path / "orders.csv").unlink()
    (tmp_path / "orders.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    assert read(LINES, mapping=order_join()).rows == plain
    table = pa.table({"order_id": ["o1", "o2"], "who": ["ann", "ben"], "when": ["2024-03-01", "2024-03-02"]})
    pq.write_table(table, tmp_path / "orders.parquet")
    join = Join(file="orders.parquet", on="order_id", columns=("who", "when"))
    assert read(LINES, mapping=Mapping(columns=NAMES, join=(join,))).rows == plain


def test_a_key_that_is_a_number_in_one_file_and_a_text_in_the_other_is_the_same_key(read, tmp_path):
    table = pa.table({"order_id": [1.0, None, 2.0], "who": ["ann", "nobody", "ben"], "when": ["2024-03-01"] * 3})
    pq.write_table(table, tmp_path / "orders.parquet")
    join = Join(file="orders.parquet", on="order_id", columns=("who", "when"))
    found = read("order_id,sku\n2,tea\n1,milk\n", mapping=Mapping(columns=NAMES, join=(join,)))
    assert found.column("subject") == ["ben", "ann"]


def test_a_row_whose_key_is_absent_is_set_aside_alone(read, orders):
    orders()
    found = read(LINES + "o9,tea,3\n,tea,3\n", mapping=order_join())
    assert len(found.rows) == 3
    assert [(r.line, r.column, r.reason, r.excerpt) for r in found.rejects] == [
        (5, "order_id", "is not in orders.csv", "o9"),
        (6, "order_id", "is missing, and orders.csv is joined by it", ""),
    ]
    assert found.read == 5


def test_an_absent_key_may_leave_the_columns_empty(read, orders):
    orders("sku,kind of thing\ntea,drink\n")
    join = Join(file="orders.csv", on="sku", columns=("kind of thing",), absent="empty")
    text = "user,sku,time\nann,tea,2024-03-01\nann,milk,2024-03-01\nann,,2024-03-01\n"
    mapping = Mapping(join=(join,), constants={"kind": "seen"}, properties={"sort": "kind of thing"})
    assert read(text, mapping=mapping).column("properties") == ['{"sort":"drink"}', None, None]


def test_a_repeated_key_is_a_mistake_unless_the_mapping_says_which_row_counts(read, orders):
    orders(ORDERS + "o1,eve,2024-03-05\n")
    with pytest.raises(InputError, match=r"has a 'order_id' in line 4 that is there before"):
        read(LINES, mapping=order_join())
    assert read(LINES, mapping=order_join(repeated="first")).column("subject") == ["ann", "ben", "ann"]
    assert read(LINES, mapping=order_join(repeated="last")).column("subject") == ["eve", "ben", "eve"]


def test_a_second_join_may_use_a_column_of_the_first(read, orders):
    orders()
    orders("code,name\nann,Ann A.\nben,Ben B.\n", "people.csv")
    joins = (
        Join(file="orders.csv", on="order_id", columns=("who", "when")),
        Join(file="people.csv", on="who", key="code", columns=("name",)),
    )
    names = {"subject": "name", "time": "when", "item": "sku"}
    assert read(LINES, mapping=Mapping(columns=names, join=joins)).column("subject") == ["Ann A.", "Ben B.", "Ann A."]


def test_bad_lines_of_the_other_file_are_told_once(read, orders):
    orders(ORDERS + "o3,too,many,fields\n")
    found = read(LINES + "o3,tea,3\n", mapping=order_join())
    assert [(r.file.rpartition("/")[2], r.line, r.reason) for r in found.rejects] == [
        ("orders.csv", 4, "has 4 fields instead of 3"),
        ("file.csv", 5, "is not in orders.csv"),
    ]


def test_each_folder_has_its_own_other_file_and_its_bad_lines_are_told_once_for_all_files(tmp_path):
    for folder, who in (("east", "ann"), ("west", "ben")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "orders.csv").write_text(f"order_id,who,when\no1,{who},2024-03-01\nbroken\n")
        for name in ("a.csv", "b.csv"):
            (tmp_path / folder / name).write_text("order_id,sku\no1,tea\n")
    files = [tmp_path / folder / name for folder in ("east", "west") for name in ("a.csv", "b.csv")]
    batches = list(read_files(files, settings=Settings(), now=NOW, mapping=order_join()))
    rows = [row["subject"] for batch in batches for row in batch.rows.to_pylist()]
    assert rows == ["ann", "ann", "ben", "ben"]
    told = [(reject.file, reject.line) for batch in batches for reject in batch.rejects]
    assert told == [(str(tmp_path / folder / "orders.csv"), 3) for folder in ("east", "west")]


def test_objects_can_be_joined_too_and_their_properties_hold_the_joined_values(read, orders):
    orders()
    text = "".join(orjson.dumps({"order_id": o, "sku": s}).decode() + "\n" for o, s in [("o1", "tea"), ("o7", "a")])
    mapping = Mapping(columns=NAMES, join=order_join().join, properties={"by": "who", "no": "order_id"})
    found = read(text, "lines.jsonl", mapping=mapping)
    assert found.column("properties") == ['{"by":"ann","no":"o1"}']
    assert [r.line for r in found.rejects] == [2]


@pytest.mark.parametrize(
    ("content", "join", "message"),
    [
        (ORDERS, Join(file="other.csv", on="order_id", columns=("who",)), "does not exist, and the mapping joins it"),
        (ORDERS, Join(file="orders.csv", on="order_no", columns=("who",)), "file has no column 'order_no'"),
        (ORDERS, Join(file="orders.csv", on="order_id", key="no", columns=("who",)), "has no column 'no'"),
        (ORDERS, Join(file="orders.csv", on="order_id", columns=("name",)), "has no column 'name'"),
        ("order_id,price\no1,3\n", Join(file="orders.csv", on="order_id", columns=("price",)), "'price' already"),
        ("", Join(file="orders.csv", on="order_id", columns=("who",)), "is empty"),
    ],
)
def test_a_join_that_cannot_be_says_why(read, orders, content, join, message):
    orders(content)
    with pytest.raises(InputError) as error:
        read(LINES, mapping=Mapping(columns=NAMES, join=(join,)))
    assert message.replace("file has", "has") in str(error.value)
    assert error.value.where


def test_a_file_that_is_too_large_is_refused_before_memory_is_full(read, orders, monkeypatch):
    monkeypatch.setattr("regulars.events.joined.MAX_ROWS", 1)
    orders()
    with pytest.raises(InputError, match="too large to be joined: more than 1 rows"):
        read(LINES, mapping=order_join())


def test_the_files_that_an_import_reads_can_be_listed(read, orders, tmp_path):
    orders()
    (tmp_path / "lines.csv").write_text(LINES)
    assert joined_files([tmp_path / "lines.csv"], order_join()) == [tmp_path / "orders.csv"]
    assert joined_files([tmp_path / "lines.csv"], None) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.sampled_from(["a", "b", "c", "", "NA", "zz"]), max_size=30),
    known=st.sets(st.sampled_from(["a", "b", "c"])),
)
def test_every_row_with_a_known_key_comes_through_and_every_other_is_told(tmp_path, keys, known):
    (tmp_path / "lines.csv").write_text("k,sku,n\n" + "".join(f"{k},tea,{i}\n" for i, k in enumerate(keys)))
    (tmp_path / "other.csv").write_text("k,who,when\n" + "".join(f"{k},{k}!,2024-03-01\n" for k in sorted(known)))
    mapping = Mapping(
        columns={**NAMES, "quantity": "n"}, join=(Join(file="other.csv", on="k", columns=("who", "when")),)
    )
    batches = list(read_files([tmp_path / "lines.csv"], settings=Settings(), now=NOW, mapping=mapping))
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    assert [(row["subject"], row["quantity"]) for row in rows] == [
        (f"{k}!", i) for i, k in enumerate(keys) if k in known
    ]
    told = [reject.line - 2 for batch in batches for reject in batch.rejects]
    assert told == [i for i, k in enumerate(keys) if k not in known]
