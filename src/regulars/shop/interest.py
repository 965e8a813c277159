"""The events that models learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import pyarrow as pa

    from regulars.core.settings import Settings
    from regulars.store import Store

COLUMNS = ("subject", "item", "time", "kind")


def interest_events(store: Store, settings: Settings) -> pa.Table:
    """Return the events of the kinds in `learn.kinds`, with the columns that models need."""
    events = store.table("events")
    kinds = [ibis.literal(kind) for kind in settings.learn.kinds]
    return store.run(events.filter(events.kind.isin(kinds)).select(*COLUMNS))
