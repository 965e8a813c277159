"""Rows of the events table, gathered one by one and handed over as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.core.schema import EVENTS
from regulars.events.days import local_days

if TYPE_CHECKING:
    from regulars.events.wire import WireEvent

_NAMES = [name for name in EVENTS.names if name != "day"]


class Rows:
    """Events on their way into one file.

    Parameters
    ----------
    zone
        The shop's time zone, in which days end.
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, event: WireEvent, subject: str, session: str, referrer: str | None, properties: str | None) -> None:
        """Take in one event; the order is that of the schema, without `day`."""
        self._rows.append(
            (
                event.id, event.time, subject, event.kind, event.item, event.quantity, event.value, event.currency,
                session, event.device, event.country, event.region, event.city, event.latitude, event.longitude,
                event.channel, event.source, event.campaign, referrer, properties,
            )
        )  # fmt: skip

    def table(self) -> pa.Table:
        """Return everything added, in the schema of `events`."""
        if not self._rows:
            return EVENTS.empty_table()
        columns: dict[str, Any] = {
            name: pa.array(values, _type(name))
            for name, values in zip(_NAMES, zip(*self._rows, strict=True), strict=True)
        }
        columns["time"] = columns["time"].cast(EVENTS.field("time").type)
        columns["day"] = local_days(pa.chunked_array([columns["time"]]), self._zone)
        return pa.table({name: columns[name] for name in EVENTS.names}, schema=EVENTS)


def _type(name: str) -> pa.DataType:
    return pa.int64() if name == "time" else EVENTS.field(name).type
