"""How good a list was: full ranking, every item a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.resampling import intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

CUTS = (10, 20)
"""List lengths that are judged."""
WITH_INTERVAL = ("hr@10", "ndcg@10", "recall@20", "ndcg@20")


@dataclass(frozen=True)
class Hits:
    """Which places of each list held a target.

    Parameters
    ----------
    hit
        bool (customers × list length).
    wanted
        Targets of each customer, int64 (customers).
    """

    hit: NDArray[np.bool_]
    wanted: NDArray[np.int64]


def find_hits(lists: NDArray[np.int32], targets: Histories, n_items: int) -> Hits:
    """Compare lists (customers × length; -1 is no item) with the targets."""
    wanted_pairs = np.sort(targets.owners * n_items + targets.items)
    rows = np.arange(len(lists), dtype=np.int64)[:, None]
    pairs = np.where(lists >= 0, rows * n_items + lists, -1)
    if len(wanted_pairs) == 0:
        return Hits(np.zeros(lists.shape, np.bool_), targets.lengths)
    at = np.minimum(np.searchsorted(wanted_pairs, pairs), len(wanted_pairs) - 1)
    return Hits(wanted_pairs[at] == pairs, targets.lengths)


def hit_rate(hits: Hits, k: int) -> NDArray[np.float64]:
    """1 where the first k places hold a target, float64 (customers)."""
    return np.asarray(hits.hit[:, :k].any(axis=1), np.float64)


def recall(hits: Hits, k: int) -> NDArray[np.float64]:
    """Targets in the first k places ÷ targets, float64 (customers)."""
    return np.asarray(np.divide(_found(hits, k), np.maximum(hits.wanted, 1)), np.float64)


def precision(hits: Hits, k: int) -> NDArray[np.float64]:
    """Targets in the first k places ÷ k, float64 (customers); places left empty count as misses."""
    return np.asarray(_found(hits, k) / k, np.float64)


def reciprocal_rank(hits: Hits, k: int) -> NDArray[np.float64]:
    """1 ÷ place of the first target among the first k, 0 without one; its mean is the MRR (Voorhees, 1999)."""
    hit = hits.hit[:, :k]
    return np.asarray(np.where(hit.any(axis=1), 1.0 / (1 + hit.argmax(axis=1)), 0.0), np.float64)


def average_precision(hits: Hits, k: int) -> NDArray[np.float64]:
    """Σ over hits of the precision down to their place ÷ min(targets, k); its mean is the MAP."""
    hit = hits.hit[:, :k]
    precisions = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    return np.asarray((precisions * hit).sum(axis=1) / np.clip(hits.wanted, 1, k), np.float64)


def ndcg(hits: Hits, k: int) -> NDArray[np.float64]:
    """Σ 1/log₂(place + 1) over hits ÷ the same of a perfect list (Järvelin and Kekäläinen, 2002)."""
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([np.zeros(1), np.cumsum(gains)])
    hit = hits.hit[:, :k]
    return np.asarray(hit @ gains[: hit.shape[1]] / best[np.clip(hits.wanted, 1, k)], np.float64)


MEASURES = {
    "hr": hit_rate,
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
}


def coverage(lists: NDArray[np.int32], n_items: int) -> float:
    """Return the share of the catalogue that somebody was shown."""
    shown = np.unique(lists)
    return float(np.count_nonzero(shown >= 0)) / n_items


def per_customer(lists: NDArray[np.int32], targets: Histories, n_items: int) -> dict[str, NDArray[np.float64]]:
    """Return every measure at every cut, as hr@10 and so on: float64 (customers) each."""
    hits = find_hits(lists, targets, n_items)
    return {f"{name}@{k}": measure(hits, k) for name, measure in MEASURES.items() for k in CUTS}


def summary(values: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Return the means of measures by customer; `<measure>_interval`, 95%, where one is quoted."""
    quoted = [name for name in WITH_INTERVAL if name in values]
    row: dict[str, Any] = {name: float(value.mean()) for name, value in values.items()}
    found = intervals(np.column_stack([values[name] for name in quoted]))
    row |= {f"{name}_interval": list(ends) for name, ends in zip(quoted, found, strict=True)}
    return row


def figures(lists: NDArray[np.int32], targets: Histories, n_items: int) -> dict[str, Any]:
    """Return a table's row for these lists (customers × at least 20), at least one customer.

    Returns
    -------
    row
        hr, ndcg, recall, precision, mrr and map, each @10 and @20; hr@10_interval, ndcg@10_interval,
        recall@20_interval and ndcg@20_interval (95%, bootstrap over customers); coverage (share of the catalogue that
        somebody was shown in the first 10); customers.
    """
    return described(per_customer(lists, targets, n_items), lists, n_items)


def described(values: dict[str, NDArray[np.float64]], lists: NDArray[np.int32], n_items: int) -> dict[str, Any]:
    """Return the row of `figures` from what `per_customer` gave for these lists."""
    return {
        **summary(values),
        "coverage": coverage(lists[:, :10], n_items),
        "customers": len(lists),
    }


def _found(hits: Hits, k: int) -> NDArray[np.int64]:
    return np.count_nonzero(hits.hit[:, :k], axis=1)
