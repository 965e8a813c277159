"""Households: found through shared values and chains of them, never through defaults or sealed fields."""

from __future__ import annotations

import json

import ibis
import pyarrow as pa
import pytest

from regulars.core.errors import UsageError
from regulars.core.schema import CUSTOMERS
from regulars.insights.households import HouseholdsParams, households
from regulars.insights.influence import InfluenceParams, influence
from regulars.insights.social_ties import households_of
from regulars.insights.sources import Sources


def shared(*rows):
    return pa.table(dict(zip(("field", "value", "subject"), map(list, zip(*rows, strict=True)), strict=True)))


def customers_of(**households_):
    lines = [
        {"subject": subject, "created": None, "attributes": json.dumps({"household": value})}
        for subject, value in households_.items()
    ]
    return ibis.memtable(pa.Table.from_pylist(lines, schema=CUSTOMERS))


def test_customers_tied_through_others_are_one_household():
    """Customers a and b share a household, b and c a device; d is alone."""
    people, number = households_of(
        shared(("h", "1", "a"), ("h", "1", "b"), ("d", "x", "b"), ("d", "x", "c"), ("h", "2", "d")), 8
    )
    assert people == ["a", "b", "c", "d"]
    assert number[0] == number[1] == number[2] != number[3]


def test_the_same_value_of_two_fields_ties_nobody():
    _, number = households_of(shared(("h", "1", "a"), ("d", "1", "b")), 8)
    assert number[0] != number[1]


def test_a_value_that_many_share_is_a_default_and_ties_nobody():
    rows = shared(*[("d", "till", f"c{n}") for n in range(5)])
    assert len(set(households_of(rows, 4)[1].tolist())) == 5
    assert len(set(households_of(rows, 5)[1].tolist())) == 1


def test_sealed_values_tie_nobody():
    _, number = households_of(shared(("h", "sealed:1:x", "a"), ("h", "sealed:1:x", "b")), 8)
    assert number[0] != number[1]


def test_households_are_counted_by_size_with_what_they_spend(events_of, run):
    """Together a+b spend 5+1, c+d 8+0, e 3 alone; f's is sealed, g's not known; h never came."""
    events = events_of(
        *[(who, "2024-01-01", {"value": value}) for who, value in {"a": 5.0, "b": 1.0, "c": 8.0, "e": 3.0}.items()],
        *[(who, "2024-01-01", "view") for who in "dfg"],
    )
    customers = customers_of(a="1", b="1", c="2", d="2", e="3", f="sealed:1:zz", h="1")
    answer = households(Sources(events, run, customers=customers), HouseholdsParams(min_customers=1))
    rows = [tuple(row.values())[:6] for row in answer.rows.to_pylist()]
    assert rows == [("1", 1, 1, 1, 3.0, 3.0), ("2", 2, 4, 3, 14.0, 7.0), ("", None, 2, 0, 0.0, None)]
    low, high = answer.rows["low"][1].as_py(), answer.rows["high"][1].as_py()
    assert (low, high) == pytest.approx((7 - 1.959964, 7 + 1.959964))
    head = answer.headline
    assert (head["households"]["value"], head["size"]["value"], head["sealed"]["value"]) == (3, 5 / 3, 1)
    assert (head["known"]["value"], head["known"]["n"]) == (5 / 7, 7)


def test_small_sizes_are_counted_together(events_of, run):
    ids = {f"s{n:02}": str(n) for n in range(12)} | {"t0": "x", "t1": "x", "u0": "y", "u1": "y", "u2": "y"}
    sources = Sources(events_of(*[(who, "2024-01-01") for who in ids]), run, customers=customers_of(**ids))
    rows = households(sources, HouseholdsParams(min_customers=5)).rows.to_pylist()
    assert [(row["members"], row["households"], row["customers"]) for row in rows] == [("1", 12, 12), ("…", 2, 5)]


def test_devices_of_events_can_tie_as_well(events_of, run):
    events = events_of(
        ("a", "2024-01-01", {"properties": '{"terminal": "t1"}'}),
        ("b", "2024-01-01", {"properties": '{"terminal": "t1"}'}),
    )
    params = HouseholdsParams(fields=("attribute:household", "property:terminal"), min_customers=1)
    assert households(Sources(events, run), params).rows["members"].to_pylist() == ["2"]


def test_a_city_is_no_household(events_of, run):
    with pytest.raises(UsageError, match="city"):
        households(Sources(events_of(("a", "2024-01-01")), run), HouseholdsParams(fields=("city",)))


def test_influence_takes_households_as_ties_both_ways(events_of, run):
    sources = Sources(events_of(*[(who, "2024-01-01", {"item": "x"}) for who in "abc"]), run,
                      customers=customers_of(a="1", b="1", c="1"))  # fmt: skip
    answer = influence(sources, InfluenceParams(ties="households", permutations=99))
    assert answer.headline["ties"]["value"] == 6
    assert answer.headline["verdict"]["value"] == "not enough ties"
