"""How good the models are, side by side: the quality their cards report on held-out days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.records import ModelCard

METRICS = {
    "recall@20": mark("Of what they bought next, the share among the 20 shown."),
    "ndcg@20": mark("The same, worth more near the top; 1 is perfect."),
    "recall@10": mark("Of what they bought next, the share among the 10 shown."),
    "ndcg@10": mark("As for 20, among the 10 shown."),
    "hr@10": mark("Customers with at least one hit among the 10 shown."),
    "coverage": mark("The share of the catalogue that is ever shown."),
}
"""Quality a card may report → what it means."""


@dataclass(frozen=True)
class Measured:
    """One model's row; None where its card does not report the metric."""

    name: str
    values: list[float | None]


@dataclass(frozen=True)
class ModelTable:
    """Models × metrics, and the best of each metric."""

    metrics: list[str]
    rows: list[Measured]
    best: list[float]
    notes: list[str]
    """How it was measured."""


def model_table(cards: Sequence[ModelCard]) -> ModelTable | None:
    """Return the comparison of all cards that report any quality, or None."""
    metrics = [m for m in METRICS if any(_value(card, m) is not None for card in cards)]
    rows = [Measured(card.name, [_value(card, m) for m in metrics]) for card in cards]
    rows = [row for row in rows if any(value is not None for value in row.values)]
    if not rows:
        return None
    best = [max(v for row in rows if (v := row.values[k]) is not None) for k in range(len(metrics))]
    notes = list(dict.fromkeys(str(card.quality["protocol"]) for card in cards if card.quality.get("protocol")))
    return ModelTable(metrics, rows, best, notes)


def _value(card: ModelCard, metric: str) -> float | None:
    value = card.quality.get(metric)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
