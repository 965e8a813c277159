"""How good the models are, side by side: the quality their cards report on held-out days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.records import ModelCard
    from regulars.web.wording import Words

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
    interval: str
    """Of nDCG@20: models whose intervals overlap are not told apart by this shop's data."""
    baseline: bool


@dataclass(frozen=True)
class ModelTable:
    """Models × metrics, and the best of each metric."""

    metrics: list[str]
    rows: list[Measured]
    best: list[float]


def model_table(cards: Sequence[ModelCard], words: Words) -> ModelTable | None:
    """Return the comparison of all cards that report any quality, or None."""
    metrics = [m for m in METRICS if any(_value(card, m) is not None for card in cards)]
    rows = [
        Measured(
            card.name, [_value(card, m) for m in metrics], _interval(card, words), bool(card.quality.get("baseline"))
        )
        for card in cards
    ]
    rows = [row for row in rows if any(value is not None for value in row.values)]
    if not rows:
        return None
    best = [max(v for row in rows if (v := row.values[k]) is not None) for k in range(len(metrics))]
    return ModelTable(metrics, rows, best)


def quality_note(cards: Sequence[ModelCard], words: Words) -> str:
    """Say how the table was measured: on which days, on how many customers."""
    quality = cards[0].quality if cards else {}
    people = words.count("%(n)s customer", "%(n)s customers", int(quality.get("customers") or 0))
    days = quality.get("days")
    if days is None:
        return words.say(
            "The next item of %(customers)s who taught the models nothing; every item ranked.", customers=people
        )
    when = words.count("The last day", "The last %(n)s days", int(days))
    return words.say(
        "%(when)s of %(customers)s who taught the models nothing; every item ranked.", when=when, customers=people
    )


def _interval(card: ModelCard, words: Words) -> str:
    low, high = card.quality.get("ndcg@20_interval") or (None, None)
    return f"{words.fixed(low, 4)} – {words.fixed(high, 4)}" if low is not None else "–"


def _value(card: ModelCard, metric: str) -> float | None:
    value = card.quality.get(metric)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
