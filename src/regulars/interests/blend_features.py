"""What the blend knows about each candidate: one row of numbers for each (customer, item)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.blend_parts import UNSCORED, Asked, Opinions, largest
from regulars.interests.interactions import DAY
from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.recommender import Recommender

REPEAT = ("known", "count", "month", "quarter", "year", "recency", "due", "trend", "one_off")
POPULARITY = ("week", "season", "ever", "week_new")
CUSTOMER = ("events", "idle")
"""Facts of the customer: ln(1 + events) and ln(1 + days since the last). They are the same for all candidates, so that
only trees can use them as they are, to weigh parts by who asks."""
SCORED = ("", "_new", "_top", "_place", "_sure", "_by_events", "_by_idle")
"""Columns of each part with a score: on a logarithmic scale (inner products as they are); the same for items the
customer never had; beside the best candidate; -ln(place); the best candidate's, which is the same for all; and the
places times the facts of the customer, so that a sum too can trust a part more for long histories or after a while."""
HALF_LIVES = (14.0, 45.0, 180.0)
FLOOR = np.float32(1e-3)
ROWS_AT_ONCE = 32 * 1024 * 1024
"""Scores held at once while candidates of many customers are made."""


def feature_owners(parts: Sequence[str]) -> dict[str, str]:
    """Return the features that a blend of these parts computes, in column order, each with the part it belongs to."""
    owners: dict[str, str] = dict.fromkeys(REPEAT, "repeat")
    owners |= dict.fromkeys((*POPULARITY, *CUSTOMER), "popularity")
    for part in parts:
        if part not in UNSCORED:
            owners |= {f"{part}{column}": part for column in SCORED}
    return owners


@dataclass(frozen=True)
class Signals:
    """What is known of items beside the parts, float32 (items) each.

    Parameters
    ----------
    week, season, ever
        Customers in the last 7 and 28 days, and in all.
    trend
        Buyers in the last 28 days beside the long run's.
    """

    week: NDArray[np.float32]
    season: NDArray[np.float32]
    ever: NDArray[np.float32]
    trend: NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """Items worth considering for one customer, with their features.

    Parameters
    ----------
    items
        Item numbers, int32 (candidates), rising.
    features
        float32 (candidates × features).
    """

    items: NDArray[np.int32]
    features: NDArray[np.float32]


class Featurizer:
    """Gathers candidates of every part and computes their features.

    Parameters
    ----------
    parts
        Fitted models by name.
    signals
        Facts of the items.
    now
        The moment asked about, seconds since 1970.
    depth
        Candidates taken from each part.
    """

    def __init__(self, parts: Mapping[str, Recommender], signals: Signals, now: int, depth: int) -> None:
        self.parts = parts
        self.signals = signals
        self.now = now
        self.depth = depth
        self.owners = feature_owners(tuple(parts))
        self._column = {name: number for number, name in enumerate(self.owners)}
        self.log_week = np.log1p(signals.week)
        self.log_season = np.log1p(signals.season)
        self._log_ever = np.log1p(signals.ever)
        self._log_trend = np.log(signals.trend)
        known = signals.season + signals.ever / (1 + signals.ever.max())
        self._opinions = Opinions(parts, np.asarray(known, np.float32))
        current = signals.week + signals.season / (1 + signals.season.max())
        self._popular = largest(np.asarray(current, np.float32), depth)

    def candidates(self, histories: Histories, *, known: bool = True) -> Iterator[Candidates]:
        """Yield the candidates of each customer.

        Parameters
        ----------
        histories
            Customers.
        known
            Also what the customer already had.
        """
        rows = max(1, ROWS_AT_ONCE // (4 * len(self.log_week) * max(1, len(self.parts))))
        for begin in range(0, len(histories), rows):
            block = histories.select(np.arange(begin, min(begin + rows, len(histories))))
            asked = self._opinions.ask(block)
            for row in range(len(block)):
                yield self._one(asked, row, block.row(row), known)

    def _one(self, asked: Asked, row: int, history: Histories, known: bool) -> Candidates:
        owned, repeat = _repeat_features(history.items, history.times, self.now, np.array(HALF_LIVES))
        items = np.unique(np.concatenate([self._popular, *asked.best(row, self.depth), owned])).astype(np.int32)
        items = items[items >= 0]
        if not known:
            items = np.setdiff1d(items, owned)
        X = np.zeros((len(items), len(self.owners)), np.float32)
        if len(items):
            mine = self._repeat(X, items, owned, repeat)
            self._popularity(X, items, mine)
            self._customer(X, history)
            for name in self._opinions.names:
                self._scored(X, name, asked.of(name, row, items), mine, inner=asked.is_inner(name))
        return Candidates(items, X)

    def _repeat(
        self,
        X: NDArray[np.float32],
        items: NDArray[np.int32],
        owned: NDArray[np.int32],
        repeat: NDArray[np.float32],
    ) -> NDArray[np.bool_]:
        """Fill in what is known of items that the customer had; return which they are."""
        if not len(owned):
            return np.zeros(len(items), np.bool_)
        column = self._column
        at = np.minimum(np.searchsorted(owned, items), len(owned) - 1)
        mine = owned[at] == items
        X[mine, column["known"]] = 1
        X[mine, column["count"] : column["due"] + 1] = repeat[at[mine]]
        X[mine, column["trend"]] = self._log_trend[items[mine]]
        X[mine, column["one_off"]] = X[mine, column["count"]] < np.log(2.5)
        return mine

    def _popularity(self, X: NDArray[np.float32], items: NDArray[np.int32], mine: NDArray[np.bool_]) -> None:
        column = self._column
        X[:, column["week"]] = self.log_week[items]
        X[:, column["season"]] = self.log_season[items]
        X[:, column["ever"]] = self._log_ever[items]
        X[~mine, column["week_new"]] = self.log_week[items[~mine]]

    def _customer(self, X: NDArray[np.float32], history: Histories) -> None:
        X[:, self._column["events"]] = np.log1p(len(history.items))
        if len(history.times):
            X[:, self._column["idle"]] = np.log1p(max(self.now - int(history.times[-1]), 0) / DAY)

    def _scored(
        self, X: NDArray[np.float32], name: str, values: NDArray[np.float32], mine: NDArray[np.bool_], *, inner: bool
    ) -> None:
        first = self._column[name]
        best = values.max()
        if inner:
            shown, top, sure = values, values - best, best
            nothing = np.zeros(len(values), np.bool_)
        else:
            if best <= 0:
                return
            top = values / best
            shown, sure = np.log(top + FLOOR) - np.log(FLOOR), np.log(best)
            nothing = values == 0
        X[:, first] = shown
        X[~mine, first + 1] = shown[~mine]
        X[:, first + 2] = top
        X[:, first + 3] = places = _place(values, nothing)
        X[:, first + 4] = sure
        X[:, first + 5] = places * X[0, self._column["events"]]
        X[:, first + 6] = places * X[0, self._column["idle"]]


def _place(values: NDArray[np.float32], nothing: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return -ln(place) where the values rank the candidates; those of which nothing is known share the last place.

    A part's own order carries what its scores do not: how sure it is of its first few.
    """
    order = np.argsort(-values, kind="stable")
    places = np.empty(len(values), np.float32)
    places[order] = np.arange(1, len(values) + 1, dtype=np.float32)
    places[nothing] = len(values)
    return -np.log(places)


@kernel
def _repeat_features(
    items: NDArray[np.int32], times: NDArray[np.int64], now: int, half_lives: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the distinct items of a history, rising, and for each: log counts (plain and decayed), recency, due.

    recency = ln(1 + days since last); due = -|ln((days since last + 14) / typical gap)|, where the gap is the span of
    the purchases over their number, drawn to 30 days while they are few.
    """
    order = np.argsort(items, kind="mergesort")
    rates = -np.log(2.0) / half_lives
    owned = np.empty(len(items), np.int32)
    out = np.zeros((len(items), 6), np.float32)
    rows = 0
    at = 0
    while at < len(order):
        item = items[order[at]]
        count = 0.0
        decayed = np.zeros(3)
        first = times[order[at]]
        last = first
        while at < len(order) and items[order[at]] == item:
            age = max(now - times[order[at]], 0) / DAY
            count += 1
            for k in range(3):
                decayed[k] += np.exp(age * rates[k])
            last = max(last, times[order[at]])
            at += 1
        since = max(now - last, 0) / DAY
        gap = ((last - first) / DAY + 30.0) / count
        owned[rows] = item
        out[rows, 0] = np.log(1 + count)
        for k in range(3):
            out[rows, 1 + k] = np.log(0.02 + decayed[k]) - np.log(0.02)
        out[rows, 4] = np.log(1 + since)
        out[rows, 5] = -abs(np.log((since + 14) / (gap + 1)))
        rows += 1
    return owned[:rows], out[:rows]
