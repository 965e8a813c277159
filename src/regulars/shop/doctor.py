"""What `regulars doctor` looks at: settings, tables, models, disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from regulars.core.errors import RegularsError
from regulars.core.records import Check

if TYPE_CHECKING:
    from regulars.shop.facade import Shop

ENOUGH_DISK = 1 << 30


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
    checks.append(_models(shop))
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
