"""The registry: asking by name with text, and what is said when that is wrong."""

from __future__ import annotations

import json
from datetime import date

import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.insights import GROUPS, QUESTIONS, ask, describe
from regulars.insights.sources import Sources

NEED_MORE = {"affinity", "price-response", "products", "promotion-response", "search", "reviews", "communities"}


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_every_question_answers_and_draws(four_weeks, run, name):
    """What a small shop has nothing of (searches, reviews, pairs) is an empty answer that draws all the same."""
    answer = ask(name, Sources(four_weeks, run), {}, "s000007")
    assert (answer.name, answer.snapshot) == (name, "s000007")
    assert answer.rows.num_rows > 0 or name in NEED_MORE
    assert len(answer.plot().data) >= (1 if answer.rows.num_rows else 0)
    json.dumps([answer.params, answer.headline], default=str)
    assert all(set(r) >= {"value", "low", "high", "n", "unit"} for r in answer.headline.values())
    assert all(answer.column(column).title for column in answer.rows.column_names)


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_every_question_bears_a_shop_without_events(events_of, run, name):
    answer = ask(name, Sources(events_of(), run), {"to": "2024-01-01"})
    assert answer.params["to"] == "2024-01-01"
    assert answer.plot() is not None


def test_text_from_a_url_becomes_values(four_weeks, run):
    raw = {"from": "2024-01-08", "to": "2024-01-20", "kinds": "purchase, view", "window": " 7 "}
    answer = ask("stickiness", Sources(four_weeks, run), raw)
    assert answer.params["kinds"] == ("purchase", "view")
    assert answer.params["window"] == 7
    assert (answer.params["from"], answer.params["to"]) == ("2024-01-08", "2024-01-20")


def test_values_and_the_python_spelling_of_from_are_taken_too(four_weeks, run):
    answer = ask("lifecycle", Sources(four_weeks, run), {"from_": date(2024, 1, 8), "kinds": ["view"], "to": None})
    assert answer.params["from"] == "2024-01-08"


def test_an_empty_field_of_a_form_means_the_default(four_weeks, run):
    assert ask("orders", Sources(four_weeks, run), {"from": "", "period": ""}).params["period"] == "week"


def test_an_unknown_question_lists_the_known_ones(four_weeks, run):
    with pytest.raises(NotFoundError, match="stickiness, retention, lifecycle"):
        ask("churn", Sources(four_weeks, run), {})


@pytest.mark.parametrize(
    ("name", "raw", "where", "says"),
    [
        ("stickiness", {"from": "yesterday"}, "from", "'yesterday' cannot be used"),
        ("stickiness", {"window": "1"}, "window", "from 2 to 365"),
        ("stickiness", {"window": "many"}, "window", "a whole number"),
        ("lifecycle", {"period": "year"}, "period", "one of day, week, month"),
        ("orders", {"kinds": "view"}, "kinds", "no such parameter"),
        ("retention", {"weeks": "3"}, "weeks", "to, where, kinds, from, period, periods"),
        ("retention", {"from": "2024-02-01", "to": "2024-01-01"}, "from", "later than"),
        ("days-active", {"kinds": "view,message"}, "kinds", "'message' is done by the shop"),
    ],
)
def test_a_bad_parameter_is_named_with_what_it_takes(four_weeks, run, name, raw, where, says):
    with pytest.raises(UsageError, match=says) as caught:
        ask(name, Sources(four_weeks, run), raw)
    assert caught.value.where == where


def test_the_description_is_ready_for_a_page():
    described = describe()
    assert list(described) == list(QUESTIONS)
    assert {question["group"] for question in described.values()} == set(GROUPS)
    window = described["stickiness"]["params"]["window"]
    assert (window["type"], window["default"]) == ("a whole number from 2 to 365", 28)
    assert described["lifecycle"]["params"]["period"]["type"] == "one of day, week, month"
    assert described["orders"]["params"]["from"]["default"] is None
    for question in described.values():
        assert question["title"]
        assert all(param["description"] for param in question["params"].values())
    json.dumps(described)
