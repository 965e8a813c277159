"""Settings of the text model."""

from __future__ import annotations

from regulars.interests.recommender import Config


class TextConfig(Config, frozen=True, kw_only=True):
    """Settings of `TextModel`; the defaults were chosen on validation splits (docs/log.md)."""

    words_size: int = 256
    """Principal components of words and pieces of words."""
    meaning_size: int = 256
    """Principal components of the sentence embeddings; 0: do without them."""
    category_size: int = 128
    """Principal components of the categories, when there are more labels than that."""
    reg: float = 10.0
    """λ of the map from text to co-visitation."""
    nearest: int = 50
    """Old items that each item's text is compared with."""
    near_power: float = 3.0
    """Strength of a near-copy is its cosine to this power."""
    taste_decay: float = 0.2
    """For near-copies and categories the r-th latest event weighs (1 + r)^-taste_decay: taste lasts."""
    follows_decay: float = 1.4
    """The same for what follows what."""
    history_decay: float = 0.4
    """The same for all else."""
    history_depth: int = 128
    """Events of a history that are looked at."""
    neighbours: int = 128
    """Co-visitation neighbours kept for each item."""
    customers: int = 1500
    """At most so many teach the weights."""
    minutes: float = 2.0
    """Time for embedding new texts in one fit; above it words and categories do alone until a fit has them all."""
    cache: str | None = None
    """Directory of remembered embeddings; None: in memory."""
    seed: int = 7
    """Which items are hidden and which customers asked to learn the weights."""
