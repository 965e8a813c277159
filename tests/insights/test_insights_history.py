"""One customer's history and what they spend on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.insights import customer_history, top_categories


@pytest.fixture
def catalogue(items_of):
    return items_of(
        ("milk", "Milk, 1 l", "Food > Dairy > Milk"),
        ("brie", "Brie", "Food > Dairy > Cheese"),
        ("soap", None, "Home"),
        ("gift", "Gift", None),
    )


def test_history_is_newest_first_with_title_and_category(events_of, catalogue, run):
    """Two events of one instant keep the order of their ids; an unknown item and no item have no words."""
    noon = {"time": datetime(2024, 1, 2, 12, tzinfo=UTC)}
    events = events_of(
        ("a", "2024-01-01", {"item": "milk", "value": 2.0}),
        ("a", "2024-01-02", noon | {"item": "lost", "id": "z"}),
        ("a", "2024-01-02", noon | {"item": "soap", "id": "y"}),
        ("a", "2024-01-03", "message", {"campaign": "spring"}),
        ("b", "2024-01-04", {"item": "milk"}),
    )
    lines = run(customer_history(events, catalogue, "a", 10)).to_pylist()
    assert [(line["kind"], line["item"], line["title"], line["category"]) for line in lines] == [
        ("message", None, "", ""),
        ("purchase", "soap", "", "Home"),
        ("purchase", "lost", "", ""),
        ("purchase", "milk", "Milk, 1 l", "Food > Dairy > Milk"),
    ]
    assert lines[0]["campaign"] == "spring"
    assert lines[3]["value"] == 2.0
    assert run(customer_history(events, catalogue, "a", 1)).num_rows == 1


def test_categories_are_shares_of_spend_by_two_levels(events_of, catalogue, run):
    """Milk 3 + brie 3 = 6 of 10 in Food > Dairy; soap 2; gift 1 and no item 1 without a category."""
    spend = [("milk", 3.0), ("brie", 3.0), ("soap", 2.0), ("gift", 1.0), (None, 1.0), ("milk", None)]
    events = events_of(
        *[("a", "2024-01-01", {"item": item, "value": value}) for item, value in spend],
        ("a", "2024-01-01", "view", {"item": "soap", "value": 50.0}),
        ("b", "2024-01-01", {"item": "soap", "value": 50.0}),
    )
    found = run(top_categories(events, catalogue, "a")).to_pylist()
    assert [(row["category"], row["spend"]) for row in found] == [("Food > Dairy", 6.0), ("", 2.0), ("Home", 2.0)]
    assert [row["share"] for row in found] == pytest.approx([0.6, 0.2, 0.2])


def test_a_customer_who_spent_nothing_has_no_categories(events_of, catalogue, run):
    events = events_of(("a", "2024-01-01", {"item": "milk", "value": 0.0}), ("a", "2024-01-01", {"item": "milk"}))
    assert run(top_categories(events, catalogue, "a")).num_rows == 0


def test_a_hostile_name_is_only_a_name(events_of, catalogue, run):
    events = events_of(("a", "2024-01-01"), ("x' OR '1'='1", "2024-01-01"))
    assert run(customer_history(events, catalogue, "x' OR '1'='1", 10)).num_rows == 1
