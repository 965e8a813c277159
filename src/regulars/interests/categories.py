"""Categories of items as a sparse matrix: every step of a path and every one of several genres is a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.core.schema import CATEGORY_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALTERNATIVES = "|"
"""Separates the labels of an item that has several at once, such as the genres of a film."""


def labels_of(category: str) -> list[str]:
    """Return the labels of a category: 'Food > Tea' is in 'Food' and in 'Food > Tea'; 'Drama|War' in both."""
    found: dict[str, None] = {}
    for alternative in category.split(ALTERNATIVES):
        steps = alternative.split(CATEGORY_SEPARATOR)
        for depth in range(len(steps)):
            if name := CATEGORY_SEPARATOR.join(steps[: depth + 1]).strip():
                found[name] = None
    return list(found)


def label_matrix(categories: Sequence[str]) -> sp.csr_matrix:
    """Return which labels each item has, float32 (items × labels), rows of length 1 (or empty)."""
    numbers: dict[str, int] = {}
    known: dict[str, list[int]] = {"": []}
    for category in categories:
        if category not in known:
            known[category] = [numbers.setdefault(label, len(numbers)) for label in labels_of(category)]
    rows = [known[category] for category in categories]
    lengths = np.array([len(row) for row in rows], np.int64)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    columns = np.array([label for row in rows for label in row], np.int32)
    matrix: Any = sp.csr_matrix((values, columns, indptr), shape=(len(rows), max(1, len(numbers))))
    matrix.sort_indices()
    return matrix


def affinity(profiles: Any, labels: sp.csr_matrix) -> NDArray[np.float32]:
    """Return how much each profile leans to the categories of each item, float32 (customers × items).

    Σ over labels of (share of the profile in the label) · (share of the item in it) ÷ (items of the label): a label
    that few items have says more.

    Parameters
    ----------
    profiles
        Sparse (customers × items).
    labels
        From `label_matrix`.
    """
    matrix: Any = labels
    sizes = np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1e-6)
    leaning = (profiles @ matrix).toarray() / sizes.astype(np.float32)
    return np.asarray((matrix @ leaning.T).T, np.float32)
