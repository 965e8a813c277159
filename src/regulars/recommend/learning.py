"""From events to models on disk, and back."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.compute import pc
from regulars.core.errors import DamagedError, InputError
from regulars.core.files import sync_directory, write_bytes
from regulars.core.progress import SILENT, Progress
from regulars.core.records import Cost, ModelCard
from regulars.events.vocabulary import interest_weight
from regulars.interests import Blend, BlendConfig, Interactions, from_events
from regulars.interests.interaction_files import load_interactions, save_interactions
from regulars.recommend.repeats import allows_repeats

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from regulars.core.settings import Settings

BASELINES = ("popular-last-week", "own-frequency")
MIN_DAYS = 2


@dataclass(frozen=True)
class Learned:
    """Models, what they learned from, and their cards."""

    blend: Blend
    interactions: Interactions
    cards: list[ModelCard]


def learn(events: pa.Table, settings: Settings, *, snapshot: str, version: str, progress: Progress = SILENT) -> Learned:
    """Learn every model from event rows (columns subject, item, time, kind).

    Raises
    ------
    InputError
        There is too little to learn from.
    """
    started = time.perf_counter()
    interactions = from_events(events, interest_weight)
    purchases = events.filter(pc.equal(events.column("kind"), "purchase"))
    repeat = allows_repeats(settings.recommend.repeat, from_events(purchases)) if purchases.num_rows else False
    parts = tuple(name for name in settings.learn.models if name != "blend")
    missing = {"covisitation", "knn", "popularity"} - set(parts)
    if missing:
        raise InputError(
            f"slates need the model '{sorted(missing)[0]}'", where="regulars.toml: learn.models", fix="Add it."
        )
    span = (interactions.last_time - int(interactions.histories.times.min())) / 86_400
    config = BlendConfig(
        parts=parts,
        holdout_days=max(1, min(settings.learn.holdout_days, int(span // 3))),
        holdout="time" if span >= MIN_DAYS else "last",
        repeat=repeat,
        seed=settings.learn.seed,
    )
    blend = Blend(config).fit(interactions, progress=progress)
    cards = _cards(blend, interactions, snapshot, version, time.perf_counter() - started)
    return Learned(blend, interactions, cards)


def save(directory: Path, learned: Learned) -> None:
    """Write everything into `directory`, whole or not at all."""
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        learned.blend.save(temporary)
        save_interactions(temporary / "known", learned.interactions)
        write_bytes(temporary / "cards.json", msgspec.json.format(msgspec.json.encode(learned.cards)))
        write_bytes(temporary / "card.md", _markdown(learned).encode())
        shutil.rmtree(directory, ignore_errors=True)
        temporary.rename(directory)
        sync_directory(directory.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load(directory: Path) -> Learned:
    """Read what `save` wrote.

    Raises
    ------
    DamagedError
        A file is missing or damaged.
    """
    try:
        cards = msgspec.json.decode((directory / "cards.json").read_bytes(), type=list[ModelCard])
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise DamagedError(
            f"the model cards cannot be read: {error}", where=str(directory), fix="Run `regulars learn DIR`."
        ) from None
    return Learned(Blend.load(directory), load_interactions(directory / "known"), cards)


def _cards(blend: Blend, interactions: Interactions, snapshot: str, version: str, seconds: float) -> list[ModelCard]:
    days = blend.config.holdout_days
    what = f"next {days} days" if blend.config.holdout == "time" else "next item"
    cards: list[ModelCard] = []
    # Too few customers to set some apart: the blend is learned, and nothing is claimed of it.
    for row in reversed(blend.quality_ or [{"model": blend.name}]):
        name = row["model"]
        model = blend if name == "blend" else blend.parts_.get(name)
        settings: dict[str, Any] = msgspec.to_builtins(model.config) if model else {}
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
                settings=settings,
                quality=quality,
                cost=blend.costs_.get(name),
            )
        )
    return cards


def _markdown(learned: Learned) -> str:
    lines = [
        "# Model card",
        "",
        "A conditional logit over the candidates of repeat purchase, co-visitation, item-kNN, matrix factorisation "
        "and popularity. It ranks; it decides nothing about prices or persons. It knows a customer by the events of "
        "the shop alone.",
        "",
        "Held-out days, customers who taught the weights nothing, full ranking:",
        "",
        "| model | recall@20 | nDCG@20 | 95% interval | customers |",
        "|---|---|---|---|---|",
    ]
    for card in learned.cards:
        q = card.quality
        if "recall@20" not in q:
            continue
        low, high = q["ndcg@20_interval"]
        lines.append(
            f"| {card.name} | {q['recall@20']:.4f} | {q['ndcg@20']:.4f} | {low:.4f} to {high:.4f} | {q['customers']} |"
        )
    lines += ["", *_cost_lines(learned.cards)]
    return "\n".join(lines) + "\n"


def _cost_lines(cards: list[ModelCard]) -> list[str]:
    lines = [
        "What learning took; the blend's line is everything but the last fit of its parts. Memory is the most held:",
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
