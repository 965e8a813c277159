"""The shipped models on sentences of our own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from regulars.language.aspects import aspects_of, mentions
from regulars.language.languages import language_of
from regulars.language.model_files import SHIPPED
from regulars.language.sentiment import shipped


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("质量很好", "zh"),
        ("iPad 很好用", "zh"),
        ("The quality is great", "en"),
        ("great phone 好", "unknown"),
        ("Die Qualität ist sehr gut und es kam schnell", "unknown"),
        ("La qualité est très bonne, je recommande", "unknown"),
        ("El producto es muy bueno y llegó a tiempo", "unknown"),
        ("とても良いです。すぐ届きました", "unknown"),
        ("품질이 좋아요", "unknown"),
        ("Отличное качество", "unknown"),
        ("!!! 5", "unknown"),
        ("", "unknown"),
    ],
)
def test_languages(text: str, language: str):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["质量非常好，很喜欢", "物流很快，满意", "Excellent quality, I love it.", "It works great"]
)
def test_praise_is_probable(text: str):
    assert shipped().probabilities([text])[0] > 0.7


@pytest.mark.parametrize(
    "text",
    ["质量太差了，退货", "垃圾，再也不买了", "Terrible quality, it broke after a week.", "It does not work at all"],
)
def test_blame_is_probable(text: str):
    assert shipped().probabilities([text])[0] < 0.3


def test_what_is_in_no_known_language_has_no_probability():
    found = shipped().probabilities(["Die Qualität ist sehr gut", "很好"])
    assert np.isnan(found[0])
    assert found[1] > 0.5


def test_a_text_does_not_depend_on_its_neighbours():
    texts = ["很好", "太差了", "不错", "The box was torn"]
    together = shipped().probabilities(texts)
    assert together == pytest.approx([shipped().probabilities([text])[0] for text in texts])


def test_models_are_small_and_their_cards_say_how_good_they_are():
    files = [one for one in Path(str(SHIPPED)).iterdir() if one.suffix == ".safetensors"]
    assert sum(one.stat().st_size for one in files) < 3_000_000
    for card in shipped().cards.values():
        assert {"learned_from", "limits", "test", "texts"} <= set(card)
        assert card["test"]["accuracy"] > 0.7


@pytest.mark.parametrize(
    ("clause", "language", "aspects"),
    [
        ("物流很快", "zh", ("delivery",)),
        ("快递小哥态度很好", "zh", ("delivery",)),
        ("客服态度很好", "zh", ("service",)),
        ("物美价廉", "zh", ("quality", "price")),
        ("贵宾楼", "zh", ()),
        ("太贵了", "zh", ("price",)),
        ("delivered on time", "en", ("delivery",)),
        ("worth the money", "en", ("price",)),
        ("customer service was rude", "en", ("service",)),
        ("costume", "en", ()),
        ("物流很快", "unknown", ()),
    ],
)
def test_aspects_of_a_clause(clause: str, language: str, aspects: tuple[str, ...]):
    assert aspects_of(clause, language) == aspects  # type: ignore[arg-type]


def test_each_aspect_has_the_sentiment_of_its_own_clauses():
    found = {one.aspect: one.probability for one in mentions(["质量非常好，但是物流太慢了，客服态度恶劣"])[0]}
    assert list(found) == ["quality", "delivery", "service"]
    assert found["quality"] > 0.5
    assert max(found["delivery"], found["service"]) < 0.5


def test_each_aspect_of_an_english_review_too():
    found = {one.aspect: one.probability for one in mentions(["Great quality, but the delivery was terribly slow."])[0]}
    assert found["quality"] > 0.5 > found["delivery"]


def test_a_review_of_none_of_the_aspects_is_of_something_else_and_one_that_is_not_understood_of_nothing():
    other, unknown = mentions(["赞赞赞", "品質が悪いです"])
    assert [one.aspect for one in other] == ["other"]
    assert not math.isnan(other[0].probability)
    assert unknown == ()
