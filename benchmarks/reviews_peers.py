"""What a practitioner would take first: TF-IDF with logistic regression, cost chosen on validation, then Platt's line.

Needs scikit-learn (BSD-3-Clause) and rjieba (MIT); VADER for English (vaderSentiment, MIT). They are peers to be
measured against, and nothing of the product imports them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.reviews_data import Labelled
from benchmarks.reviews_scores import Floats, scores

COSTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


def vectorizers(language: str) -> dict[str, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    shared: dict[str, Any] = {"min_df": 2, "sublinear_tf": True, "dtype": np.float32}
    if language == "en":
        return {
            "words 1-2": TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"[a-z0-9']+", **shared),  # noqa: S106
            "characters 2-5": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **shared),
        }
    import rjieba

    def words(text: str) -> list[str]:
        return [word for word in rjieba.cut(text) if word.strip()]

    segmented: dict[str, Any] = {"tokenizer": words, "token_pattern": None}
    return {
        "words 1-2": TfidfVectorizer(ngram_range=(1, 2), **shared, **segmented),
        "characters 1-3": TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **shared),
    }


def tfidf_logistic(language: str, data: dict[str, Labelled]) -> dict[str, tuple[Floats, dict[str, Any]]]:
    """Return each peer's probabilities for the test texts, and how it was chosen."""
    from sklearn.linear_model import LogisticRegression

    learning, validation, test = (data[part] for part in ("learning", "validation", "test"))
    found: dict[str, tuple[Floats, dict[str, Any]]] = {}
    for name, vectorizer in vectorizers(language).items():
        features = vectorizer.fit_transform(learning.texts)
        known, asked = (vectorizer.transform(part.texts) for part in (validation, test))
        tries: list[tuple[float, float, Any]] = []
        for cost in COSTS:
            model = LogisticRegression(C=cost, solver="liblinear", max_iter=300)
            model.fit(features, learning.positive, sample_weight=learning.weights)
            loss = scores(model.predict_proba(known)[:, 1], validation.positive)["log_loss"]
            tries.append((loss, cost, model))
        loss, cost, model = min(tries, key=lambda one: one[0])
        line = LogisticRegression(C=1e6).fit(model.decision_function(known)[:, None], validation.positive)
        odds = model.decision_function(asked)[:, None]
        found[name] = (line.predict_proba(odds)[:, 1], {"cost": cost, "validation_log_loss": loss})
    return found


def vader(data: dict[str, Labelled]) -> Floats:
    """Return the probabilities that VADER's compound score gives after Platt's line on the validation sentences."""
    from sklearn.linear_model import LogisticRegression
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    judge = SentimentIntensityAnalyzer()

    def compound(part: Labelled) -> Any:
        return np.array([[judge.polarity_scores(text)["compound"]] for text in part.texts])

    validation = data["validation"]
    line = LogisticRegression(C=1e6).fit(compound(validation), validation.positive)
    return line.predict_proba(compound(data["test"]))[:, 1]
