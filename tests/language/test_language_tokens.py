"""Tokens and the features made of them."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.language.clauses import clauses
from regulars.language.grams import grams
from regulars.language.tokens import tokens


def codes(text: str) -> list[int]:
    return tokens([text]).codes.tolist()


def test_a_chinese_character_is_one_token_and_so_are_a_word_a_number_and_a_sign():
    assert len(codes("电池好!")) == 4
    assert len(codes("The battery isn't good, 3.5 stars")) == 7
    assert codes("好") == [ord("好")]
    assert codes("12") == codes("3.5")


@pytest.mark.parametrize(
    ("left", "right"), [("ＧＯＯＤ！", "good!"), ("don’t", "don't"), ("  好  好 ", "好好"), ("Straße", "STRASSE")]
)
def test_spelling_does_not_matter(left: str, right: str):
    assert codes(left) == codes(right)


def test_words_that_differ_are_different_tokens():
    assert len(set(codes("good god goods dog do g"))) == 6


def test_texts_stay_apart():
    found = tokens(["好", "", "a b"])
    assert found.offsets.tolist() == [0, 1, 1, 3]
    assert len(tokens([]).codes) == 0


def test_a_lone_surrogate_is_read_like_any_other_sign():
    assert len(codes("好\ud800")) == 2


def test_three_tokens_have_three_unigrams_two_bigrams_one_trigram_and_one_pair_with_a_gap():
    found = grams(tokens(["不很好"]), order=3, gap=2)
    assert found.counts.tolist() == [3 + 2 + 1 + 1]
    assert len(np.unique(found.hashes)) == 7


def test_features_do_not_reach_over_the_end_of_a_text():
    apart, alone = grams(tokens(["好坏", "大小"]), 3, 2), grams(tokens(["大小"]), 3, 2)
    assert apart.hashes[apart.counts[0] :].tolist() == alone.hashes.tolist()


def test_a_pair_with_a_gap_does_not_depend_on_what_is_between():
    left, right = (set(grams(tokens([text]), 1, 1).hashes.tolist()) for text in ("不太好", "不算好"))
    assert len(left & right) == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("质量很好，但是物流太慢！", ["质量很好", "但是物流太慢"]),
        ("Nice phone, 3.5 stars but the box was torn.", ["Nice phone", "3.5 stars", "but the box was torn"]),
        ("价格便宜 质量不行", ["价格便宜", "质量不行"]),
        ("。。。", []),
    ],
)
def test_clauses_end_at_signs_and_at_words_of_contrast(text: str, parts: list[str]):
    assert clauses(text) == parts
