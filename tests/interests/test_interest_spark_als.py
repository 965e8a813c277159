"""Spark's ALS behind our interface: its own vectors come back, and it serves without Spark."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conftest import need

from regulars.core.errors import UsageError
from regulars.interests import Histories, Interactions
from regulars.interests.spark_als import SparkALS, session

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def checkerboard() -> Interactions:
    """Even customers choose even items, odd customers odd ones; each lacks one of its colour; item 20 nobody chose."""
    rows = []
    for user in range(40):
        own = [item for item in range(20) if item % 2 == user % 2]
        own.pop((user // 2) % 10)
        rows.append(own)
    return Interactions([f"u{i}" for i in range(40)], [f"i{i}" for i in range(21)], Histories.of(rows))


@pytest.fixture(scope="module")
def fitted(checkerboard: Interactions) -> SparkALS:
    need(shutil.which("java") is not None, "java (Debian's openjdk-17-jre-headless)")
    need(find_spec("pyspark") is not None, "pyspark (the spark extra)")
    return SparkALS(rank=4, iterations=5, reg=0.1, history_decay=0.0, memory="512m").fit(checkerboard)


@pytest.mark.slow
def test_the_one_item_of_its_colour_that_a_customer_lacks_comes_first(
    fitted: SparkALS, checkerboard: Interactions
) -> None:
    lists, _ = fitted.recommend(checkerboard.histories, 1)
    assert lists[:, 0].tolist() == [2 * ((user // 2) % 10) + user % 2 for user in range(40)]


@pytest.mark.slow
def test_a_history_of_the_training_is_solved_to_the_vector_that_spark_gave(
    fitted: SparkALS, checkerboard: Interactions
) -> None:
    """The equation of the class is Spark's: its last half-sweep solved U from P."""
    np.testing.assert_allclose(fitted.vectors(checkerboard.histories), fitted.user_factors_, rtol=1e-3, atol=1e-4)
    assert np.abs(fitted.user_factors_).max() > 0.1
    assert not fitted.item_factors_[20].any()


@pytest.mark.slow
def test_what_was_saved_serves_without_spark(
    fitted: SparkALS, checkerboard: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted.save(tmp_path / "m")
    monkeypatch.setitem(sys.modules, "pyspark", None)
    loaded = SparkALS.load(tmp_path / "m")
    asked = Histories.of([[], [0, 2, 4], [20]])
    np.testing.assert_array_equal(loaded.score(asked), fitted.score(asked))
    assert not loaded.score(asked)[0].any()


@pytest.mark.slow
def test_a_session_that_is_open_is_used_and_left_open(checkerboard: Interactions, fitted: SparkALS) -> None:
    """Two fits in one session give the same model as the one that made its own."""
    with session(memory="512m") as spark:
        again = SparkALS(fitted.config).fit(checkerboard)
        assert spark.range(3).count() == 3
    np.testing.assert_array_equal(again.item_factors_, fitted.item_factors_)


def test_an_old_entry_counts_for_a_share_of_itself() -> None:
    """Items 1 and 2 long, λ = 0.5 · 2; the older entry's share is 1 + ln ½: u = (3 s + 6) ÷ (5 + 1 + 2 s + 8)."""
    model = SparkALS(rank=1, reg=0.5, alpha=2.0, history_decay=1.0)
    model.n_items_ = 2
    model._restore({"user_factors": np.zeros((0, 1), np.float32), "item_factors": np.float32([[1], [2]])})
    share = 1 + np.log(0.5)
    assert model.vectors(Histories.of([[0, 1]]))[0, 0] == pytest.approx((3 * share + 6) / (14 + 2 * share))


def test_without_java_or_pyspark_it_says_what_to_install(
    checkerboard: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SparkALS()
    with monkeypatch.context() as patch:
        patch.setattr("regulars.interests.spark_als.find_spec", lambda _: None)
        with pytest.raises(UsageError, match="regulars\\[spark\\]"):
            model.fit(checkerboard)
    need(find_spec("pyspark") is not None, "pyspark (the spark extra)")
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match="Install Java"):
        model.fit(checkerboard)
