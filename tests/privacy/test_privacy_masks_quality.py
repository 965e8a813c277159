"""The figures that the documentation promises, held on public data and on made messages."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from regulars.privacy.masks import PROSE, STRUCTURED, find, mask_structured

RECALL, PRECISION = 0.99, 0.98


@pytest.fixture(scope="module")
def bench() -> Any:
    """Return the benchmark, whose scoring and messages these tests share."""
    root = str(Path(__file__).resolve().parents[2])
    sys.path.insert(0, root)
    try:
        return importlib.import_module("benchmarks.masking")
    finally:
        sys.path.remove(root)


def test_structured_kinds_are_found_in_made_shop_messages(bench: Any):
    every = bench.scores(bench.messages(2400, seed=23), STRUCTURED)["all"]
    assert every["true"] > 1000
    assert every["covering_recall"] >= RECALL
    assert every["covering_precision"] >= PRECISION


@pytest.mark.data
def test_structured_kinds_are_found_in_held_out_english_sentences(bench: Any, data_directory: Path):
    every = bench.scores(bench.presidio(1, data_directory), STRUCTURED)["all"]
    assert every["true"] == 147
    assert every["covering_recall"] >= RECALL
    assert every["covering_precision"] >= PRECISION


@pytest.mark.data
def test_names_and_addresses_that_are_found_are_right(bench: Any, data_directory: Path):
    english = bench.scores(bench.presidio(1, data_directory), PROSE)
    assert english["name"]["overlap_precision"] >= 0.9
    assert english["address"]["overlap_precision"] >= 0.9
    assert english["name"]["covering_recall"] >= 0.25
    chinese = bench.scores(bench.deliveries(600, 31, bench.areas(data_directory)), PROSE)
    assert chinese["all"]["overlap_precision"] >= 0.95
    assert chinese["name"]["covering_recall"] >= 0.8
    assert chinese["address"]["covering_recall"] >= 0.9


@pytest.mark.data
def test_chinese_texts_raise_few_alarms(bench: Any, data_directory: Path):
    assert bench.false_alarms(bench.jddc(data_directory))["per_thousand"] == 0
    news = bench.false_alarms([text for text, _ in bench.cluener(1, data_directory)])
    assert news["per_thousand"] < 1.5  # all of them telephone and card numbers that the data does not mark


def test_masking_keeps_up_with_events(bench: Any):
    made = [text for text, _ in bench.messages(1500, seed=5)]
    assert bench.per_second(lambda text: find(text, STRUCTURED), made) > 20_000  # 50,000, and room for a busy machine
    assert bench.per_second(mask_structured, ["purchase", "summer dress, blue", "连衣裙 蓝色 M"] * 500) > 300_000
