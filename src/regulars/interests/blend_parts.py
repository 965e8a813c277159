"""The models that have a say in the blend, and how each is asked about one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.als import ALS
from regulars.interests.covisitation import CoVisitation
from regulars.interests.ease import EASE
from regulars.interests.factor_model import FactorModel
from regulars.interests.factor_top_k import factor_top_k, pack
from regulars.interests.item_knn import ItemKNN
from regulars.interests.neural.gru import GRU
from regulars.interests.neural.transformer import SequenceTransformer
from regulars.interests.popularity import Popularity
from regulars.interests.recommender import Recommender
from regulars.interests.repeat import Repeat
from regulars.interests.session_knn import SessionKNN
from regulars.interests.top_k import top_k

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

PART_TYPES: dict[str, type[Recommender]] = {
    "repeat": Repeat,
    "covisitation": CoVisitation,
    "knn": ItemKNN,
    "neighbours": SessionKNN,
    "ease": EASE,
    "als": ALS,
    "transformer": SequenceTransformer,
    "gru": GRU,
    "popularity": Popularity,
}
MANY_EVENTS = 1_000_000
"""Above this the transformer must be asked for: it took minutes and gained a grocer nothing (docs/log.md)."""
PARTS = ("repeat", "covisitation", "knn", "neighbours", "als", "transformer", "popularity")
"""The parts of a blend that is not told otherwise."""
PART_SETTINGS: dict[str, dict[str, Any]] = {
    "als": {"embedding_size": 64},
    "covisitation": {"history_depth": 64, "neighbours": 256},
    "knn": {"history_depth": 128, "neighbours": 128},
}
"""Sizes at which a request stays short; the sizes of the parts alone gain the blend less than its interval."""
UNSCORED = ("repeat", "popularity")
"""Parts that give features of their own instead of a score."""
FACTOR_ITEMS = 10_000


def usual_parts(events: int) -> tuple[str, ...]:
    """Return the parts of a blend for so many events, where nobody asks for others."""
    return PARTS if events <= MANY_EVENTS else tuple(name for name in PARTS if name != "transformer")


class Opinions:
    """What the scored parts think of some customers.

    Parameters
    ----------
    parts
        Fitted models by name.
    customers
        How many chose each item, float32 (items): a search among vectors goes through the best known ones.
    """

    def __init__(self, parts: Mapping[str, Recommender], customers: NDArray[np.float32]) -> None:
        self.names = [name for name in parts if name not in UNSCORED]
        self._tables = {name: parts[name] for name in self.names if not isinstance(parts[name], FactorModel)}
        self._factors = {
            name: _Factors(model, customers)
            for name in self.names
            if isinstance(model := parts[name], FactorModel)
        }  # fmt: skip

    def ask(self, histories: Histories) -> Asked:
        """Return the parts' opinions of these customers; the cost of a part is paid once for all of them."""
        scores = {name: model.score(histories) for name, model in self._tables.items()}
        vectors = {name: factors.model.vectors(histories) for name, factors in self._factors.items()}
        return Asked(self._factors, scores, vectors)


class Asked:
    """Opinions of some customers, by their number among those asked."""

    def __init__(
        self,
        factors: dict[str, _Factors],
        scores: dict[str, NDArray[np.float32]],
        vectors: dict[str, NDArray[np.float32]],
    ) -> None:
        self._factors = factors
        self._scores = scores
        self._vectors = vectors

    def best(self, row: int, count: int) -> list[NDArray[np.int32]]:
        """Return each part's first `count` items for a customer."""
        tables = [largest(scores[row], count) for scores in self._scores.values()]
        return tables + [self._factors[name].best(vectors[row], count) for name, vectors in self._vectors.items()]

    def of(self, name: str, row: int, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return a part's scores of some items for a customer, float32 (items)."""
        if name in self._scores:
            return self._scores[name][row, items]
        return self._factors[name].score(self._vectors[name][row], items)

    def is_inner(self, name: str) -> bool:
        """Tell whether a part's scores are inner products, which may be negative and are not sums of evidence."""
        return name in self._vectors


class _Factors:
    """Vectors, searched quickly enough for a request.

    Only the `FACTOR_ITEMS` items with the most customers are searched: a vector learned from a handful of people says
    little, and a search through all of a large catalogue would take most of a request's time. Candidates that come
    from other parts are still scored, whatever their number of customers.
    """

    def __init__(self, model: FactorModel, customers: NDArray[np.float32]) -> None:
        self.model = model
        searched = np.sort(largest(customers, FACTOR_ITEMS))
        self._packed = pack(model.item_factors_[searched], searched)

    def best(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int32]:
        """Return the items with the largest inner product."""
        return factor_top_k(vector[None], self._packed, count)[0][0]

    def score(self, vector: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return ⟨u, p⟩ for some items."""
        return self.model.item_factors_[items] @ vector


SCAN = 1000
"""Up to here one pass with a short sorted list beats partitioning the whole array."""


def largest(values: NDArray[np.float32], count: int) -> NDArray[np.int32]:
    """Return the numbers of the `count` largest values, int32; their order is not promised."""
    if count >= len(values):
        return np.arange(len(values), dtype=np.int32)
    if count > SCAN:
        return np.argpartition(-values, count)[:count].astype(np.int32)
    return top_k(values[None], count)[0][0]
