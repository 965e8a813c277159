"""Taking people out of the learned models."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.core.errors import DamagedError
from regulars.core.records import Lineage
from regulars.core.rights import Removal
from regulars.core.versions import ERASING, current_version, make_current
from regulars.interests import Interactions
from regulars.interests.interaction_files import load_interactions
from regulars.recommend.counting import count_again
from regulars.recommend.learning import Learned, load, save

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from regulars.core.records import ModelCard


def erase_from_models(models: Path, subjects: Collection[str]) -> list[Removal]:
    """Take these people out of every learned version: once for all of them, so that many cost as much as one.

    The version in use is written again, without them, under a new name, and then becomes the one in use: a server sees
    that, and a crash leaves either the old one, which is erased from again, or the new one. Their rows are gone from
    every file, and from what models count. What is left are their shares of sums over everyone that cannot be counted
    again (vectors of items, the weights of the blend); the cards say so, and learning from the start forgets those too.
    Older versions that hold them are deleted, and so is what this program cannot load, which nobody can use.
    """
    models.mkdir(parents=True, exist_ok=True)
    # Before anything is looked at: whoever is learning just now begins again (see `learned_before`).
    (models / ERASING).touch()
    people = events = 0
    _sweep(models)
    for known in sorted(models.glob("*/[!.]*/known")):
        interactions = load_interactions(known)
        gone = sorted(number for name in set(subjects) if (number := interactions.user_index.get(name)) is not None)
        if not gone:
            continue
        people += len(gone)
        events += int(interactions.histories.lengths[gone].sum())
        _take_out(models, known.parent, gone)
    return [
        Removal(where="models", what="customers in learned versions", count=people),
        Removal(where="models", what="events in learned versions", count=events),
    ]


def _take_out(models: Path, directory: Path, gone: list[int]) -> None:
    """Replace a version by one without the numbered customers, or delete it where nobody uses it."""
    if current_version(models) == directory.name:
        try:
            learned = load(directory)
        except (DamagedError, msgspec.ValidationError, KeyError):
            learned = None
        left = without(learned.interactions, gone) if learned else None
        if learned and left and len(left.histories.items):
            name = _next(directory.name)
            save(directory.with_name(name), _forgotten(learned, left, gone, name))
            make_current(models, name)
        else:
            make_current(models, "")
    shutil.rmtree(directory)


def _sweep(models: Path) -> None:
    """Delete what a crash left half written; whoever is still writing begins again by itself."""
    for folder in models.glob("*/.*.tmp"):
        pid = folder.name.split(".")[-2]
        if not (pid.isdigit() and _lives(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def without(interactions: Interactions, gone: list[int]) -> Interactions:
    """Return the interactions of everyone but the numbered customers, under the same item numbers."""
    stay = np.delete(np.arange(len(interactions.users)), gone)
    users = [interactions.users[number] for number in stay.tolist()]
    kept = interactions.having(interactions.histories.select(stay))
    return Interactions(users, kept.items, kept.histories, kept.kinds, kept.places, kept.catalogue)


def _forgotten(learned: Learned, left: Interactions, gone: list[int], version: str) -> Learned:
    later = count_again(learned.blend, left, gone)

    def said(card: ModelCard) -> ModelCard:
        lineage = card.lineage or Lineage(weighed_in=card.version)
        lineage = msgspec.structs.replace(
            lineage, erased=lineage.erased + len(gone), recounted_at=datetime.now(UTC), forget_later=later
        )
        return msgspec.structs.replace(
            card, version=version, customers=len(left.users), interactions=len(left.histories.items), lineage=lineage
        )

    return Learned(learned.blend, left, [said(card) for card in learned.cards])


def _next(version: str) -> str:
    """Return the name of a version after an erasure: a1, a1-1, a1-2 and so on."""
    name, _, count = version.partition("-")
    return f"{name}-{int(count or 0) + 1}"
