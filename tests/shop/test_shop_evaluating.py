"""Evaluating files and shops: what is learned from, which models are compared, protocols with tables of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from regulars.core.errors import InputError, UsageError
from regulars.shop import EvaluateOptions, evaluate_path

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write ratings by 40 customers of 16 items in two categories: each half chooses from one."""
    path = tmp_path_factory.mktemp("data") / "ratings.csv"
    lines = ["user,item,rating,time"]
    for user in range(40):
        own = [(user * 2 + step * 4 + user % 2) % 16 for step in range(6)]
        lines += [f"u{user},i{item},{5 - s % 3},{1_000_000_000 + s}" for s, item in enumerate(own)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_categories_make_lists_comparable_by_variety(ratings: Path, tmp_path: Path) -> None:
    """With a file of items the table tells diversity and calibration; without one it does not."""
    items = "".join(f"i{item},{'odd' if item % 2 else 'even'}\n" for item in range(16))
    (tmp_path / "items.csv").write_text("item,category\n" + items)
    rows = evaluate_path(ratings, EvaluateOptions(models=("knn",), items=tmp_path / "items.csv"))["models"]
    assert [row["model"] for row in rows] == ["popularity", "knn"]
    assert rows[1]["miscalibration@10"] < rows[0]["miscalibration@10"]
    assert "diversity@10" not in evaluate_path(ratings, EvaluateOptions(models=("knn",)))["models"][0]


def test_stars_are_predicted_fold_by_fold(ratings: Path) -> None:
    """The table of ratings has the mean and the biases in it, whatever is asked."""
    report = evaluate_path(ratings, EvaluateOptions(protocol="ratings", models=("svd",), folds=3))
    assert [row["model"] for row in report["models"]] == ["mean", "biases", "svd"]
    assert report["data"]["ratings"] == 40 * len({(s * 4) % 16 for s in range(6)})
    assert 0.5 < report["models"][0]["rmse"] < 1.0
    with pytest.raises(UsageError):
        evaluate_path(ratings, EvaluateOptions(protocol="ratings", models=("als",)))


def test_what_says_nothing_of_interest_is_not_predicted(tmp_path: Path) -> None:
    """Everybody's last event is a refund: it is neither learned from nor asked for."""
    lines = ["user,item,time,kind"]
    for user in range(8):
        lines += [f"u{user},i{(user + s) % 6},{1_600_000_000 + 86_400 * s},purchase" for s in range(4)]
        lines.append(f"u{user},i{user % 6},{1_600_000_000 + 86_400 * 9},refund")
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines) + "\n")
    report = evaluate_path(path, EvaluateOptions(models=("popularity",)))
    assert report["data"]["interactions"] == 32


def test_a_time_split_is_against_last_week_and_own_favourites(shop_directory: Path) -> None:
    """Both baselines are added, and what a shop says of its items is known to the models."""
    report = evaluate_path(shop_directory, EvaluateOptions(protocol="time", horizon_days=14, models=("knn",)))
    rows = {row["model"]: row for row in report["models"]}
    assert list(rows) == ["popular-last-week", "own-frequency", "knn"]
    assert sum(row["vs"] is None for row in rows.values()) == 1
    assert report["winner"]["model"] in rows
    assert {"history", "item", "customer"} == {part["by"] for part in rows["knn"]["slices"]}


def test_a_cutoff_belongs_to_a_time_split(ratings: Path, tmp_path: Path) -> None:
    """Wrong use and empty files are said before anything is fitted."""
    from datetime import date

    with pytest.raises(UsageError, match="cutoff"):
        evaluate_path(ratings, EvaluateOptions(cutoff=date(2024, 1, 1)))
    (tmp_path / "empty.csv").write_text("user,item,rating,time\n")
    with pytest.raises(InputError):
        evaluate_path(tmp_path / "empty.csv", EvaluateOptions())
