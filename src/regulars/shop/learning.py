"""Learning from a shop's events: from the start or on from the version in use, and never past an erasure."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

from regulars.core.errors import DamagedError, UsageError
from regulars.core.ids import content_id
from regulars.core.versions import MODELS, current_version, last_erasure, make_current, version_directory
from regulars.shop.interest import interest_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.core.progress import Progress
    from regulars.core.settings import Settings
    from regulars.interests.neural.distributed import Group
    from regulars.recommend import Learned
    from regulars.shop.facade import Shop

MODEL_FORMAT = 4
"""Raised when models of an older program must be learned again."""


def learn_shop(
    shop: Shop, *, models: Sequence[str] | None, minutes: float | None, warm: bool, progress: Progress
) -> None:
    """Have the shop's models match its events, as `Shop.learn` says."""
    settings = _told(shop.settings, models, minutes)
    from regulars.interests.neural.distributed import group

    # Under torchrun every process learns, since they learn together; the first one decides and writes.
    with group() as ranks:
        while not _learn_once(shop, settings, ranks, progress, warm=warm):
            pass
        ranks.wait()


def _told(settings: Settings, models: Sequence[str] | None, minutes: float | None) -> Settings:
    """Return the settings with what this call says otherwise."""
    if minutes is not None and minutes <= 0:
        raise UsageError(f"{minutes:g} is not more than nothing", where="minutes")
    told = settings.learn
    if models is not None:
        told = msgspec.structs.replace(told, models=tuple(models))
    if minutes is not None:
        told = msgspec.structs.replace(told, minutes=minutes)
    return msgspec.structs.replace(settings, learn=told)


def _learn_once(shop: Shop, settings: Settings, ranks: Group, progress: Progress, *, warm: bool) -> bool:
    """Learn and write; False when somebody was erased meanwhile: nothing is left of what was learned."""
    folder = shop.directory / MODELS
    began = last_erasure(folder)
    snapshot, allowed = shop.store.snapshot, shop.permissions.state("personalisation")
    state = f"{MODEL_FORMAT}|{snapshot}|{allowed}|{settings.learn}|{settings.recommend.repeat}"
    version = content_id(state)[:12]
    if warm and not (version_directory(shop.directory, version) / "cards.json").exists():
        version = content_id(f"{state}|warm")[:12]
    directory = version_directory(shop.directory, version)
    (there,) = ranks.agree((directory / "cards.json").exists())
    if not there:
        directory.parent.mkdir(parents=True, exist_ok=True)
        learned = _learn(shop, settings, snapshot, version, progress, warm=warm)
        if ranks.leads:
            from regulars.recommend import save

            save(directory, learned)
    # Looked at after writing and before anybody uses it: an erasure that began later finds the version and takes
    # the person out of it; one that began earlier may have missed it.
    (kept,) = ranks.agree(last_erasure(folder) == began)
    if not kept:
        if ranks.leads and not there:
            shutil.rmtree(directory)
        return False
    if ranks.leads:
        make_current(folder, version)
    return True


def _learn(shop: Shop, settings: Settings, snapshot: str, version: str, progress: Progress, *, warm: bool) -> Learned:
    from regulars.recommend import go_on, learn, load, parts_of

    parts = parts_of(settings)
    old = None
    if warm and (active := current_version(shop.directory / MODELS)):
        try:
            old = load(version_directory(shop.directory, active))
        except DamagedError:
            # A version of an older program, or one that an erasure has just replaced: there is nothing to go on from.
            old = None
    if old is not None and set(old.blend.config.parts) != set(parts):
        raise UsageError(
            f"the version in use has {', '.join(old.blend.config.parts)}", where="warm",
            fix="Go on with these models, or learn from the start.",
        )  # fmt: skip
    with progress.task("Reading events", None):
        rows = interest_events(shop.store, settings, shop.permissions)
    if old is not None:
        return go_on(old, rows, settings, snapshot=snapshot, version=version, progress=progress)
    items = shop.store.run(shop.store.table("items").select("item", "title", "category"))
    return learn(rows, settings, snapshot=snapshot, version=version, items=items, progress=progress)
