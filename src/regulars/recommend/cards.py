"""What a version says of itself: a card for each model and baseline, and the page of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.records import Cost, Lineage, ModelCard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.interests import Blend, Interactions

BASELINES = ("popular-last-week", "own-frequency")


def cards_of(blend: Blend, interactions: Interactions, snapshot: str, version: str, seconds: float) -> list[ModelCard]:
    """Return the cards of a blend that has just been learned from the start, its own first."""
    days = blend.config.holdout_days
    what = f"next {days} days" if blend.config.holdout == "time" else "next item"
    cards: list[ModelCard] = []
    # Too few customers to set some apart: the blend is learned, and nothing is claimed of it.
    for row in reversed(blend.quality_ or [{"model": blend.name}]):
        name = row["model"]
        quality = {
            "protocol": what,
            "days": days if blend.config.holdout == "time" else None,
            "baseline": name in (*BASELINES, "popularity"),
            **row,
        }
        cards.append(
            ModelCard(
                name=name,
                version=version,
                trained_at=datetime.now(UTC),
                snapshot=snapshot,
                customers=len(interactions.users),
                items=len(interactions.items),
                interactions=len(interactions.histories.items),
                fit_seconds=seconds if name == "blend" else blend.costs_.get(name, Cost()).wall_seconds,
                settings=_settings(blend, name),
                quality=quality,
                cost=blend.costs_.get(name),
            )
        )
    return cards


def cards_after(
    old: Sequence[ModelCard], blend: Blend, interactions: Interactions, cost: Cost, **changes: Any
) -> list[ModelCard]:
    """Return cards of models that learned on: what they cost is new, how good they were found is as it was.

    Parameters
    ----------
    old
        The cards of the version that was gone on from.
    blend, interactions
        As they are now.
    cost
        Of all that was done.
    changes
        Fields that are new on every card, such as `version` and `lineage`.
    """
    return [
        msgspec.structs.replace(
            card,
            customers=len(interactions.users),
            items=len(interactions.items),
            interactions=len(interactions.histories.items),
            fit_seconds=(cost if card.name == blend.name else blend.costs_.get(card.name, Cost())).wall_seconds,
            settings=_settings(blend, card.name),
            cost=cost if card.name == blend.name else blend.costs_.get(card.name),
            **changes,
        )
        for card in old
    ]


def _settings(blend: Blend, name: str) -> dict[str, Any]:
    model = blend if name == blend.name else blend.parts_.get(name)
    return msgspec.to_builtins(model.config) if model else {}


def page_of(cards: Sequence[ModelCard], parts: Sequence[str]) -> str:
    """Return the cards as one page of Markdown."""
    lines = [
        "# Model card",
        "",
        f"What {', '.join(parts)} say of an item, weighed by what customers then chose. It ranks; it decides nothing "
        "about prices or persons. It knows a customer by the events of the shop alone.",
        "",
        *(f"{said}\n" for said in _history(cards[0].lineage)),
        "Held-out days, customers who taught the weights nothing, full ranking:",
        "",
        "| model | recall@20 | nDCG@20 | 95% interval | customers |",
        "|---|---|---|---|---|",
    ]
    for card in cards:
        q = card.quality
        if "recall@20" not in q:
            continue
        low, high = q["ndcg@20_interval"]
        lines.append(
            f"| {card.name} | {q['recall@20']:.4f} | {q['ndcg@20']:.4f} | {low:.4f} to {high:.4f} | {q['customers']} |"
        )
    return "\n".join([*lines, "", *_costs(cards)]) + "\n"


def _history(lineage: Lineage | None) -> list[str]:
    if lineage is None:
        return []
    said: list[str] = []
    if lineage.went_on_from:
        said.append(
            f"Went on from {lineage.went_on_from}; weights of the blend and figures from {lineage.weighed_in}, "
            "learned from the start."
        )
    if lineage.erased:
        at = f"{lineage.recounted_at:%F %H:%M} UTC" if lineage.recounted_at else ""
        later = ", ".join(lineage.forget_later)
        said.append(
            f"Erased since: {lineage.erased:,} customers; counts made again at {at}; {later} forget the rest when they "
            "next learn from the start."
        )
    return said


def _costs(cards: Sequence[ModelCard]) -> list[str]:
    whole = (
        "all of it" if (line := cards[0].lineage) and line.went_on_from else "everything but the last fit of its parts"
    )
    lines = [
        f"What learning took; the blend's line is {whole}. Memory is the most held:",
        "",
        "| model | CPU-seconds | seconds | MB | Wh |",
        "|---|---|---|---|---|",
    ]
    for card in cards:
        if (cost := card.cost) is not None:
            about = "" if cost.energy == "measured" else "about "
            lines.append(
                f"| {card.name} | {cost.cpu_seconds:.1f} | {cost.wall_seconds:.1f} | {cost.peak_bytes / 1e6:.0f} "
                f"| {about}{cost.watt_hours:.4f} |"
            )
    return lines
