"""From events to models on disk, and back."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from regulars.core.compute import pc
from regulars.core.errors import DamagedError, InputError
from regulars.core.files import sync_directory, write_bytes
from regulars.core.progress import SILENT, Progress
from regulars.core.records import Lineage, ModelCard
from regulars.events.vocabulary import interest_weight
from regulars.interests import Blend, BlendConfig, Interactions, from_events
from regulars.interests.blend import holdout_of
from regulars.interests.cost import Meter
from regulars.interests.interaction_files import load_interactions, save_interactions
from regulars.recommend.cards import cards_after, cards_of, page_of
from regulars.recommend.counting import settle
from regulars.recommend.repeats import allows_repeats

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from regulars.core.settings import Settings


@dataclass(frozen=True)
class Learned:
    """Models, what they learned from, and their cards."""

    blend: Blend
    interactions: Interactions
    cards: list[ModelCard]


def parts_of(settings: Settings) -> tuple[str, ...]:
    """Return the models that the blend weighs.

    Raises
    ------
    InputError
        One that slates cannot do without is missing.
    """
    parts = tuple(name for name in settings.learn.models if name != "blend")
    missing = {"covisitation", "knn", "popularity"} - set(parts)
    if missing:
        raise InputError(
            f"slates need the model '{sorted(missing)[0]}'", where="regulars.toml: learn.models", fix="Add it."
        )
    return parts


def learn(
    events: pa.Table,
    settings: Settings,
    *,
    snapshot: str,
    version: str,
    items: pa.Table | None = None,
    progress: Progress = SILENT,
) -> Learned:
    """Learn every model from the start.

    Parameters
    ----------
    events
        Columns subject, item, time and kind.
    settings
        Of the shop.
    snapshot, version
        What was learned from, and the name of what comes of it; for the cards.
    items
        The catalogue (see `from_events`), for what cards say of the lists; items without events are left out.
    progress
        Where to report to.

    Raises
    ------
    InputError
        There is too little to learn from.
    """
    started = time.perf_counter()
    interactions = from_events(events, interest_weight, items=_with_events(items, events))
    purchases = events.filter(pc.equal(events.column("kind"), "purchase"))
    repeat = allows_repeats(settings.recommend.repeat, from_events(purchases)) if purchases.num_rows else False
    config = BlendConfig(
        parts=parts_of(settings),
        **holdout_of(interactions, settings.learn.holdout_days),
        repeat=repeat,
        minutes=settings.learn.minutes or None,
        seed=settings.learn.seed,
    )
    blend = Blend(config).fit(interactions, progress=progress)
    cards = cards_of(blend, interactions, snapshot, version, time.perf_counter() - started)
    return Learned(blend, interactions, cards)


def go_on(
    old: Learned, events: pa.Table, settings: Settings, *, snapshot: str, version: str, progress: Progress = SILENT
) -> Learned:
    """Let learned models learn on from all events there are now; `old.blend` is changed.

    What counts counts again; what has vectors or weights starts from those it has. How the parts are weighed, and the
    figures on the cards, stay those of the last time that everything was learned from the start.

    Parameters
    ----------
    old
        What to go on from.
    events, settings, snapshot, version, progress
        As for `learn`.
    """
    blend = old.blend
    with Meter() as meter:
        interactions = from_events(events, interest_weight)
        settle(blend, settings.learn.minutes or None)
        was = interactions.numbers_before(old.interactions.items)
        _ = blend.partial_fit(interactions, was=was, progress=progress)
    before = old.cards[0]
    lineage = before.lineage or Lineage(weighed_in=before.version)
    lineage = msgspec.structs.replace(lineage, went_on_from=before.version)
    cards = cards_after(
        old.cards, blend, interactions, meter.cost,
        version=version, snapshot=snapshot, trained_at=datetime.now(UTC), lineage=lineage,
    )  # fmt: skip
    return Learned(blend, interactions, cards)


def _with_events(items: pa.Table | None, events: pa.Table) -> pa.Table | None:
    """Return the catalogue of what was chosen: nobody recommends the rest yet, and every model would make room."""
    if items is None or items.num_rows == 0:
        return None
    return items.filter(pc.is_in(items.column("item"), value_set=pc.unique(events.column("item"))))


def save(directory: Path, learned: Learned) -> None:
    """Write everything into `directory`, whole or not at all."""
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        learned.blend.save(temporary)
        # The shop's tables hold the catalogue; nothing that is served needs it beside the models as well.
        save_interactions(temporary / "known", replace(learned.interactions, catalogue=None))
        write_bytes(temporary / "cards.json", msgspec.json.format(msgspec.json.encode(learned.cards)))
        write_bytes(temporary / "card.md", page_of(learned.cards, learned.blend.config.parts).encode())
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
