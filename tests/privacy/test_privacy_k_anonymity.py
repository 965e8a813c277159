"""k-anonymity: never a group under k, and no more lost than must be."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.errors import UsageError
from regulars.privacy.k_anonymity import k_anonymous

CELLS = st.sampled_from(["a", "b", "c", "*", None])
ROWS = st.lists(st.tuples(CELLS, CELLS, st.sampled_from([1, 2, 3]), st.sampled_from([*"pqrstu", None])), max_size=40)


def table_of(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    kinds = [pa.string(), pa.string(), pa.int64(), pa.string()]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table([*arrays, pa.array(range(len(rows)), pa.int64())], names=["x", "y", "z", "who", "row"])


def people_by_group(table: pa.Table, quasi: list[str]) -> dict[tuple[Any, ...], set[str]]:
    """Count with plain Python, apart from the code under test."""
    found: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for row in table.to_pylist():
        found[tuple(row[name] for name in quasi)] |= {row["who"]} - {None}
    return found


@settings(deadline=None)
@given(ROWS, st.integers(1, 6), st.sampled_from([[], ["x"], ["x", "y"], ["x", "y", "z"]]))
def test_no_group_is_ever_under_k_and_every_row_is_accounted_for(rows, k: int, quasi: list[str]):
    table = table_of(rows)
    kept, report = k_anonymous(table, quasi, "who", k)
    groups = people_by_group(kept, quasi)
    assert all(len(people) >= k for people in groups.values())
    assert report.groups == len(groups)
    assert report.smallest == min((len(people) for people in groups.values()), default=0)
    assert report.rows == len(rows) == report.kept + report.suppressed
    assert kept.num_rows == report.kept
    before = {row["row"]: row for row in table.to_pylist()}
    lost = dict.fromkeys(quasi, 0)
    positions = [row["row"] for row in kept.to_pylist()]
    assert positions == sorted(positions)
    for row in kept.to_pylist():
        for name in quasi:
            old = before[row["row"]][name]
            text = None if old is None else str(old)
            assert row[name] in (text, "*")  # a value is told as it was, or not at all
            lost[name] += row[name] != text
        assert row["who"] == before[row["row"]]["who"]
    assert report.coarsened == lost


@settings(deadline=None)
@given(ROWS, st.integers(1, 4))
def test_a_table_that_is_k_anonymous_already_loses_nothing(rows, k: int):
    once, _ = k_anonymous(table_of(rows), ["x", "y"], "who", k)
    twice, report = k_anonymous(once, ["x", "y"], "who", k)
    assert twice == once
    assert report.suppressed == 0
    assert set(report.coarsened.values()) <= {0}


def test_the_column_whose_loss_saves_most_goes_first():
    # Age tells all six apart; without it the three of each district are a group. Without the district nothing is won.
    rows = pa.table({"age": [21, 22, 23, 24, 25, 26], "district": [*"AAABBB"], "who": [*"pqrstu"]})
    kept, report = k_anonymous(rows, ["district", "age"], "who", 3)
    assert kept.column("district").to_pylist() == [*"AAABBB"]
    assert kept.column("age").to_pylist() == ["*"] * 6
    assert report.coarsened == {"district": 0, "age": 6}
    assert report.suppressed == 0


def test_only_rare_rows_lose_values_and_the_rest_is_left_out():
    rows = pa.table({"d": ["A"] * 5 + ["B"], "who": [*"pqrstu"], "spend": [1.0, 2, 3, 4, 5, 6]})
    kept, report = k_anonymous(rows, ["d"], "who", 3)
    assert kept.column("d").to_pylist() == ["A"] * 5
    assert kept.column("spend").to_pylist() == [1, 2, 3, 4, 5]
    assert (report.suppressed, report.coarsened, report.smallest) == (1, {"d": 0}, 5)


def test_many_rows_of_one_person_are_one_person():
    rows = pa.table({"d": ["A"] * 10, "who": ["p"] * 10})
    assert k_anonymous(rows, ["d"], "who", 2)[0].num_rows == 0
    assert k_anonymous(rows, ["d"], "who", 1)[0].num_rows == 10


def test_impossible_calls_are_refused():
    rows = pa.table({"d": [["A"]], "who": ["p"]})
    with pytest.raises(UsageError, match="at least 1"):
        k_anonymous(rows, [], "who", 0)
    with pytest.raises(UsageError, match="no column 'city'"):
        k_anonymous(rows, ["city"], "who", 2)
    with pytest.raises(UsageError, match="grouped by"):
        k_anonymous(rows, ["d"], "who", 2)
