"""What the blend knows about each candidate: one row of numbers for each (customer, item)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.als import ALS
from regulars.interests.interactions import DAY
from regulars.interests.jit import kernel
from regulars.interests.top_k import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.recommender import Recommender

FEATURES: dict[str, str] = {
    "known": "repeat",
    "count": "repeat",
    "month": "repeat",
    "quarter": "repeat",
    "year": "repeat",
    "recency": "repeat",
    "due": "repeat",
    "trend": "repeat",
    "one_off": "repeat",
    "next": "covisitation",
    "next_new": "covisitation",
    "similar": "knn",
    "similar_new": "knn",
    "factors": "als",
    "factors_new": "als",
    "week": "popularity",
    "season": "popularity",
    "week_new": "popularity",
    "next_top": "covisitation",
    "similar_top": "knn",
    "next_place": "covisitation",
    "similar_place": "knn",
    "factors_place": "als",
}
"""Feature → the part it belongs to, in column order. `_new` are for items the customer never had."""

COLUMN = {name: number for number, name in enumerate(FEATURES)}
PARTS = ("repeat", "covisitation", "knn", "als", "popularity")
FACTOR_ITEMS = 10_000
SCAN = 1000
"""Up to here one pass with a short sorted list beats partitioning the whole array."""
HALF_LIVES = (14.0, 45.0, 180.0)


@dataclass(frozen=True)
class Candidates:
    """Items worth considering for one customer, with their features.

    Parameters
    ----------
    items
        Item numbers, int32 (candidates).
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
        Fitted models by name; a missing one leaves its features at zero.
    week, season
        Customers of each item in the last 7 and 28 days, float32 (items).
    trend
        Buyers in the last 28 days beside the long run's, float32 (items).
    now
        The moment asked about, seconds since 1970.
    depth
        Candidates taken from each part.
    """

    def __init__(
        self,
        parts: dict[str, Recommender],
        week: NDArray[np.float32],
        season: NDArray[np.float32],
        trend: NDArray[np.float32],
        now: int,
        depth: int,
    ) -> None:
        self.parts = parts
        self.now = now
        self.depth = depth
        self.log_week = np.log1p(week)
        self.log_season = np.log1p(season)
        self.log_trend = np.log(trend)
        als = parts.get("als")
        self.factors = Factors(als, season) if isinstance(als, ALS) else None
        self.popular = _largest(np.asarray(week + season / (1 + season.max()), np.float32), depth)

    def candidates(self, history: Histories, *, known: bool = True) -> Candidates:
        """Return the candidates of one customer's history.

        Parameters
        ----------
        history
            One row.
        known
            Also what the customer already had.
        """
        scores = {name: self.parts[name].score(history)[0] for name in ("covisitation", "knn") if name in self.parts}
        factors = self.factors.vector(history) if self.factors else None
        owned, repeat = _repeat_features(history.items, history.times, self.now, np.array(HALF_LIVES))
        pools = [self.popular, *(_largest(values, self.depth) for values in scores.values())]
        if self.factors and factors is not None:
            pools.append(self.factors.best(factors, self.depth))
        pools.append(owned)
        items = np.unique(np.concatenate(pools)).astype(np.int32)
        if not known:
            items = np.setdiff1d(items, owned)
        features = self._features(items, owned, repeat, scores)
        if self.factors and factors is not None:
            features[:, COLUMN["factors"]] = self.factors.score(factors, items)
            features[:, COLUMN["factors_new"]] = features[:, COLUMN["factors"]] * (1 - features[:, COLUMN["known"]])
            features[:, COLUMN["factors_place"]] = _place(features[:, COLUMN["factors"]])
        return Candidates(items, features)

    def _features(
        self,
        items: NDArray[np.int32],
        owned: NDArray[np.int32],
        repeat: NDArray[np.float32],
        scores: dict[str, NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        X = np.zeros((len(items), len(FEATURES)), np.float32)
        if len(owned):
            at = np.minimum(np.searchsorted(owned, items), len(owned) - 1)
            mine = owned[at] == items
            X[mine, COLUMN["known"]] = 1
            X[mine, COLUMN["count"] : COLUMN["due"] + 1] = repeat[at[mine]]
            X[:, COLUMN["trend"]] = self.log_trend[items] * X[:, COLUMN["known"]]
            X[:, COLUMN["one_off"]] = X[:, COLUMN["known"]] * (X[:, COLUMN["count"]] < np.log(2.5))
        new = 1 - X[:, COLUMN["known"]]
        for feature, name in (("next", "covisitation"), ("similar", "knn")):
            if name in scores:
                values = scores[name][items]
                scale = values.max(initial=0)
                if scale > 0:
                    X[:, COLUMN[feature]] = np.log(values / scale + np.float32(1e-3)) - np.float32(np.log(1e-3))
                    X[:, COLUMN[f"{feature}_top"]] = values / scale
                    X[:, COLUMN[f"{feature}_place"]] = _place(values)
                X[:, COLUMN[f"{feature}_new"]] = X[:, COLUMN[feature]] * new
        X[:, COLUMN["week"]] = self.log_week[items]
        X[:, COLUMN["season"]] = self.log_season[items]
        X[:, COLUMN["week_new"]] = X[:, COLUMN["week"]] * new
        return X


class Factors:
    """Matrix factorisation for one history at a time, quick enough for a request.

    Only the `FACTOR_ITEMS` items with the most customers are searched: a vector learned from a handful of people says
    little, and a search through all of a large catalogue would take most of a request's time. Candidates that come
    from other parts are still scored, whatever their number of customers.
    """

    def __init__(self, model: ALS, customers: NDArray[np.float32]) -> None:
        self.model = model
        self.items = np.sort(_largest(customers, FACTOR_ITEMS))
        self.matrix = np.ascontiguousarray(model.item_factors_[self.items])

    def vector(self, history: Histories) -> NDArray[np.float32]:
        """Return the customer's vector, float32 (embedding size)."""
        return self.model.vectors(history)[0]

    def best(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int32]:
        """Return the items with the largest inner product."""
        return self.items[top_k(_products(self.matrix, vector)[None], count)[0][0]]

    def score(self, vector: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return ⟨u, p⟩ for some items."""
        return self.model.item_factors_[items] @ vector


def _place(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return -ln(place) where the values rank the candidates; those without a value share the last place.

    A part's own order carries what its scores do not: how sure it is of its first few.
    """
    order = np.argsort(-values)
    places = np.empty(len(values), np.float32)
    places[order] = np.arange(1, len(values) + 1, dtype=np.float32)
    places[values == 0] = len(values)
    return -np.log(places)


@kernel
def _products(matrix: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return matrix @ vector on this core: a BLAS that spreads over all cores stalls a server under load."""
    out = np.empty(len(matrix), np.float32)
    for row in range(len(matrix)):
        total = np.float32(0)
        for k in range(len(vector)):
            total += matrix[row, k] * vector[k]
        out[row] = total
    return out


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    if count >= len(values):
        return np.arange(len(values), dtype=np.int32)
    if count > SCAN:
        return np.argpartition(-values, count)[:count].astype(np.int32)
    return top_k(values[None], count)[0][0]


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
