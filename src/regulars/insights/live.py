"""The last minutes, counted from rows in memory; last week's hour, counted where the events are."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from ibis import _

from regulars.core.compute import pc
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.activity import shopper_events
from regulars.insights.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import ibis.expr.types as ir

COLUMNS: tuple[str, ...] = (
    "id", "time", "day", "subject", "kind", "item", "value", "currency", "session", "country", "region", "city",
    "properties",
)  # fmt: skip
"""What the functions of this file look at."""
HOUR = timedelta(hours=1)
MINUTE_US = 60_000_000
LEAST_SHOPPERS = 2
"""A search that fewer people made is not shown: it may be about them."""
_QUERY = ("query", "search_term", "search", "q")
"""Properties that hold what was searched for."""


class Share(NamedTuple):
    """A share with its 95% interval (Wilson); None without trials."""

    hits: int
    trials: int

    @property
    def value(self) -> float | None:
        """Hits ÷ trials."""
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Both ends."""
        return wilson(self.hits, self.trials)


class Change(NamedTuple):
    """The difference of two shares with its 95% interval; all None where one has no trials."""

    value: float | None
    low: float | None
    high: float | None


class Totals(NamedTuple):
    """Orders and what they were worth; `currency` is None when there are several, and the sum means nothing."""

    orders: int
    revenue: float
    currency: str | None


def customers_rows(rows: pa.Table, since: datetime, until: datetime) -> pa.Table:
    """Return what customers did from `since` on and before `until`: nothing that the shop did itself."""
    time = rows.column("time")
    inside = pc.and_(pc.greater_equal(time, moment(since)), pc.less(time, moment(until)))
    theirs = pc.invert(pc.is_in(rows.column("kind"), value_set=pa.array(sorted(BY_SHOP))))
    return rows.filter(pc.and_(inside, theirs))


def shoppers(rows: pa.Table) -> int:
    """Return how many people these events are of."""
    return pc.count_distinct(rows.column("subject")).as_py()


def per_minute(rows: pa.Table, since: datetime, minutes: int) -> dict[str, list[int]]:
    """Return kind → its events in each minute after `since`, oldest first; frequent kinds first, ties by name."""
    start = int(since.timestamp() * 1e6)
    at = (rows.column("time").cast(pa.int64()).to_numpy() - start) // MINUTE_US
    kinds = rows.column("kind").combine_chunks().dictionary_encode()
    index, names = kinds.indices.to_numpy(zero_copy_only=False), kinds.dictionary.to_pylist()
    inside = (at >= 0) & (at < minutes)
    cells = np.bincount(index[inside] * minutes + at[inside], minlength=len(names) * minutes)
    counts = {name: cells[n * minutes : (n + 1) * minutes].tolist() for n, name in enumerate(names)}
    return dict(sorted(counts.items(), key=lambda pair: (-sum(pair[1]), pair[0])))


def totals(rows: pa.Table) -> Totals:
    """Return orders and revenue: what one customer bought in one session (without one: on one day) is an order."""
    bought = rows.filter(pc.equal(rows.column("kind"), "purchase"))
    visits = pc.if_else(
        pc.is_null(bought.column("session")), bought.column("day").cast(pa.string()), bought.column("session")
    )
    orders = set(zip(bought.column("subject").to_pylist(), visits.to_pylist(), strict=True))
    codes = pc.unique(bought.column("currency")).drop_null().to_pylist()
    revenue = pc.sum(bought.column("value")).as_py() or 0.0
    return Totals(len(orders), float(revenue), codes[0] if len(codes) == 1 else None)


def conversion(rows: pa.Table) -> Share:
    """Return how many of the people of these events bought something."""
    bought = rows.filter(pc.equal(rows.column("kind"), "purchase"))
    return Share(shoppers(bought), shoppers(rows))


def conversion_of(events: ir.Table, days: tuple[date, date], since: datetime, until: datetime) -> ir.Table:
    """Return one row: `visitors` and `buyers` from `since` on and before `until`; other days are not read."""
    rows = shopper_events(events, first=days[0], last=days[1]).filter(_.time >= since, _.time < until)
    buyers = _.subject.nunique(where=_.kind == "purchase")
    return rows.aggregate([_.subject.nunique().name("visitors"), buyers.name("buyers")])


def change(now: Share, before: Share) -> Change:
    """Return the difference of two independent shares, with Newcombe's interval (1998, method 10)."""
    (low, high), (low_before, high_before) = now.interval, before.interval
    p, q = now.value, before.value
    if p is None or q is None or low is None or high is None or low_before is None or high_before is None:
        return Change(None, None, None)
    down = sqrt((p - low) ** 2 + (high_before - q) ** 2)
    up = sqrt((high - p) ** 2 + (q - low_before) ** 2)
    return Change(p - q, p - q - down, p - q + up)


def top_items(rows: pa.Table, limit: int) -> list[tuple[str, int, int]]:
    """Return (item, shoppers, events) of the items with most shoppers; ties by events, then by id."""
    found = rows.filter(pc.is_valid(rows.column("item")))
    grouped = found.group_by("item").aggregate([("subject", "count_distinct"), ("subject", "count")])
    names = ("item", "subject_count_distinct", "subject_count")
    lines = zip(*(grouped.column(name).to_pylist() for name in names), strict=True)
    return sorted(lines, key=lambda line: (-line[1], -line[2], line[0]))[:limit]


def top_searches(rows: pa.Table, limit: int) -> list[tuple[str, int]]:
    """Return (text, shoppers) of what most people searched for, in lower case; ties in the order of the texts."""
    found = rows.filter(pc.equal(rows.column("kind"), "search"))
    people: dict[str, set[str]] = {}
    for subject, properties in zip(
        found.column("subject").to_pylist(), found.column("properties").to_pylist(), strict=True
    ):
        text = _query(properties)
        if text:
            people.setdefault(text, set()).add(subject)
    counts = Counter({text: len(who) for text, who in people.items() if len(who) >= LEAST_SHOPPERS})
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]


def latest(rows: pa.Table, limit: int, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the newest events, newest first, of one instant in the order of their ids."""
    keys = [("time", "descending"), ("id", "ascending")]
    order = pc.select_k_unstable(rows, limit, keys) if rows.num_rows > limit else pc.sort_indices(rows, sort_keys=keys)
    return rows.take(order).select(list(columns)).to_pylist()


def moment(time: datetime) -> pa.Scalar:
    """Return a time as it is compared with the column `time`."""
    return pa.scalar(time, pa.timestamp("us", tz="UTC"))


def flags(values: Sequence[bool]) -> pa.Array:
    """Return what rows are filtered by."""
    return pa.array(values, pa.bool_())


def _query(properties: str | None) -> str:
    try:
        found = msgspec.json.decode(properties or "{}")
    except msgspec.DecodeError:
        return ""
    if not isinstance(found, dict):
        return ""
    said = next((found[name] for name in _QUERY if isinstance(found.get(name), str)), "")
    return " ".join(said.split()).lower()[:80]
