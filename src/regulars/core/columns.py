"""What the columns of answers are called and how a person reads their values."""

from __future__ import annotations

from typing import Literal, NamedTuple

Format = Literal["number", "share", "money", "day", "text", "duration", "flag"]
"""`duration` is in seconds, `share` between 0 and 1, `flag` yes or no."""


class Column(NamedTuple):
    """A column's title, a short English phrase that a page translates, and how its values are written."""

    title: str
    format: Format = "number"
    digits: int = 2


COLUMNS: dict[str, Column] = {
    "average_order_value": Column("Average order value", "money"),
    "buyers": Column("Buyers"),
    "cohort": Column("First active in", "day"),
    "complete": Column("Complete", "flag"),
    "customers": Column("Customers"),
    "dau": Column("Daily active"),
    "day": Column("Day", "day"),
    "days": Column("Days active"),
    "dormant": Column("Dormant"),
    "events": Column("Events"),
    "group": Column("Group", "text"),
    "high": Column("Interval to", "share"),
    "item": Column("Product", "text"),
    "low": Column("Interval from", "share"),
    "mau": Column("Monthly active"),
    "new": Column("New"),
    "orders": Column("Orders"),
    "period": Column("Period from", "day"),
    "period_end": Column("Period to", "day"),
    "resurrected": Column("Resurrected"),
    "returned": Column("Came back"),
    "returning": Column("Returning"),
    "revenue": Column("Revenue", "money"),
    "sessions": Column("Sessions"),
    "share": Column("Share", "share"),
    "smoothed": Column("Mean over the window", "share"),
    "stickiness": Column("Stickiness", "share"),
    "title": Column("Title", "text"),
    "value": Column("Value"),
    "wau": Column("Weekly active"),
}
"""Names that mean the same in every answer."""
