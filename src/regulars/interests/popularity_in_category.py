"""What is popular in the categories that a customer looks at: the baseline that content models must beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.interests.categories import label_matrix
from regulars.interests.lexical import lexical_vectors
from regulars.interests.popularity import customers_per_item
from regulars.interests.recommender import Config, Recommender
from regulars.interests.semantic_ids import SemanticIds
from regulars.interests.text_parts import profiles
from regulars.interests.text_vectors import principal_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Catalogue, Histories, Interactions

OVERALL = 0.01
"""Share of overall popularity in every score: it orders what no category of the customer holds."""


class PopularityInCategoryConfig(Config, frozen=True, kw_only=True):
    """Settings of `PopularityInCategory`."""

    history_decay: float = 0.2
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 128
    """Events of a history that are looked at."""
    prior: float = 0.5
    """Every item counts as if it had, beside its own, this share of the customers of its category's average item."""
    clusters: int = 128
    """Groups that titles are put into when the shop has no categories, and groups within each."""


class PopularityInCategory(Recommender):
    """Σ over labels of (share of the history in the label) · (share of the label's customers that the item has).

    An item has n_i customers and `prior` times the average of the label besides, so that one that nobody chose yet is
    ranked by how much its customer leans to its category. Labels are the steps of category paths; without categories,
    groups of like titles (`SemanticIds`); without titles too, this is popularity.
    """

    name = "popularity-in-category"
    config_type = PopularityInCategoryConfig
    config: PopularityInCategoryConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        self.popularity_ = customers_per_item(interactions.histories, self.n_items_)
        self._labels = _labels(interactions.catalogue, self.config.clusters, self.n_items_)
        self._prepare()

    def _prepare(self) -> None:
        labels: Any = self._labels
        prior = self.config.prior
        sizes = np.maximum(np.asarray(labels.sum(axis=0)).ravel(), 1e-6)
        sold = np.maximum(np.asarray(labels.T @ self.popularity_).ravel(), 1e-6)
        own: Any = sp.diags(self.popularity_) @ labels @ sp.diags(1 / ((1 + prior) * sold))
        average: Any = labels @ sp.diags(prior / ((1 + prior) * sizes))
        shares: Any = (own + average).tocsr()
        self._shares = shares.astype(np.float32)
        self._overall = (self.popularity_ / max(1.0, float(self.popularity_.sum()))).astype(np.float32)

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        labels: Any = self._labels
        profile = profiles(histories, self.n_items_, self.config.history_decay, self.config.history_depth)
        leaning = np.asarray((profile @ labels).toarray(), np.float32)
        leaning /= np.maximum(leaning.sum(axis=1, keepdims=True), np.float32(1e-9))
        scores = np.asarray((self._shares @ leaning.T).T, np.float32)
        scores += np.float32(OVERALL) * self._overall
        return scores

    def _arrays(self) -> dict[str, NDArray[Any]]:
        labels: Any = self._labels
        return {
            "popularity": self.popularity_,
            "labels_indptr": labels.indptr.astype(np.int64),
            "labels_columns": labels.indices.astype(np.int32),
            "labels_values": labels.data,
            "labels_count": np.array([labels.shape[1]], np.int64),
        }

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.popularity_ = arrays["popularity"]
        self._labels = sp.csr_matrix(
            (arrays["labels_values"], arrays["labels_columns"], arrays["labels_indptr"]),
            shape=(self.n_items_, int(arrays["labels_count"][0])),
        )
        self._prepare()


def _labels(catalogue: Catalogue | None, clusters: int, n_items: int) -> sp.csr_matrix:
    if catalogue is None:
        return label_matrix([""] * n_items)
    if any(catalogue.categories):
        return label_matrix(catalogue.categories)
    return label_matrix(title_groups(catalogue.texts, clusters))


def title_groups(texts: list[str], clusters: int) -> list[str]:
    """Return a category path of two steps for each text: the first two codes of its semantic id; '' for no text."""
    if not any(texts):
        return [""] * len(texts)
    vectors = principal_components(lexical_vectors(texts), 128)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    codes = SemanticIds.fit(vectors / np.maximum(lengths, 1e-9), levels=2, size=min(clusters, len(texts))).codes
    return [f"{first} > {second}" if text else "" for text, (first, second, _) in zip(texts, codes, strict=True)]
