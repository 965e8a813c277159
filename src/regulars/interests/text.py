"""Recommendations from what a shop says of its items: for those that nobody chose yet there is nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import scipy.sparse as sp

from regulars.interests.neighbours import Neighbours
from regulars.interests.popularity import customers_per_item
from regulars.interests.recommender import Config, Recommender
from regulars.interests.text_config import TextConfig
from regulars.interests.text_fit import Said, describe, fit_parts
from regulars.interests.text_parts import PERSONAL, TextParts
from regulars.interests.text_vectors import VectorCache
from regulars.interests.text_weights import DEFAULT, Choices, combine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions

BLOCK = 128 * 1024 * 1024
"""Bytes of reasons held at once while scoring."""
SAYS_NOTHING = "the catalogue says nothing of the items"
TARGETS = 2
"""Hidden items of one customer that teach the weights, so that those with long histories do not decide alone."""


class TextModel(Recommender):
    """Co-visitation carried over to new items by what is said of them.

    Five reasons, each on a logarithmic z-scale over the catalogue: co-visitation; near-copies (TF-IDF cosine to the
    items of the history, cubed); the co-visitation that an item's words, meaning and category foretell (a ridge
    regression, close to CB2CF, Barkan et al., 2019); category affinity; popularity, foretold by text for cold items.
    A conditional logit weighs them, cold and warm items apart; it learns on a fifth of the items, hidden from a second
    fit. Without a catalogue the model is popularity, and `reason_` says so.

    Attributes
    ----------
    parts_
        What scores are made of; None without a catalogue.
    weights_
        float64, see `regulars.interests.text_weights`.
    reason_
        Why the model is popularity alone; empty when it is not.
    meaning_
        Are sentence embeddings among the vectors?
    """

    name = "text"
    config_type = TextConfig
    config: TextConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        self.popularity_ = customers_per_item(interactions.histories, self.n_items_)
        self.parts_: TextParts | None = None
        self.weights_ = DEFAULT.copy()
        self.meaning_ = False
        catalogue = interactions.catalogue
        self.reason_ = SAYS_NOTHING
        if catalogue is None or not (any(catalogue.texts) or any(catalogue.categories)):
            return
        self.reason_ = ""
        said = describe(catalogue, self.config, self._cache(), progress)
        self.meaning_ = said.meaning
        with progress.task("Learning what texts foretell", 2) as step:
            self.weights_ = self._weigh(interactions, said)
            step.advance()
            self.parts_ = fit_parts(interactions, said, self.config)
            step.advance()

    def _cache(self) -> VectorCache:
        """Return the memory of embeddings; it outlives a fit, so that the next one embeds new texts alone."""
        if not hasattr(self, "_remembered"):
            self._remembered = VectorCache(Path(self.config.cache) if self.config.cache else None)
        return self._remembered

    def _weigh(self, interactions: Interactions, said: Said) -> NDArray[np.float64]:
        """Hide a fifth of the items and each last event, fit, and learn which reasons find them again."""
        histories = interactions.histories
        random = np.random.default_rng(self.config.seed)
        chosen = np.unique(histories.items)
        is_hidden = np.zeros(self.n_items_, np.bool_)
        is_hidden[random.choice(chosen, len(chosen) // 5, replace=False)] = True
        cold = is_hidden[histories.items]
        last = np.zeros(len(cold), np.bool_)
        last[histories.indptr[1:][histories.lengths >= 3] - 1] = True
        learned = interactions.keep(~cold & ~last)
        if len(learned.histories.items) == 0:
            return DEFAULT.copy()
        parts = fit_parts(learned, said, self.config)
        choices = Choices(parts, np.flatnonzero(is_hidden), self.config.seed)
        able = np.flatnonzero((learned.histories.lengths > 0) & (histories.lengths > learned.histories.lengths))
        asked = random.choice(able, min(self.config.customers, len(able)), replace=False)
        some = histories.keep(cold & _at_most(histories, cold, TARGETS, random))
        step = self._rows()
        for begin in range(0, len(asked), step):
            rows = asked[begin : begin + step]
            known = learned.histories.select(rows)
            choices.add(parts.features(known, self.config), known, some.select(rows), histories.keep(last).select(rows))
        return choices.learn()

    def _rows(self) -> int:
        return max(1, BLOCK // (4 * (PERSONAL + 2) * self.n_items_))

    def _score(self, histories: Histories) -> NDArray[np.float32]:
        if self.parts_ is None:
            return np.tile(self.popularity_, (len(histories), 1))
        step = self._rows()
        out = np.empty((len(histories), self.n_items_), np.float32)
        for begin in range(0, len(histories), step):
            rows = np.arange(begin, min(begin + step, len(histories)))
            features = self.parts_.features(histories.select(rows), self.config)
            out[rows] = combine(features, self.parts_, self.weights_)
        return out

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {"popularity": self.popularity_}
        parts = self.parts_
        if parts is None:
            return arrays
        labels: Any = parts.labels
        for name, table in (("follows", parts.follows), ("near", parts.near)):
            arrays |= {f"{name}_indptr": table.indptr, f"{name}_items": table.items}
            arrays[f"{name}_strengths"] = table.strengths
        return arrays | {
            "vectors": parts.vectors.astype(np.float16),
            "mapped": parts.mapped.astype(np.float16),
            "labels_indptr": labels.indptr.astype(np.int64),
            "labels_columns": labels.indices.astype(np.int32),
            "labels_values": labels.data,
            "labels_count": np.array([labels.shape[1]], np.int64),
            "popular": parts.popular,
            "warm": parts.warm,
            "weights": self.weights_,
            "meaning": np.array([self.meaning_]),
        }

    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.popularity_ = arrays["popularity"]
        self.parts_, self.weights_, self.meaning_, self.reason_ = None, DEFAULT.copy(), False, SAYS_NOTHING
        if "warm" not in arrays:
            return
        self.weights_, self.meaning_, self.reason_ = arrays["weights"], bool(arrays["meaning"][0]), ""
        follows, near = (
            Neighbours(arrays[f"{name}_indptr"], arrays[f"{name}_items"], arrays[f"{name}_strengths"])
            for name in ("follows", "near")
        )
        labels: Any = sp.csr_matrix(
            (arrays["labels_values"], arrays["labels_columns"], arrays["labels_indptr"]),
            shape=(self.n_items_, int(arrays["labels_count"][0])),
        )
        vectors, mapped = (arrays[name].astype(np.float32) for name in ("vectors", "mapped"))
        self.parts_ = TextParts(follows, near, vectors, mapped, labels, arrays["popular"], arrays["warm"])

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = TextConfig()
        changes: list[dict[str, float]] = [{"reg": 3.0}, {"reg": 30.0}, {"near_power": 2.0}, {"taste_decay": 0.0}]
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


def _at_most(
    histories: Histories, mask: NDArray[np.bool_], count: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Return at most `count` true places of each customer, chosen at random."""
    chance = np.where(mask, random.random(len(mask)), 2.0)
    order = np.lexsort((chance, histories.owners))
    place = np.arange(len(mask)) - np.repeat(histories.indptr[:-1], histories.lengths)
    out = np.zeros(len(mask), np.bool_)
    out[order] = place < count
    return out & mask
