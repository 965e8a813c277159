"""Cohorts: rules read from text, and who belongs."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.core.errors import UsageError
from regulars.insights.cohort_rules import read_rule, read_rules
from regulars.insights.cohorts import cohort_members
from regulars.insights.sources import Sources

LAST = date(2024, 3, 31)


@pytest.fixture(scope="module")
def shop_events(events_of):
    """Return events up to 2024-03-31 of the customers a, b, c and d; m got only a message."""
    return events_of(
        ("a", "2024-01-10", {"session": "1", "value": 60.0, "country": "CN"}),
        ("a", "2024-01-10", {"session": "1", "value": 10.0}),
        ("a", "2024-03-02", {"value": 30.0}),
        ("a", "2024-03-31", "view", {"country": "JP"}),
        ("b", "2024-02-15", "view", {"country": "DE"}),
        ("b", "2024-02-29", "view"),
        ("b", "2024-03-02", "view"),
        ("c", "2024-03-02", {"value": 5.0, "country": "CN"}),
        ("d", "2024-03-03", "search"),
        ("m", "2024-03-03", "message"),
    )


def members(run, events, *rules, listed=None, cohorts=None):
    sources = Sources(events, run, cohorts=cohorts or {})
    found = run(cohort_members(sources, read_rules(rules), LAST, listed))
    return "".join(sorted(found["subject"].to_pylist()))


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ("purchase", "ac"),
        ("purchase >= 2", "a"),
        ("purchase = 1", "c"),
        ("purchase <= 1", "bcd"),
        ("purchase > 1 in 60 days", ""),
        ("no purchase", "bd"),
        ("view >= 3", "b"),
        ("view >= 2 in 30 days", ""),
        ("view in 30 days", "ab"),
        ("view in 2024-02-15..2024-02-28", "b"),
        ("view ..2024-02-28", "b"),
        ("view 2024-03-01..", "ab"),
        ("no view in 30 days", "cd"),
        ("no activity in 29 days", "bc"),
        ("no activity in 30 days", ""),
        ("activity >= 4", "a"),
        ("spend >= 100", "a"),
        ("spend > 100", ""),
        ("spend >= 30 in 30 days", "a"),
        ("spend < 30", "bcd"),
        ("spend = 0", "bd"),
        ("first seen 2024-01-01..2024-02-29", "ab"),
        ("first seen in 30 days", "cd"),
        ("country=CN", "ac"),
        ("country=CN|DE", "abc"),
        ("country!=CN", "bd"),
        ("country=", "abd"),
        ("value>=60", "a"),
        ("kind=search", "d"),
        ("first_country=CN", "ac"),
        ("segment=new", ""),
        ("segment!=new", "abcd"),
        ("cohort:vip=in", "bd"),
        ("cohort:vip=out", "ac"),
    ],
)
def test_a_rule_holds_for(run, shop_events, rule, who):
    """30 days are those from 2 March on, 29 those from the 3rd; a's first two lines are one order of 70.

    Nobody is new: that would be since 4 March.
    """
    cohorts = {"vip": Sources(shop_events, run).events.filter(lambda t: t.subject.isin(["b", "d"])).select("subject")}
    assert members(run, shop_events, rule, cohorts=cohorts) == who


def test_rules_hold_together_and_a_list_narrows_them(run, shop_events):
    assert members(run, shop_events) == "abcd"
    assert members(run, shop_events, "country=CN", "no view") == "c"
    assert members(run, shop_events, listed=["a", "m", "zzz", "d"]) == "ad"
    assert members(run, shop_events, "purchase", listed=["a", "d"]) == "a"
    assert members(run, shop_events, listed=[]) == ""


def test_a_narrowed_question_does_not_change_who_belongs(run, shop_events):
    """The events looked at are only views; membership still goes by everything."""
    narrowed = Sources(shop_events, run).only(shop_events.filter(shop_events.kind == "view"))
    found = run(cohort_members(narrowed, read_rules(["purchase >= 2"]), LAST))
    assert found["subject"].to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  purchase>=3   in 90 days ", "purchase >= 3 in 90 days"),
        ("view", "view >= 1"),
        ("view in 1 day", "view >= 1 in 1 day"),
        ("no  view in 30 days", "no view in 30 days"),
        ("spend >= 99.90 in 365 days", "spend >= 99.9 in 365 days"),
        ("first seen 2024-01-01..", "first seen 2024-01-01.."),
        ("first seen in 30 days", "first seen in 30 days"),
        ("cart 2024-01-01..2024-01-31", "cart >= 1 in 2024-01-01..2024-01-31"),
        ("country = CN | JP", "country=CN|JP"),
        ("rfm!=Can't lose them", "rfm!=Can't lose them"),
        ("value>=10", "value>=10"),
    ],
)
def test_a_rule_has_one_written_form(text, canonical):
    assert str(read_rule(text)) == canonical
    assert str(read_rule(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'': '' is not a condition"),
        ("purchase >= many", "purchase >= many"),
        ("purchase >= 1.5", "1.5 times is not"),
        ("purchase in 0 days", "0 days is not between"),
        ("view 2024-02-01..2024-01-01", "2024-02-01 is later"),
        ("view 2024-02-30..", "2024-02-30"),
        ("first seen ..", "says no day"),
        ("spend in 30 days", "says no amount"),
        ("no spend", "write it as"),
        ("message in 30 days", "done by the shop"),
        ("segment>regular", "has no order"),
        ("x" * 301, "at most 300"),
    ],
)
def test_what_cannot_be_read_is_named(text, says):
    with pytest.raises(UsageError) as caught:
        read_rules(["country=CN", text])
    assert says in caught.value.message
    assert text[:40] in caught.value.message
    assert caught.value.where == "rules[1]"
