"""Data sets as they are published: without times, without customers, without a header, or with lists in a column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from regulars.core.errors import InputError
from regulars.core.settings import Settings
from regulars.events import guess_format, read_files

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows_of(path: Path, *, stand_ins: bool = True) -> list[tuple[str, str, datetime]]:
    batches = list(read_files([path], table="events", settings=Settings(), now=NOW, stand_ins=stand_ins))
    assert [reject for batch in batches for reject in batch.rejects] == []
    table = pa.concat_tables([batch.rows for batch in batches])
    columns = (table.column(name).to_pylist() for name in ("subject", "item", "time"))
    return list(zip(*columns, strict=True))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_session_stands_for_a_customer_only_when_that_is_asked_for(tmp_path: Path) -> None:
    """Clicks of sessions, tab-separated, with fractions of seconds: an import still wants a customer."""
    path = written(tmp_path / "clicks.txt", "SessionId\tItemId\tTime\n3\t214\t1396437466.94\n3\t215\t1396438212.318\n")
    assert [(subject, item) for subject, item, _ in rows_of(path)] == [("3", "214"), ("3", "215")]
    assert rows_of(path)[0][2] == datetime(2014, 4, 2, 11, 17, 46, 940000, tzinfo=UTC)
    with pytest.raises(InputError, match="no column for subject"):
        rows_of(path, stand_ins=False)


def test_customers_go_before_sessions(tmp_path: Path) -> None:
    """A file with both is a file of customers."""
    path = written(tmp_path / "e.csv", "session_id,user_id,item_id,time\ns,u,i,1396437466\n")
    assert rows_of(path)[0][0] == "u"


def test_the_order_of_rows_stands_for_times(tmp_path: Path) -> None:
    """Ratings without a time keep the order of the file; an import still wants the time."""
    path = written(tmp_path / "r.csv", "user,item,rating\nb,x,5\na,y,3\nb,z,1\n")
    found = rows_of(path)
    assert [row[:2] for row in found] == [("b", "x"), ("a", "y"), ("b", "z")]
    assert found[0][2] < found[1][2] < found[2][2]
    with pytest.raises(InputError, match="no column for time"):
        rows_of(path, stand_ins=False)


def test_ratings_without_a_header_are_known_by_their_fields(tmp_path: Path) -> None:
    """Amazon's ratings have letters for customers and items, and end in .csv."""
    path = written(tmp_path / "ratings.csv", "A2SU,0000013714,5.0,1386028800\nA3QX,B00IVPU786,1.0,1386115200\n")
    assert guess_format(path) == "ratings"
    assert rows_of(path)[0] == ("A2SU", "0000013714", datetime(2013, 12, 3, tzinfo=UTC))
    assert guess_format(written(tmp_path / "other.csv", "a,b,1,2\n1,2,3,4\n")) == "csv"
    assert guess_format(written(tmp_path / "names.csv", "user,item,rating,time\n")) == "csv"


def test_lists_of_items_in_a_column_become_sequences(tmp_path: Path) -> None:
    """Of one customer's rows, each a beginning of the sequence, the longest counts, and its next item comes last."""
    text = (
        "session_id:token\titem_id_list:token_seq\titem_id:token\n"
        "1\t10\t11\n1\t10 11\t12\n1\t10 11 12\t13\n2\t20 21\t22\n3\t30\t31\n"
    )
    path = written(tmp_path / "set.train.inter", text)
    assert guess_format(path) == "sequences"
    found = rows_of(path)
    assert [row[:2] for row in found] == [
        *[("1", item) for item in ("10", "11", "12", "13")],
        *[("2", item) for item in ("20", "21", "22")],
        ("3", "30"), ("3", "31"),
    ]  # fmt: skip
    assert found[0][2] < found[1][2] < found[2][2] < found[3][2]
    nameless = written(tmp_path / "x.inter", "a:token\titem_id_list:token_seq\n1\t10 11\n")
    with pytest.raises(InputError, match="user_id or session_id"):
        rows_of(nameless)
