"""Every column name and type, in one place.

A shop has three tables. `events` only grows; `items` and `customers` hold the latest state of each row.
Times are instants in UTC; `day` is the calendar day in the shop's own time zone, fixed when the event is
stored, so that every engine counts the same days without knowing about time zones.
"""

from __future__ import annotations

import pyarrow as pa

EVENTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("item", pa.string()),
        pa.field("quantity", pa.float64()),
        pa.field("value", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("session", pa.string()),
        pa.field("device", pa.string()),
        pa.field("country", pa.string()),
        pa.field("region", pa.string()),
        pa.field("city", pa.string()),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("channel", pa.string()),
        pa.field("source", pa.string()),
        pa.field("campaign", pa.string()),
        pa.field("referrer", pa.string()),
        pa.field("properties", pa.string()),
    ]
)
"""`value` is the worth of the whole line in `currency`; `properties` is a JSON object."""

ITEMS = pa.schema(
    [
        pa.field("item", pa.string(), nullable=False),
        pa.field("title", pa.string()),
        pa.field("category", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("price", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("text", pa.string()),
        pa.field("stock", pa.float64()),
        pa.field("image", pa.string()),
    ]
)
"""`category` is a path, outermost first, joined with ' > '; `stock` null means not tracked."""

CUSTOMERS = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("created", pa.timestamp("us", tz="UTC")),
        pa.field("attributes", pa.string()),
    ]
)
"""`attributes` is a JSON object: whatever the shop knows that is not behaviour."""

TABLES: dict[str, pa.Schema] = {"events": EVENTS, "items": ITEMS, "customers": CUSTOMERS}
KEYS: dict[str, str] = {"events": "id", "items": "item", "customers": "subject"}
"""The column that names a row of each table."""

CATEGORY_SEPARATOR = " > "
