"""What a list is like besides right or wrong: new to people, fair to the long tail, varied, true to a taste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.interests.categories import label_matrix
from regulars.interests.popularity import customers_per_item

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Catalogue, Histories, Interactions

PLACES = 10
"""Places of a list that are looked at."""
SMOOTHING = 0.01
"""Steck's α: a category that a list lacks costs much, not infinitely much."""


@dataclass(frozen=True)
class Background:
    """What lists are held against: the same for every model of a table.

    Parameters
    ----------
    shares
        Share of the customers who chose each item, float64 (items).
    customers
        All of the training.
    labels
        Labels of each item; None when no item has a category.
    """

    shares: NDArray[np.float64]
    customers: int
    labels: sp.csr_matrix | None

    @staticmethod
    def of(train: Interactions) -> Background:
        """Return what a training says."""
        return Background(popularity_shares(train), len(train.users), labels(train.catalogue))


def beyond_accuracy(
    lists: NDArray[np.int32], histories: Histories, train: Interactions, background: Background | None = None
) -> dict[str, float]:
    """Describe lists (customers × at least 10) of the customers with these histories.

    Parameters
    ----------
    lists
        What was shown, int32 (customers × places).
    histories
        Of the same customers.
    train
        What models learned from.
    background
        `Background.of(train)`, where several models are described; None: it is made.

    Returns
    -------
    row
        novelty@10, popularity@10, popularity_lift@10, exposure_gini@10 and, when the catalogue has categories,
        diversity@10 and miscalibration@10; see the function of each.
    """
    shown = lists[:, :PLACES]
    background = background or Background.of(train)
    shares, known = background.shares, background.labels
    popularity = mean_popularity(shown, shares)
    row = {
        "novelty@10": novelty(shown, shares, background.customers),
        "popularity@10": popularity,
        "popularity_lift@10": popularity_lift(popularity, histories, shares),
        "exposure_gini@10": exposure_gini(shown, len(shares)),
    }
    if known is not None:
        row["diversity@10"] = diversity(shown, known)
        row["miscalibration@10"] = miscalibration(shown, histories, known)
    return row


def popularity_shares(train: Interactions) -> NDArray[np.float64]:
    """Return the share of the customers with events who chose each item, float64 (items)."""
    customers = customers_per_item(train.histories, len(train.items)).astype(np.float64)
    return customers / max(1, int(np.count_nonzero(train.histories.lengths)))


def novelty(lists: NDArray[np.int32], shares: NDArray[np.float64], customers: int) -> float:
    """Return the mean of −log₂(share of customers who chose the item) over what was shown (Vargas and Castells, 2011).

    An item that nobody chose counts as if one customer had.
    """
    shown = lists[lists >= 0]
    if len(shown) == 0:
        return 0.0
    return float(-np.log2(np.maximum(shares[shown], 1 / max(1, customers))).mean())


def mean_popularity(lists: NDArray[np.int32], shares: NDArray[np.float64]) -> float:
    """Return the average popularity of what a customer was shown, averaged over customers."""
    there = lists >= 0
    seen = there.any(axis=1)
    if not seen.any():
        return 0.0
    sums = np.where(there, shares[np.maximum(lists, 0)], 0.0).sum(axis=1)
    return float((sums[seen] / there.sum(axis=1)[seen]).mean())


def popularity_lift(popularity: float, histories: Histories, shares: NDArray[np.float64]) -> float:
    """Return how much more popular the lists are than what the customers chose themselves.

    (list − own) ÷ own, both averaged over customers (ΔGAP of Abdollahpouri et al., 2019): 0 is no bias, 1 twice as
    popular. 0 when nobody has a history.
    """
    lengths = histories.lengths
    sums = np.bincount(histories.owners, weights=shares[histories.items], minlength=len(histories))
    known = lengths > 0
    own = float((sums[known] / lengths[known]).mean()) if known.any() else 0.0
    return popularity / own - 1.0 if own > 0 else 0.0


def exposure_gini(lists: NDArray[np.int32], n_items: int) -> float:
    """Return the Gini coefficient of how often each item of the catalogue is shown: 0 all alike, near 1 a few alone."""
    counts = np.sort(np.bincount(lists[lists >= 0], minlength=n_items))
    total = int(counts.sum())
    if total == 0:
        return 0.0
    return float((2 * np.arange(1, n_items + 1) - n_items - 1) @ counts / (n_items * total))


def labels(catalogue: Catalogue | None) -> sp.csr_matrix | None:
    """Return the labels of each item (`categories.label_matrix`); None when no item has a category."""
    if catalogue is None or not any(catalogue.categories):
        return None
    return label_matrix(catalogue.categories)


def diversity(lists: NDArray[np.int32], labels: sp.csr_matrix) -> float:
    """Return how different the items of a list are by category, pair by pair, averaged over customers.

    1 − the cosine of two items' labels: 1 shares none, 0 has the same (the intra-list similarity of Ziegler et al.,
    2005, turned round). Items without a category are left out; so are lists with fewer than two others.
    """
    shown = _as_matrix(np.repeat(np.arange(len(lists)), lists.shape[1]), lists.ravel(), len(lists), labels)
    known = np.asarray(shown.sum(axis=1)).ravel()
    sums = shown @ labels
    # Rows of `labels` have length 1: the square of the sum is every pair twice, and each item with itself.
    alike = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - known
    pairs = known * (known - 1)
    judged = pairs > 0
    return float((1 - alike[judged] / pairs[judged]).mean()) if judged.any() else 0.0


def miscalibration(lists: NDArray[np.int32], histories: Histories, labels: sp.csr_matrix) -> float:
    """Return how far the lists' categories are from the customers' own, averaged over customers (Steck, 2018).

    Σ_c p(c) ln(p(c) / q̃(c)) with q̃ = (1 − α) q + α p and α = .01, where p are the shares of the labels in a
    customer's history and q those in the list, an item with several labels counting in equal parts for each: 0 is in
    proportion, ln 100 = 4.6 shares nothing. Customers without a known category are left out.
    """
    owners = np.repeat(np.arange(len(lists)), lists.shape[1])
    own = _shares(_as_matrix(histories.owners, histories.items, len(lists), labels), labels)
    shown = _shares(_as_matrix(owners, lists.ravel(), len(lists), labels), labels)
    if own.nnz == 0:
        return 0.0
    rows, columns = own.nonzero()
    p = np.asarray(own[rows, columns]).ravel()
    q = np.asarray(shown[rows, columns]).ravel()
    terms = p * np.log(p / ((1 - SMOOTHING) * q + SMOOTHING * p))
    return float(terms.sum() / len(np.unique(rows)))


def _as_matrix(owners: NDArray[Any], items: NDArray[Any], customers: int, labels: sp.csr_matrix) -> Any:
    """Return how often each customer has each item that has a label, sparse (customers × items); -1 is no item."""
    n_items = len(labels.indptr) - 1
    there = items >= 0
    there[there] = np.diff(labels.indptr)[items[there]] > 0
    ones = np.ones(int(there.sum()))
    return sp.csr_matrix((ones, (owners[there], items[there])), shape=(customers, n_items))


def _shares(counts: Any, labels: sp.csr_matrix) -> Any:
    """Return the share of each label among a customer's items, sparse (customers × labels)."""
    each = labels.copy().astype(np.float64)
    each.data = 1.0 / np.repeat(np.maximum(np.diff(labels.indptr), 1), np.diff(labels.indptr))
    found = (counts @ each).tocsr()
    totals = np.asarray(found.sum(axis=1)).ravel()
    return (sp.diags(1.0 / np.maximum(totals, 1e-12)) @ found).tocsr()
