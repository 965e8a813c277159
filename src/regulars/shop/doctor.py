"""What `regulars doctor` looks at: settings, tables, models, disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from regulars.core.errors import RegularsError
from regulars.core.records import Check
from regulars.shop.leases import lease
from regulars.store.log.segments import examine as look_at
from regulars.store.log.segments import segment_sets

if TYPE_CHECKING:
    from regulars.shop.facade import Shop

ENOUGH_DISK = 1 << 30
BACKLOG = 64 << 20


def examine(shop: Shop) -> list[Check]:
    """Return one finding for each thing looked at; nothing is changed."""
    checks = [
        Check(name="settings", ok=True, detail=f"regulars.toml is read; days end in {shop.settings.shop.time_zone}")
    ]
    checks += shop.store.check()
    events = shop.store.rows("events")
    checks.append(
        Check(
            name="events",
            ok=events > 0,
            detail=f"{events:,} events, {shop.store.rows('items'):,} items",
            fix="" if events else "Import some: `regulars import DIR FILE`.",
        )
    )
    checks += [_log(shop), _models(shop)]
    free = shutil.disk_usage(shop.directory).free
    checks.append(
        Check(
            name="disk",
            ok=free >= ENOUGH_DISK,
            detail=f"{free / 1e9:.1f} GB free",
            fix="" if free >= ENOUGH_DISK else "Make room: an import needs about as much as its files.",
        )
    )
    return checks


def _log(shop: Shop) -> Check:
    """Say how far the tables are behind the log, and whether anything in it is damaged."""
    log = shop.directory / "log"
    positions = shop.store.manifest.positions()
    waiting = damaged = 0
    for segments in segment_sets(log):
        for segment in segments.segments:
            waiting += max(0, segment.path.stat().st_size - positions.get(segment.name, 0))
            damaged += look_at(segment.path).between
    with lease(shop.directory) as free:
        tended = not free
    fix = ""
    if damaged:
        fix = "Look at the disk; every whole record around the damage is read."
    elif waiting > BACKLOG and not tended:
        fix = "Run `regulars compact DIR`, or `regulars serve DIR`, which does so by itself."
    return Check(
        name="log",
        ok=not fix,
        detail=f"{waiting:,} bytes collected and not yet in the tables, {damaged:,} bytes damaged",
        fix=fix,
    )


def _models(shop: Shop) -> Check:
    try:
        models = shop.models()
        if models:
            _ = shop.recommend(basket=[])
    except RegularsError as error:
        return Check(name="models", ok=False, detail=error.message, fix=error.fix)
    if not models:
        return Check(name="models", ok=False, detail="nothing has been learned", fix="Run `regulars learn DIR`.")
    stale = models[0].snapshot != shop.store.snapshot
    return Check(
        name="models",
        ok=not stale,
        detail=f"version {models[0].version}, learned at {models[0].snapshot}, shop at {shop.store.snapshot}",
        fix="Learn again: `regulars learn DIR`." if stale else "",
    )
