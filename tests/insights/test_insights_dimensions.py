"""By what answers are split, and which events a condition keeps: worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import ibis
import pyarrow as pa
import pytest

from regulars.core.errors import UsageError
from regulars.core.schema import CUSTOMERS
from regulars.insights import ask
from regulars.insights.dimensions import OTHERS, customer_groups, is_of_customers, top_groups, with_group
from regulars.insights.sources import Sources
from regulars.insights.where import read_condition, restricted

LAST = date(2024, 1, 31)


@pytest.fixture
def shop(events_of, items_of, run):
    """Three customers; `a` comes first by search, `b` by a campaign, `c` without a word."""
    events = events_of(
        ("a", "2024-01-01", "view", {"channel": "search", "item": "tea", "properties": '{"plan":"gold","n":3}'}),
        ("a", "2024-01-02", "purchase", {"channel": "email", "item": "tea", "value": 12.5, "device": "mobile"}),
        ("b", "2024-01-03", "view", {"country": "CN", "item": "cup", "properties": '{"plan": "sil\\"ver"}'}),
        ("b", "2024-01-04", "purchase", {"country": "DE", "item": "cup", "value": 4.0}),
        ("c", "2024-02-05", "view", {"item": "gone", "properties": '{"plan":null}'}),
        ("c", "2024-01-06", "message"),
    )
    items = items_of(("tea", "Tea", "Drinks > Hot > Tea"), ("cup", "Cup", "Kitchen"))
    rows = [{"subject": "a", "created": None, "attributes": '{"tier":2}'}]
    customers = ibis.memtable(pa.Table.from_pylist(rows, schema=CUSTOMERS))
    cohorts = {"vips": ibis.memtable({"subject": ["a", "a"]})}
    return Sources(events, run, items, customers, cohorts)


def groups(shop, name, as_of=LAST):
    rows = shop.run(customer_groups(shop, name, as_of)).to_pylist()
    return {row["subject"]: row["group"] for row in rows}


def by_event(shop, name):
    rows = shop.run(with_group(shop, shop.events, name, LAST).order_by("id")).to_pylist()
    assert len(rows) == 6
    return [row["group"] for row in rows]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("channel", ["search", "email", "", "", "", ""]),
        ("category", ["Drinks", "Drinks", "Kitchen", "Kitchen", "", ""]),
        ("subcategory", ["Drinks > Hot", "Drinks > Hot", "Kitchen", "Kitchen", "", ""]),
        ("weekday", ["1", "2", "3", "4", "1", "6"]),
        ("property:plan", ["gold", "", 'sil\\"ver', "", "", ""]),
        ("property:n", ["3", "", "", "", "", ""]),
        ("attribute:tier", ["2", "2", "", "", "", ""]),
        ("cohort:vips", ["in", "in", "out", "out", "", ""]),
        ("first_channel", ["search", "search", "", "", "", ""]),
    ],
)
def test_each_event_has_one_value_and_unknown_is_empty(shop, name, expected):
    assert by_event(shop, name) == expected


def test_customers_have_the_value_of_their_first_event_that_has_one(shop):
    assert groups(shop, "first_channel") == {"a": "search", "b": ""}
    assert groups(shop, "device") == {"a": "mobile", "b": ""}
    assert groups(shop, "first_country") == {"a": "", "b": "CN"}
    assert groups(shop, "first_month", date(2024, 2, 28)) == {"a": "2024-01", "b": "2024-01", "c": "2024-02"}


def test_events_of_the_same_instant_are_in_the_order_of_their_ids(events_of, run):
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    events = events_of(
        ("a", "2024-01-01", {"id": "z", "time": noon, "channel": "late"}),
        ("a", "2024-01-01", {"id": "b", "time": noon, "channel": "first"}),
    )
    assert groups(Sources(events, run), "first_channel") == {"a": "first"}


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("channel=search|email", ["e0000", "e0001"]),
        ("channel!=search", ["e0001", "e0002", "e0003", "e0004", "e0005"]),
        ("country=", ["e0000", "e0001", "e0004", "e0005"]),
        ("value>=4", ["e0001", "e0003"]),
        ("value<4.01", ["e0003"]),
        ("value!=4", ["e0001"]),
        ("category=Kitchen", ["e0002", "e0003"]),
        ("cohort:vips=in", ["e0000", "e0001"]),
        ("first_channel=search", ["e0000", "e0001"]),
        ("property:plan=gold", ["e0000"]),
    ],
)
def test_a_condition_keeps_the_events_it_says(shop, condition, kept):
    found = restricted(shop, [condition], LAST)
    assert shop.run(found.events.order_by("id"))["id"].to_pylist() == kept


def test_conditions_hold_together_and_the_days_stay_those_of_everyone(shop):
    answer = ask("stickiness", shop, {"where": "country=CN|DE,kind=view"})
    assert answer.params["to"] == "2024-02-05"
    assert sum(answer.rows["dau"].to_pylist()) == 1


@pytest.mark.parametrize("text", ["country", "shade=blue", "value>high", "channel>3", 'property:a"b=1', "cohort:x=in"])
def test_a_condition_that_cannot_be_read_is_refused(shop, text):
    with pytest.raises(UsageError):
        _ = ask("orders", shop, {"where": (text,)})


def test_what_is_of_customers_and_what_is_of_events():
    assert is_of_customers("segment")
    assert not is_of_customers("device")
    with pytest.raises(UsageError, match="no dimension 'colour'"):
        _ = is_of_customers("colour")


def test_conditions_are_read_into_their_parts():
    assert read_condition(" country = CN | JP ") == ("country", "=", ("CN", "JP"))
    assert read_condition("value>=1e3").operator == ">="


def test_the_largest_groups_are_shown_and_the_others_together():
    assert top_groups({"a": 1, "b": 5, "c": 5}, 2) == {"b": "b", "c": "c", "a": OTHERS}
