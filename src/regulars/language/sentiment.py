"""How probable it is that a text speaks well of what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.language.languages import Language, language_of
from regulars.language.linear import LinearModel
from regulars.language.model_files import read_linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NAMES: dict[Language, str] = {"zh": "sentiment_zh", "en": "sentiment_en"}
"""The shipped models by language."""


@dataclass(frozen=True)
class Sentiment:
    """One model a language.

    Parameters
    ----------
    models
        Language → model.
    cards
        Language → what the model was learned from and how well it does on texts it never saw.
    """

    models: Mapping[Language, LinearModel]
    cards: Mapping[Language, Mapping[str, Any]]

    def probabilities(self, texts: Sequence[str], languages: Sequence[Language] | None = None) -> NDArray[np.float64]:
        """Return P(positive) of each text, shape (texts,); NaN where the language is not known, or no word of it.

        Parameters
        ----------
        texts
            Reviews, or clauses of them.
        languages
            The language of each, where it is known already: a clause is written like the text it is from.
        """
        spoken = [language_of(text) for text in texts] if languages is None else languages
        found = np.full(len(texts), np.nan)
        for language, model in self.models.items():
            places = [at for at, one in enumerate(spoken) if one == language]
            if places:
                odds, known = model.log_odds_and_known([texts[at] for at in places])
                found[places] = np.where(known > 0, 1.0 / (1.0 + np.exp(-odds)), np.nan)
        return found


@cache
def shipped() -> Sentiment:
    """Return the models that come with the package, loaded once."""
    read: dict[Language, tuple[LinearModel, dict[str, Any]]] = {
        language: read_linear(name) for language, name in NAMES.items()
    }
    return Sentiment({k: model for k, (model, _) in read.items()}, {k: card for k, (_, card) in read.items()})
