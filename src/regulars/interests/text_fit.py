"""The text model's reasons, fitted: vectors of the catalogue once, and what customers did on top of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from regulars.interests.categories import label_matrix
from regulars.interests.covisitation import CoVisitation
from regulars.interests.lexical import lexical_vectors
from regulars.interests.popularity import customers_per_item
from regulars.interests.text_parts import TextParts, near_items, ridge_map
from regulars.interests.text_vectors import centred, principal_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Catalogue, Interactions
    from regulars.interests.text_config import TextConfig
    from regulars.interests.text_vectors import VectorCache

COMMON = 0.02
"""Words in more than this share of the texts are not looked up for near-copies."""
BIAS = 0.1
"""A constant column, small so that the ridge holds on to it less than to the others."""


@dataclass(frozen=True)
class Said:
    """What a catalogue says, as numbers; nothing of it depends on what customers did.

    Parameters
    ----------
    vectors
        F, float32 (items × size): principal components of words, sentence embeddings and categories, and a constant.
    lexical
        TF-IDF vectors without what is common, sparse (items × features).
    labels
        Categories, sparse (items × labels).
    meaning
        Are sentence embeddings among the vectors?
    """

    vectors: NDArray[np.float32]
    lexical: sp.csr_matrix
    labels: sp.csr_matrix
    meaning: bool


def describe(catalogue: Catalogue, config: TextConfig, cache: VectorCache, progress: Progress) -> Said:
    """Return the vectors of a catalogue; what takes long are texts that `cache` does not know."""
    labels: Any = label_matrix(catalogue.categories)
    columns: list[NDArray[np.float32]] = []
    meaning = None
    if any(catalogue.texts):
        columns.append(principal_components(lexical_vectors(catalogue.texts), config.words_size))
        if config.meaning_size:
            meaning = cache.embed(catalogue.texts, config.minutes, progress)
        if meaning is not None:
            columns.append(principal_components(centred(meaning), config.meaning_size))
    if labels.nnz:
        few = labels.shape[1] <= config.category_size
        columns.append(labels.toarray() if few else principal_components(labels, config.category_size))
    columns.append(np.full((len(catalogue.texts), 1), BIAS, np.float32))
    # Half precision is what is saved, so that a loaded model scores as the fitted one.
    vectors = np.hstack(columns).astype(np.float16).astype(np.float32)
    return Said(vectors, lexical_vectors(catalogue.texts, max_share=COMMON), labels, meaning is not None)


def fit_parts(interactions: Interactions, said: Said, config: TextConfig) -> TextParts:
    """Return everything that scores are made of."""
    n_items = len(interactions.items)
    customers = customers_per_item(interactions.histories, n_items)
    warm = customers > 0
    follows = CoVisitation(neighbours=config.neighbours).fit(interactions).neighbours_
    table: Any = sp.csr_matrix((follows.strengths, follows.items, follows.indptr), shape=(n_items, n_items))
    mapped, foretold = ridge_map(said.vectors, warm, [table, np.log1p(customers)[None, :]], config.reg)
    popular = np.where(warm, np.log1p(customers), said.vectors @ foretold[0])
    popular = (popular - popular.mean()) / max(float(popular.std()), 1e-6)
    return TextParts(
        follows=follows,
        near=near_items(said.lexical, warm, config.nearest, config.near_power),
        vectors=said.vectors,
        mapped=mapped.astype(np.float16).astype(np.float32),
        labels=said.labels,
        popular=popular.astype(np.float32),
        warm=warm,
    )
