"""What model cards say of quality, as one table with its plot: the dashboard, the API and notebooks show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.records import ModelCard

ALPHA = 0.05
COLUMNS = {
    "model": Column("Model"),
    "ndcg": Column("nDCG@10"),
    "recall": Column("recall@20"),
}


def verdict(card: ModelCard) -> str:
    """Return `best`, `alike` (the data do not tell it from the best), `behind`, or nothing when it was not compared."""
    if "vs_best" not in card.quality:
        return ""
    pair = card.quality["vs_best"]
    return "best" if pair is None else "alike" if pair["p"] >= ALPHA else "behind"


def quality_table(cards: Sequence[ModelCard]) -> Table:
    """Return model, ndcg (@10) and recall (@20) with the ends of their 95% intervals, and the verdict; the best first.

    Cards without the figures are left out.
    """
    rows: list[dict[str, Any]] = []
    for card in cards:
        quality = card.quality
        if "ndcg@10_interval" not in quality or "recall@20_interval" not in quality:
            continue
        (low, high), (recall_low, recall_high) = quality["ndcg@10_interval"], quality["recall@20_interval"]
        rows.append(
            {
                "model": card.name, "ndcg": quality["ndcg@10"], "ndcg_low": low, "ndcg_high": high,
                "recall": quality["recall@20"], "recall_low": recall_low, "recall_high": recall_high,
                "verdict": verdict(card),
            }
        )  # fmt: skip
    rows.sort(key=lambda row: -row["ndcg"])
    numbers = ("ndcg", "ndcg_low", "ndcg_high", "recall", "recall_low", "recall_high")
    schema = pa.schema([("model", pa.string()), *((name, pa.float64()) for name in numbers), ("verdict", pa.string())])
    plot = Plot(
        "Held-out quality of the models, with 95% intervals",
        [
            Series("model", "ndcg", "nDCG@10", kind="hbar", low="ndcg_low", high="ndcg_high", format=".3f"),
            Series("model", "recall", "recall@20", kind="hbar", low="recall_low", high="recall_high", format=".3f"),
        ],
    )
    return Table("models", pa.Table.from_pylist(rows, schema=schema), plot, columns=COLUMNS)
