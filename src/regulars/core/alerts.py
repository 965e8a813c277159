"""Records of what was found unusual, and of the messages about it. None of them knows a person."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

AlertState = Literal["open", "acknowledged", "closed"]
"""`acknowledged`: somebody knows, and it goes on."""
DeliveryState = Literal["waiting", "delivered", "dead"]
"""`dead`: given up after the tries that the settings allow; it can be sent again by hand."""
Series = Literal[
    "events", "shoppers", "orders", "revenue", "conversion", "failed_searches", "negative_reviews", "rejects",
    "recommendations",
]  # fmt: skip
SERIES: tuple[Series, ...] = get_args(Series)
"""What is watched."""
RECOMMENDATIONS: Series = "recommendations"
"""Of a day's customers, those whose choice was among the 20 items that they would have been shown that morning."""
SHARES: frozenset[str] = frozenset({"conversion", "failed_searches", "negative_reviews", "rejects", RECOMMENDATIONS})
"""Series whose values are shares between 0 and 1."""
WANTED: frozenset[str] = frozenset({"conversion", RECOMMENDATIONS})
"""Shares that should not fall; less of the others is no reason to call anybody."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of a series that were not as its own weeks say they should be."""

    id: str
    series: str
    hours: int
    """How many hours were looked at together: the last one, or the last day."""
    time: datetime
    """Their end."""
    observed: float
    expected: float
    low: float
    high: float
    """What these hours may be; outside is an alert."""
    state: AlertState = "open"
    opened: datetime
    acknowledged: datetime | None = None
    closed: datetime | None = None

    @property
    def falls(self) -> bool:
        """Too little, rather than too much."""
        return self.observed < self.low


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How a series stands: whether it is watched, and what its last hours were and could have been."""

    series: str
    hours: int
    state: Literal["watched", "learning", "uneven", "quiet", "absent"]
    """`learning`: less than three weeks of history; `uneven`: not even a standstill could be told from chance;
    `quiet`: nothing is expected; `absent`: the events do not tell."""
    time: datetime | None = None
    observed: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message to the shop's webhook."""

    id: str
    """The same on every try: who gets it twice can tell."""
    alert: str
    event: str
    """`alert.opened` or `alert.closed`."""
    state: DeliveryState
    tries: int
    created: datetime
    next_try: datetime | None
    error: str = ""
    """What the last try that failed came to."""
