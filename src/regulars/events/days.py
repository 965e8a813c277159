"""Instants and calendar days: one place that knows about time zones."""

from __future__ import annotations

import pyarrow as pa

from regulars.core.compute import pc

INSTANT = pa.timestamp("us", tz="UTC")
NAIVE = pa.timestamp("us")


def local_days(times: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    """Return the calendar day of each instant on the wall clock of `zone`."""
    return pc.local_timestamp(times.cast(pa.timestamp("us", tz=zone))).cast(pa.date32())


def in_zone(times: pa.Array, zone: str) -> pa.Array:
    """Return the instants of wall-clock times in `zone`.

    Where the clock is put back an hour exists twice: the first one is meant. Where it is put forward an hour
    does not exist: the moment of the change is meant.
    """
    if zone == "UTC":
        return times.cast(INSTANT)
    zoned = pc.assume_timezone(times, zone, ambiguous="earliest", nonexistent="latest")
    return zoned.cast(INSTANT)
