"""Consent: which answer wins, and the names that consent tools use."""

from __future__ import annotations

import pytest

from regulars.core.rights import PURPOSES
from regulars.core.signals import asks_not_to_track
from regulars.privacy.consent import allowed, purposes_of


@pytest.mark.parametrize(
    ("status", "default", "refused_by_signal", "expected"),
    [
        (True, "if-agreed", False, True),
        (True, "if-agreed", True, True),
        (True, "unless-refused", True, True),
        (False, "unless-refused", False, False),
        (False, "if-agreed", True, False),
        (None, "unless-refused", False, True),
        (None, "unless-refused", True, False),
        (None, "if-agreed", False, False),
        (None, "if-agreed", True, False),
    ],
)
def test_an_answer_wins_over_the_signal_and_the_signal_over_the_default(status, default, refused_by_signal, expected):
    assert allowed(status, default, refused_by_signal=refused_by_signal) is expected


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("Analytics", "analytics"),
        ("statistics", "analytics"),
        ("analytics_storage", "analytics"),
        ("统计分析", "analytics"),
        ("Personalization", "personalisation"),
        ("personalisation", "personalisation"),
        ("个性化推荐", "personalisation"),
        ("Advertising", "marketing"),
        ("Marketing and Attribution", "marketing"),
        ("ad_storage", "marketing"),
        ("营销", "marketing"),
        ("Functional", "service"),
        ("客服", "service"),
        ("ＡＮＡＬＹＴＩＣＳ", "analytics"),
    ],
)
def test_names_of_consent_tools_are_our_purposes(name: str, purpose: str):
    assert purposes_of({name: True}) == {purpose: True}
    assert purposes_of({name: False}) == {purpose: False}


def test_every_purpose_has_its_own_name():
    assert purposes_of(dict.fromkeys(PURPOSES, True)) == dict.fromkeys(PURPOSES, True)


@pytest.mark.parametrize("answers", [(True, False), (False, True)])
def test_of_two_categories_of_one_purpose_the_refusal_holds(answers: tuple[bool, bool]):
    assert purposes_of({"Advertising": answers[0], "Marketing": answers[1]}) == {"marketing": False}


def test_unknown_names_and_unclear_answers_are_left_out():
    assert purposes_of({"Necessary": True, "": True, "Analytics": None, "Marketing": "maybe", "Functional": 2}) == {}
    assert purposes_of({"ad_storage": "denied", "analytics_storage": "granted"}) == {
        "marketing": False,
        "analytics": True,
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"Sec-GPC": b"1"}, True),
        ({b"sec-gpc": b" 1 "}, True),
        ([(b"accept", b"*/*"), (b"DNT", b"1")], True),
        ({b"dnt": b"0"}, False),
        ({b"sec-gpc": b"true"}, False),
        ({b"x-dnt": b"1"}, False),
        ({}, False),
    ],
)
def test_the_browsers_signal_is_read(headers, expected: bool):
    assert asks_not_to_track(dict(headers)) is expected
