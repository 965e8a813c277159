"""The events that models learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from regulars.core.settings import Settings
    from regulars.shop.permissions import Permissions
    from regulars.store import Store

COLUMNS = ("subject", "item", "time", "kind")


def interest_events(
    store: Store, settings: Settings, permissions: Permissions | None = None, columns: Sequence[str] = COLUMNS
) -> pa.Table:
    """Return the events of the kinds in `learn.kinds`, with the columns that models need.

    With `permissions`, without those of people who do not allow personalisation.
    """
    events = store.table("events")
    events = permissions.keep(events, "personalisation") if permissions else events
    kinds = [ibis.literal(kind) for kind in settings.learn.kinds]
    return store.run(events.filter(events.kind.isin(kinds)).select(*columns))
