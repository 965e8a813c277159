"""How good the models are, side by side: the quality their cards report on held-out days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.shop.model_quality import verdict
from regulars.web.model_names import model_naming
from regulars.web.wording import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.records import Cost, ModelCard
    from regulars.web.wording import Words

METRICS = {
    "ndcg@10": mark("Of what they bought next, the share among the 10 shown, worth more near the top; 1 is perfect."),
    "recall@20": mark("Of what they bought next, the share among the 20 shown."),
    "hr@10": mark("Customers with at least one hit among the 10 shown."),
    "coverage": mark("The share of the catalogue that is ever shown."),
    "popularity_lift@10": mark("How much more popular the shown items are than those customers chose; 0 is as much."),
}
"""Quality a card may report → what it means."""
HEADINGS = {"popularity_lift@10": mark("popularity bias"), "coverage": mark("coverage")}
"""Names of metrics that are words; the others are the field's terms."""
LARGER_IS_BETTER = frozenset({"ndcg@10", "recall@20", "hr@10", "coverage"})
VERDICTS = {"best": mark("best"), "alike": mark("not told apart from the best"), "behind": ""}
SLICES = {
    "history": mark("Events known of the customer"),
    "item": mark("Customers who had chosen the item"),
}
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Cell:
    """One figure."""

    value: str
    interval: str
    """95%; empty where it is not known."""
    best: bool


@dataclass(frozen=True)
class Measured:
    """One model's row."""

    name: str
    cells: list[Cell]
    versus: str
    """How it did against the best baseline."""
    verdict: str
    wins: bool
    baseline: bool


@dataclass(frozen=True)
class SliceTable:
    """The models for some customers or some items: a row a slice, a column a model."""

    title: str
    models: list[str]
    rows: list[tuple[str, str, list[str]]]
    """Bucket, customers, nDCG@10 of each model."""


@dataclass(frozen=True)
class ModelTable:
    """Models × metrics, and what stands beside the table."""

    metrics: list[tuple[str, str]]
    """Heading and meaning."""
    rows: list[Measured]
    slices: list[SliceTable]


def model_table(cards: Sequence[ModelCard], words: Words) -> ModelTable | None:
    """Return the comparison of all cards that report any quality, or None."""
    judged = [card for card in cards if any(_value(card, metric) is not None for metric in METRICS)]
    if not judged:
        return None
    metrics = [m for m in METRICS if any(_value(card, m) is not None for card in judged)]
    best = {m: max((v for card in judged if (v := _value(card, m)) is not None), default=None) for m in metrics}
    headings = [(words.say(HEADINGS[m]) if m in HEADINGS else m, words.say(METRICS[m])) for m in metrics]
    judged.sort(key=lambda card: -(_value(card, "ndcg@10") or 0.0))
    rows = [_measured(card, metrics, best, words) for card in judged]
    return ModelTable(headings, rows, _slices(judged, words))


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


def cost_note(cost: Cost | None, words: Words) -> str:
    """Say what learning took: processor time, memory, energy; empty when it was not noted."""
    if cost is None:
        return ""
    energy = (
        words.say("%(n)s Wh, measured", n=words.number(cost.watt_hours, 3))
        if cost.energy == "measured"
        else words.say("about %(n)s Wh", n=words.number(cost.watt_hours, 3))
    )
    return words.say(
        "%(seconds)s s of a processor, %(memory)s MB of memory at most, %(energy)s",
        seconds=words.number(cost.cpu_seconds, 1),
        memory=words.number(cost.peak_bytes / MEGABYTE),
        energy=energy,
    )


def _measured(card: ModelCard, metrics: list[str], best: dict[str, float | None], words: Words) -> Measured:
    found = verdict(card)
    cells = [_cell(card, metric, best[metric], words) for metric in metrics]
    pair = card.quality.get("vs")
    versus = f"{pair['difference']:+.4f}" if pair else ""
    said = words.say(VERDICTS[found]) if found and VERDICTS[found] else ""
    baseline = bool(card.quality.get("baseline"))
    return Measured(model_naming(words)(card.name), cells, versus, said, found == "best", baseline)


def _cell(card: ModelCard, metric: str, best: float | None, words: Words) -> Cell:
    value = _value(card, metric)
    ends = card.quality.get(f"{metric}_interval")
    interval = f"{words.fixed(ends[0], 4)} – {words.fixed(ends[1], 4)}" if ends else ""
    return Cell(words.fixed(value, 4), interval, metric in LARGER_IS_BETTER and value is not None and value == best)


def _slices(cards: list[ModelCard], words: Words) -> list[SliceTable]:
    sliced = [card for card in cards if card.quality.get("slices")]
    tables: list[SliceTable] = []
    for by, title in SLICES.items():
        parts: list[list[dict[str, Any]]] = [
            [part for part in card.quality["slices"] if part["by"] == by] for card in sliced
        ]
        rows = [
            (str(same[0]["bucket"]), words.number(same[0]["customers"]), [words.fixed(p["ndcg@10"], 4) for p in same])
            for same in zip(*parts, strict=True)
        ]
        if rows:
            tables.append(SliceTable(words.say(title), [model_naming(words)(card.name) for card in sliced], rows))
    return tables


def _value(card: ModelCard, metric: str) -> float | None:
    value = card.quality.get(metric)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
