"""The linear model: its formula, how it is learned, how it is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regulars.core.errors import DamagedError
from regulars.language.grams import grams
from regulars.language.learning import LearningSettings, calibrated, learn
from regulars.language.linear import LinearModel
from regulars.language.model_files import read_linear, write_linear
from regulars.language.tokens import tokens

GOOD = ["很好", "不错", "喜欢", "很快"]
BAD = ["很差", "太慢", "垃圾", "很坏"]
SETTINGS = LearningSettings(order=2, gap=0, least=1, cost=10.0)


def hash_of(token: str) -> int:
    return int(grams(tokens([token]), 1, 0).hashes[0])


def by_hand() -> LinearModel:
    """Two known features: 好 with weight 3 and ratio 2, 坏 with weight -1 and ratio 1; bias ½."""
    rows = sorted([(hash_of("好"), 3.0, 2.0), (hash_of("坏"), -1.0, 1.0)])
    hashes, weights, ratios = zip(*rows, strict=True)
    return LinearModel(
        1, 0, np.array(hashes, np.uint32), np.array(weights, np.float32), np.array(ratios, np.float32), 0.5
    )


def learned() -> LinearModel:
    texts = [f"东西{word}" for word in GOOD + BAD]
    return learn(texts, np.array([True] * 4 + [False] * 4), SETTINGS)


def test_log_odds_are_bias_plus_weights_over_the_length_of_the_features():
    odds, known = by_hand().log_odds_and_known(["好坏", "好好", "大", ""])
    expected = [0.5 + 2 / np.sqrt(1 + 4 + 1), 0.5 + 3 / np.sqrt(1 + 4), 0.5, 0.5]
    assert odds == pytest.approx(expected)
    assert known.tolist() == [2, 1, 0, 0]


def test_a_model_learns_which_words_praise():
    odds = learned().log_odds(["东西很好", "东西垃圾", "不错", "太慢"])
    assert (odds > 0).tolist() == [True, False, True, False]


def test_learning_twice_gives_the_same_model():
    one, two = learned(), learned()
    assert one.bias == two.bias
    assert one.weights.tolist() == two.weights.tolist()


def test_a_feature_in_too_few_texts_is_not_learned():
    texts = ["好a", "好b", "坏c", "坏d"]
    model = learn(texts, np.array([True, True, False, False]), replace(SETTINGS, order=1, least=2))
    assert set(model.hashes.tolist()) == {hash_of("好"), hash_of("坏")}


def test_only_the_largest_features_are_kept():
    texts = [f"东西{word}" for word in GOOD + BAD]
    model = learn(texts, np.array([True] * 4 + [False] * 4), replace(SETTINGS, largest=5))
    assert len(model.hashes) == 5
    assert (np.diff(model.hashes.astype(np.int64)) > 0).all()


def test_calibration_makes_the_mean_probability_the_share_of_positive_texts():
    texts = ["好", "好", "好", "坏", "坏", "坏", "大"]
    positive = np.array([True, True, False, False, False, True, True])
    model = calibrated(by_hand(), texts, positive)
    assert (1 / (1 + np.exp(-model.log_odds(texts)))).mean() == pytest.approx(positive.mean(), abs=1e-3)


def test_what_is_read_is_what_was_written_to_half_precision(tmp_path: Path):
    model = by_hand()
    write_linear(tmp_path, "small", model, {"name": "small"})
    read, card = read_linear("small", tmp_path)
    assert card["name"] == "small"
    assert read.log_odds(["好坏"]) == pytest.approx(model.log_odds(["好坏"]), rel=1e-3)


def test_a_damaged_model_says_so(tmp_path: Path):
    with pytest.raises(DamagedError, match="cannot be read"):
        _ = read_linear("small", tmp_path)
    write_linear(tmp_path, "small", by_hand(), {})
    (tmp_path / "small.safetensors").write_bytes(b"none")
    with pytest.raises(DamagedError, match="cannot be read"):
        _ = read_linear("small", tmp_path)
