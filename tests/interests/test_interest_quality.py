"""What the models reach on public data: floors that a change must not fall through."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from regulars.shop import EvaluateOptions, Shop, evaluate_path

if TYPE_CHECKING:
    from pathlib import Path

MODELS = ("popularity", "covisitation", "neighbours", "knn", "als")


@pytest.mark.data
def test_next_item_on_beauty(data_directory: Path) -> None:
    """nDCG@10, full ranking: co-visitation and session neighbours above .062, item-kNN .046, ALS .034."""
    options = EvaluateOptions(format="sequences", models=MODELS, refit=True)
    report = evaluate_path(data_directory / "amazon_5core_s3rec" / "Beauty.txt.gz", options)
    found = {row["model"]: row["ndcg@10"] for row in report["models"]}
    assert found["covisitation"] >= 0.062
    assert found["neighbours"] >= 0.062
    assert found["knn"] >= 0.046
    assert found["als"] >= 0.034
    assert found["popularity"] < 0.01


@pytest.mark.data
def test_next_item_on_movielens(data_directory: Path) -> None:
    """Co-visitation stays above .115 and ALS above .073, with ties in the file's order and shuffled."""
    path = data_directory / "movielens_100k" / "ml-100k.inter.gz"
    for shuffle in (False, True):
        options = EvaluateOptions(format="ratings", models=MODELS, refit=True, shuffle_ties=shuffle)
        found = {row["model"]: row["ndcg@10"] for row in evaluate_path(path, options)["models"]}
        assert found["covisitation"] >= 0.115
        assert found["als"] >= 0.073


@pytest.mark.demo
@pytest.mark.slow
def test_the_blend_beats_its_baselines_on_a_grocers_next_weeks(tmp_path: Path) -> None:
    """Weeks 47 to 50 after learning through week 46: above own favourites, popular last week and ALS, twice."""
    from regulars.events import read_complete_journey
    from regulars.shop.facade import DEMO
    from regulars.shop.imports import Importer

    with Shop.create(tmp_path / "shop", DEMO) as shop:
        batches = read_complete_journey(shop.settings)
        Importer(tmp_path / "shop", shop.store, shop.vault, shop.settings).take_batches(
            batches, ["complete-journey"], "events", "demo"
        )
    options = EvaluateOptions(
        protocol="time", models=("popular-last-week", "own-frequency", "als", "blend"), cutoff=date(2017, 11, 13)
    )
    rows = {row["model"]: row for row in evaluate_path(tmp_path / "shop", options)["models"]}
    blend = rows.pop("blend")
    for row in rows.values():
        assert blend["recall@20"] > row["recall@20"]
        assert blend["ndcg@20"] > row["ndcg@20"]
    assert blend["customers"] > 2000
    assert blend["recall@20_repeat"] > blend["recall@20_new"] > 0
