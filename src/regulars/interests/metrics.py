"""How good a list was: full ranking, every item a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories


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
    found = np.count_nonzero(hits.hit[:, :k], axis=1)
    return np.asarray(np.divide(found, np.maximum(hits.wanted, 1)), np.float64)


def ndcg(hits: Hits, k: int) -> NDArray[np.float64]:
    """Σ 1/log₂(place + 1) over hits ÷ the same of a perfect list (Järvelin and Kekäläinen, 2002)."""
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([np.zeros(1), np.cumsum(gains)])
    hit = hits.hit[:, :k]
    return np.asarray(hit @ gains[: hit.shape[1]] / best[np.clip(hits.wanted, 1, k)], np.float64)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95% interval of the mean over customers (normal approximation; they number in the hundreds)."""
    half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else float("inf")
    return float(values.mean()) - half, float(values.mean()) + half


def coverage(lists: NDArray[np.int32], n_items: int) -> float:
    """Return the share of the catalogue that somebody was shown."""
    shown = np.unique(lists)
    return float(np.count_nonzero(shown >= 0)) / n_items


def figures(lists: NDArray[np.int32], targets: Histories, n_items: int) -> dict[str, Any]:
    """Return a table's row for these lists (customers × at least 20): means, with an interval where one is quoted."""
    hits = find_hits(lists, targets, n_items)
    short, long = ndcg(hits, 10), ndcg(hits, 20)
    return {
        "hr@10": float(hit_rate(hits, 10).mean()),
        "ndcg@10": float(short.mean()),
        "ndcg@10_interval": list(interval(short)),
        "recall@20": float(recall(hits, 20).mean()),
        "ndcg@20": float(long.mean()),
        "ndcg@20_interval": list(interval(long)),
        "coverage": coverage(lists[:, :10], n_items),
        "customers": len(lists),
    }
