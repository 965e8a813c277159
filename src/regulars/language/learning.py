"""How a sentiment model is learned from labelled texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.language.grams import Grams, grams
from regulars.language.linear import LinearModel
from regulars.language.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """What is chosen on the validation texts, never on the test texts.

    Parameters
    ----------
    order, gap
        Features; see `regulars.language.grams.grams`.
    least
        Texts that a feature must be in.
    largest
        Features that are kept: those that move the log odds of the learning texts most.
    cost
        Weight of the texts against the ridge penalty, C of scikit-learn's LogisticRegression.
    """

    order: int = 3
    gap: int = 2
    least: int = 3
    largest: int = 100_000
    cost: float = 10.0


def learn(
    texts: Sequence[str],
    positive: NDArray[np.bool_],
    settings: LearningSettings,
    weights: NDArray[np.float64] | None = None,
) -> LinearModel:
    """Learn a model; the same texts in the same order give the same model.

    Parameters
    ----------
    texts
        Labelled texts.
    positive
        Shape (texts,): the labels.
    settings
        See there.
    weights
        Shape (texts,): how much each text counts; by default 1.
    """
    weight = np.ones(len(texts)) if weights is None else weights
    found = grams(tokens(texts), settings.order, settings.gap)
    hashes = _in_enough_texts(found, settings.least)
    counts = _incidence(found, hashes)
    ratios, coefficients, bias = _solve(counts, positive, weight, settings.cost)
    if len(hashes) > settings.largest:
        worth = np.abs(ratios * coefficients) * np.sqrt(np.asarray(counts.sum(axis=0)).ravel())
        kept = np.sort(np.argsort(-worth, kind="stable")[: settings.largest])
        hashes, counts = hashes[kept], counts[:, kept].tocsr()
        ratios, coefficients, bias = _solve(counts, positive, weight, settings.cost)
    return LinearModel(
        settings.order,
        settings.gap,
        hashes,
        (ratios * coefficients).astype(np.float32),
        ratios.astype(np.float32),
        bias,
    )


def calibrated(model: LinearModel, texts: Sequence[str], positive: NDArray[np.bool_]) -> LinearModel:
    """Return a model whose log odds are stretched and moved so that they fit other labelled texts (Platt 1999)."""
    from scipy.optimize import minimize

    odds = model.log_odds(texts)
    sign = np.where(positive, 1.0, -1.0)

    def loss(line: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0.0, -sign * (line[0] * odds + line[1])).mean())

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10})
    slope, shift = (float(value) for value in found.x)
    return replace(model, weights=(model.weights * slope).astype(np.float32), bias=slope * model.bias + shift)


def _in_enough_texts(found: Grams, least: int) -> NDArray[np.uint32]:
    """Return the features that enough texts have, ascending."""
    texts = np.repeat(np.arange(len(found.counts), dtype=np.uint64), found.counts)
    pairs = np.unique((found.hashes.astype(np.uint64) << np.uint64(32)) | texts)
    hashes, times = np.unique(pairs >> np.uint64(32), return_counts=True)
    return hashes[times >= least].astype(np.uint32)


def _incidence(found: Grams, hashes: NDArray[np.uint32]) -> Any:
    """Return a sparse matrix, texts × features, 1 where a text has a feature."""
    from scipy.sparse import csr_matrix

    places = np.minimum(np.searchsorted(hashes, found.hashes), len(hashes) - 1)
    known = hashes[places] == found.hashes
    texts = np.repeat(np.arange(len(found.counts)), found.counts)[known]
    shape = (len(found.counts), len(hashes))
    matrix = csr_matrix((np.ones(len(texts)), (texts, places[known])), shape=shape)
    matrix.data[:] = 1.0
    return matrix


def _solve(
    counts: Any, positive: NDArray[np.bool_], weight: NDArray[np.float64], cost: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return log count ratios, coefficients and bias: ridge logistic regression by L-BFGS."""
    from scipy.optimize import minimize
    from scipy.sparse import diags
    from scipy.special import expit

    liked, disliked = (1.0 + counts.T @ (weight * chosen) for chosen in (positive, ~positive))
    ratios = np.log(liked / liked.sum()) - np.log(disliked / disliked.sum())
    scale = 1.0 / np.sqrt(1.0 + counts @ (ratios * ratios))
    features = (diags(scale) @ counts @ diags(ratios)).tocsr()
    transposed = features.T.tocsr()
    sign = np.where(positive, 1.0, -1.0)

    def objective(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = sign * (features @ point[:-1] + point[-1])
        pull = -cost * weight * sign * expit(-margins)
        value = cost * (weight * np.logaddexp(0.0, -margins)).sum() + 0.5 * (point[:-1] @ point[:-1])
        return value, np.append(transposed @ pull + point[:-1], pull.sum())

    start = np.zeros(counts.shape[1] + 1)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return ratios, found.x[:-1], float(found.x[-1])
