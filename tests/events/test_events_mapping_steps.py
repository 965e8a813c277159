"""Rules for rows and computed columns, by hand; what a mapping file may not say."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core.errors import InputError, SettingsError
from regulars.core.settings import Settings
from regulars.events import Mapping, load_mapping, read_files
from regulars.events.mapping_steps import Computed, When

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SALES = (
    "Invoice,Code,Qty,Price,Date,Client\n"
    "489434,tea,12,6.95,2010-01-04 07:45,13085\n"
    "C489449,tea,-2,6.95,2010-01-04 10:33,13085\n"
    "489450,POST,1,18,2010-01-04 11:00,13085\n"
    "489451,cup,-9,0,2010-01-04 12:00,13085\n"
    "489452,cup,1,2,2010-01-04 12:00,\n"
)
RULES = (
    When(column="Client", missing=True, set_aside="is missing, nobody knows whose line this is"),
    When(column="Code", equals=("POST", "DOT"), kind="fee"),
    When(column="Invoice", begins_with="C", kind="refund"),
    When(column="Qty", below=0, set_aside="is negative: the stock was corrected"),
)
RETAIL = Mapping(
    columns={"subject": "Client", "item": "Code", "time": "Date", "quantity": "units", "value": "amount"},
    constants={"kind": "purchase"},
    when=RULES,
    computed={
        "units": Computed(product=("Qty",), absolute=True),
        "amount": Computed(product=("Qty", "Price"), absolute=True),
    },
)


def test_rules_give_kinds_and_set_rows_aside_and_products_give_values(read):
    found = read(SALES, mapping=RETAIL)
    rows = [(row["kind"], row["item"], row["quantity"], row["value"]) for row in found.rows]
    assert rows == [
        ("purchase", "tea", 12, pytest.approx(83.4)),
        ("refund", "tea", 2, pytest.approx(13.9)),
        ("fee", "POST", 1, 18),
    ]
    assert [(r.line, r.column, r.reason, r.excerpt) for r in found.rejects] == [
        (5, "Qty", "is negative: the stock was corrected", "-9"),
        (6, "Client", "is missing, nobody knows whose line this is", ""),
    ]


def test_parquet_gives_the_same_as_text(read, tmp_path):
    table = pa.table(
        {
            "Invoice": ["489434", "C489449"],
            "Code": ["tea", "tea"],
            "Qty": [12, -2],
            "Price": [6.95, 6.95],
            "Date": [datetime(2010, 1, 4, 7, 45), datetime(2010, 1, 4, 10, 33)],
            "Client": [13085.0, 13085.0],
            "unused": [[1], [2]],
        }
    )
    pq.write_table(table, tmp_path / "sales.parquet")
    assert (
        read((tmp_path / "sales.parquet").read_bytes(), "sales.parquet", mapping=RETAIL).rows
        == (read(SALES, mapping=RETAIL).rows[:2])
    )


def test_the_first_rule_that_fits_decides(read):
    text = "user,item,time,n\nann,a,2024-03-01,1\n"
    rules = (When(column="n", equals=("1",), kind="cart"), When(column="n", equals=("1",), set_aside="is one"))
    assert read(text, mapping=Mapping(when=rules)).column("kind") == ["cart"]
    assert read(text, mapping=Mapping(when=rules[::-1])).rejects[0].reason == "is one"


def test_rows_that_no_rule_fits_keep_the_kind_of_their_column_with_its_translation(read):
    text = "user,item,time,did,test\nann,a,2024-03-01,B,\nann,a,2024-03-01,V,\nann,a,2024-03-01,V,x\n"
    mapping = Mapping(
        columns={"kind": "did"},
        kinds={"B": "purchase", "V": "view"},
        when=(When(column="test", equals=("x",), kind="Product Added"),),
    )
    assert read(text, mapping=mapping).column("kind") == ["purchase", "view", "cart"]


def test_a_rule_about_numbers_fits_no_text_and_no_gap(read):
    text = "user,item,time,score\n" + "".join(f"ann,a,2024-03-01,{s}\n" for s in ("-1", "x", "", "0", "-0.5"))
    rules = (When(column="score", below=0, kind="wish"),)
    mapping = Mapping(columns={"rating": ""}, constants={"kind": "view"}, when=rules)
    assert read(text, mapping=mapping).column("kind") == ["wish", "view", "view", "view", "wish"]


def test_a_product_of_what_is_no_number_sets_its_row_aside_and_a_gap_gives_none(read):
    text = "user,item,time,n,p\n" + "".join(f"ann,a,2024-03-01,2,{p}\n" for p in ("x", "", "1e308", "3"))
    mapping = Mapping(columns={"value": "worth"}, computed={"worth": Computed(product=("n", "p", "n"))})
    found = read(text, mapping=mapping)
    assert found.column("value") == [None, 12]
    assert [(r.line, r.column, r.reason) for r in found.rejects] == [
        (2, "p", "is not a number"),
        (4, "worth", "is not a finite number"),
    ]


def test_the_first_value_that_is_there_counts_and_texts_are_filled_in(read):
    text = "user_id,session,item,time\n7,s1,a,2024-03-01\nNA,s2,a,2024-03-01\nNA,,a,2024-03-01\n"
    mapping = Mapping(
        columns={"subject": "visitor"},
        computed={
            "anonymous": Computed(text="session {session}!"),
            "visitor": Computed(first=("user_id", "anonymous")),
        },
    )
    found = read(text, mapping=mapping)
    assert found.column("subject") == ["7", "session s2!"]
    assert [(r.line, r.column, r.reason) for r in found.rejects] == [(4, "visitor", "is missing")]


def test_a_day_and_an_offset_give_a_moment_of_that_day(read):
    rows = [("2016-05-09", "526309"), ("2016-05-10", "0"), ("2016-05-11", "90000000"), ("2016-05-12 18:30", "86399999")]
    text = "u;i;d;ms\n" + "".join(f"a;b;{day};{ms}\n" for day, ms in rows)
    mapping = Mapping(
        columns={"subject": "u", "item": "i", "time": "moment"},
        computed={"moment": Computed(day="d", offset="ms", unit="ms")},
    )
    moments = [
        datetime(2016, 5, 9, 0, 8, 46, 309000, UTC),
        datetime(2016, 5, 10, tzinfo=UTC),
        datetime(2016, 5, 11, 1, tzinfo=UTC),  # 25 hours: the day stays
        datetime(2016, 5, 12, 23, 59, 59, 999000, UTC),
    ]
    assert read(text, mapping=mapping).column("time") == moments
    shanghai = read(text, mapping=mapping, zone="Asia/Shanghai")
    assert [day.isoformat() for day in shanghai.column("day")] == [day[:10] for day, _ in rows]
    assert shanghai.column("time")[1] == datetime(2016, 5, 9, 16, tzinfo=UTC)


def test_days_by_a_pattern_and_offsets_in_seconds(read):
    mapping = Mapping(
        time_format="%d.%m.%Y",
        columns={"subject": "u", "item": "i", "time": "moment"},
        computed={"moment": Computed(day="d", offset="s")},
    )
    text = "u,i,d,s\na,b,09.05.2016,3661\na,b,2016-05-09,1\na,b,09.05.2016,-1\na,b,,1\na,b,09.05.2016,\n"
    found = read(text, mapping=mapping)
    assert found.column("time") == [datetime(2016, 5, 9, 1, 1, 1, tzinfo=UTC)]
    assert [(r.line, r.column, r.reason) for r in found.rejects] == [
        (3, "d", "is not a day"),
        (4, "s", "is negative"),
        (5, "moment", "is missing"),
        (6, "moment", "is missing"),
    ]


def test_a_moment_with_a_zone_is_no_day(read):
    mapping = Mapping(columns={"subject": "u", "item": "i", "time": "m"}, computed={"m": Computed(day="d", offset="s")})
    found = read("u,i,d,s\na,b,2016-05-09T00:00:00Z,1\n", mapping=mapping)
    assert [r.reason for r in found.rejects] == ["is a moment, where a day is expected"]


def test_objects_pass_through_rules_and_computed_columns(read):
    rows = [{"u": {"id": n}, "i": "a", "t": 1_700_000_000, "n": n, "p": 2.5} for n in (1, -1, 3)]
    mapping = Mapping(
        columns={"subject": "u.id", "item": "i", "time": "t", "value": "worth"},
        when=(When(column="n", below=0, set_aside="is negative"),),
        computed={"worth": Computed(product=("n", "p"))},
        properties={"n": "n"},
    )
    found = read(b"".join(orjson.dumps(row) + b"\n" for row in rows), "file.jsonl", mapping=mapping)
    assert [(r["subject"], r["value"], r["properties"]) for r in found.rows] == [
        ("1", 2.5, '{"n":1}'),
        ("3", 7.5, '{"n":3}'),
    ]
    assert [(r.line, r.column) for r in found.rejects] == [(2, "n")]


def test_a_step_about_a_column_that_is_not_there_names_it(read):
    for mapping in (
        Mapping(when=(When(column="nope", missing=True, kind="x"),)),
        Mapping(computed={"a": Computed(text="{nope}")}),
        Mapping(computed={"a": Computed(product=("b",)), "b": Computed(product=("item",))}),
    ):
        with pytest.raises(InputError, match=r"has no column '(nope|b)', which the mapping needs for"):
            read("user,item,time\na,b,2024-03-01\n", mapping=mapping)


def test_a_computed_column_must_not_hide_one_of_the_file(read):
    with pytest.raises(InputError, match="has a column 'item' already, which the mapping adds"):
        read("user,item,time\na,b,2024-03-01\n", mapping=Mapping(computed={"item": Computed(text="{user}")}))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[join]]\nfile = "../a.csv"\non = "a"\ncolumns = ["b"]', "join[1].file"),
        ('[[join]]\nfile = "/etc/passwd"\non = "a"\ncolumns = ["b"]', "join[1].file"),
        ('[[join]]\nfile = "C:\\\\a.csv"\non = "a"\ncolumns = ["b"]', "join[1].file"),
        ('[[join]]\nfile = "a.csv"\non = ""\ncolumns = ["b"]', "join[1].on"),
        ('[[join]]\nfile = "a.csv"\non = "a"\ncolumns = []', "join[1].columns"),
        ('[[when]]\ncolumn = "a"\nmissing = true\nbelow = 1\nkind = "x"', "when[1]"),
        ('[[when]]\ncolumn = "a"\nkind = "x"', "when[1]"),
        ('[[when]]\ncolumn = "a"\nmissing = true', "when[1]"),
        ('[[when]]\ncolumn = "a"\nmissing = true\nkind = "x"\nset_aside = "y"', "when[1]"),
        ('[[when]]\ncolumn = ""\nmissing = true\nkind = "x"', "when[1].column"),
        ('table = "items"\n[[when]]\ncolumn = "a"\nmissing = true\nkind = "x"', "when[1].kind"),
        ("[computed]\na = {}", "computed.a"),
        ('[computed]\na = { first = ["b"], product = ["b"] }', "computed.a"),
        ('[computed]\na = { text = "no place" }', "computed.a.text"),
        ('[computed]\na = { text = "{b} {" }', "computed.a.text"),
        ('[computed]\na = { day = "b" }', "computed.a.offset"),
        ('[computed]\na = { first = ["b"], absolute = true }', "computed.a.absolute"),
        ('[computed]\na = { script = "b" }', "map.toml"),
        ('[[join]]\nfile = "a.csv"\non = "a"\ncolumns = ["b"]\nrepeated = "any"', "map.toml"),
    ],
)
def test_a_mapping_file_that_says_what_cannot_be_names_the_field(tmp_path, text, where):
    path = tmp_path / "map.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as error:
        load_mapping(path)
    assert error.value.where is not None
    assert error.value.where.endswith(where)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "C1", "", "c1"]),
            st.sampled_from(["2", "-3", "x", "", "0"]),
            st.sampled_from(["2024-03-01", "soon", ""]),
        ),
        max_size=25,
    )
)
def test_each_row_is_either_kept_or_told_and_as_if_it_were_alone(tmp_path, rows):
    mapping = Mapping(
        columns={"quantity": "units", "time": "m", "session": ""},
        constants={"kind": "purchase"},
        when=(
            When(column="inv", begins_with="C", kind="refund"),
            When(column="n", below=0, set_aside="is negative"),
        ),
        computed={"units": Computed(product=("n",), absolute=True), "m": Computed(day="day", offset="n")},
    )

    def outcome(chosen):
        path = tmp_path / "rows.csv"
        path.write_text("user,item,inv,n,day\n" + "".join(f"u,i,{a},{b},{c}\n" for a, b, c in chosen))
        batches = list(read_files([path], settings=Settings(), now=NOW, mapping=mapping))
        kept = [(r["kind"], r["quantity"]) for batch in batches for r in batch.rows.to_pylist()]
        told = [(r.column, r.reason) for batch in batches for r in batch.rejects]
        assert sum(batch.read for batch in batches) == len(chosen)
        return kept, told

    kept, told = outcome(rows)
    alone = [outcome([row]) for row in rows]
    assert kept == [one for each, _ in alone for one in each]
    assert told == [one for _, each in alone for one in each]


def test_rules_after_which_no_row_is_left_leave_nothing_broken(read):
    rule = When(column="item", missing=True, set_aside="is missing")
    mapping = Mapping(when=(rule,), computed={"t": Computed(text="{user}")}, properties={"t": "t"})
    found = read("user,item,time\na,,2024-03-01\n", mapping=mapping)
    assert (found.rows, len(found.rejects)) == ([], 1)
