"""The models side by side: the page, its plot and the API show the same figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from regulars.core.records import Cost, ModelCard
from regulars.shop.model_quality import quality_table, verdict
from regulars.web.app import create_app
from regulars.web.dashboard.model_table import cost_note, model_table
from regulars.web.wording import words_of

from .doors import HOST, at_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def client(shop_directory: Path) -> Iterator[TestClient[Any]]:
    with TestClient(at_home(create_app(shop_directory)), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


def card(name: str, ndcg: float, against_best: float | None, **quality: object) -> ModelCard:
    pair = (
        None if against_best is None else {"model": "x", "difference": -0.1, "interval": [-0.2, 0.0], "p": against_best}
    )
    figures = {
        "ndcg@10": ndcg, "ndcg@10_interval": [ndcg - 0.01, ndcg + 0.01], "recall@20": 0.3,
        "recall@20_interval": [0.28, 0.32], "vs_best": pair, **quality,
    }  # fmt: skip
    return ModelCard(
        name=name, version="1", trained_at=datetime(2024, 5, 1, tzinfo=UTC), snapshot="s", customers=9, items=9,
        interactions=99, fit_seconds=1.0, quality=figures,
    )  # fmt: skip


def test_the_page_and_the_api_show_every_model(client: TestClient[Any]) -> None:
    """Each judged model has its nDCG@10 with the interval in the table, in the rows and as a bar of the plot."""
    page = client.get("/dashboard/recommendations?lang=en").text
    rows = client.get("/api/models/quality").json()["rows"]
    assert {"blend", "popularity", "own-frequency"} <= {row["model"] for row in rows}
    assert [row["ndcg"] for row in rows] == sorted((row["ndcg"] for row in rows), reverse=True)
    assert sum(row["verdict"] == "best" for row in rows) == 1
    for row in rows:
        assert row["ndcg_low"] <= row["ndcg"] <= row["ndcg_high"]
        assert f"{row['ndcg_low']:.4f} – {row['ndcg_high']:.4f}" in page
    assert "against the baseline" in page
    assert "Customers who had chosen the item" in page
    chinese = client.get("/dashboard/recommendations?lang=zh").text
    assert "与基线相比" in chinese
    figure = json.loads(client.get("/api/models/quality?as=figure&lang=zh&theme=dark").text)
    assert "留出数据" in figure["layout"]["title"]["text"]
    bars = figure["data"][0]
    assert len(bars["y"]) == len(rows)
    assert bars["error_x"]["array"][0] == pytest.approx(rows[0]["ndcg_high"] - rows[0]["ndcg"])
    answer = client.get("/api/models/quality?as=csv")
    assert answer.text.lstrip("\ufeff").startswith('"model","ndcg"')


def test_the_best_is_named_and_what_is_like_it() -> None:
    """Of three models the best, one not told from it at p = .4, and one behind."""
    cards = [card("als", 0.1, 0.4), card("blend", 0.11, None), card("popularity", 0.02, 0.001, baseline=True)]
    assert [verdict(one) for one in cards] == ["alike", "best", "behind"]
    table = model_table(cards, words_of("en"))
    assert table is not None
    assert [row.verdict for row in table.rows] == ["best", "not told apart from the best", ""]
    assert [row.wins for row in table.rows] == [True, False, False]
    assert table.rows[2].baseline
    assert table.rows[0].cells[0].best
    assert table.slices == []
    assert quality_table(cards).rows.column("model").to_pylist() == ["blend", "als", "popularity"]


def test_cards_of_earlier_versions_are_shown_with_what_they_have() -> None:
    """Without intervals and comparisons there is no verdict and no bar, and nothing fails."""
    old = ModelCard(
        name="blend", version="1", trained_at=datetime(2024, 5, 1, tzinfo=UTC), snapshot="s", customers=9, items=9,
        interactions=99, fit_seconds=1.0, quality={"ndcg@10": 0.1, "customers": 9},
    )  # fmt: skip
    table = model_table([old], words_of("en"))
    assert table is not None
    assert (table.rows[0].verdict, table.rows[0].versus) == ("", "")
    assert quality_table([old]).rows.num_rows == 0
    assert model_table([], words_of("en")) is None


def test_the_cost_is_said_and_whether_it_was_measured() -> None:
    """Seconds, megabytes and watt-hours; nothing where nothing was noted."""
    cost = Cost(cpu_seconds=12.34, wall_seconds=9.0, peak_bytes=250_000_000, watt_hours=0.041)
    assert cost_note(cost, words_of("en")) == "12.3 s of a processor, 250 MB of memory at most, about 0.041 Wh"
    assert "实测" in cost_note(Cost(energy="measured"), words_of("zh"))
    assert cost_note(None, words_of("en")) == ""
