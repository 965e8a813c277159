"""How good probabilities are: accuracy and calibration, and what two models differ by on the same texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15
Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def by_text(probability: Floats, positive: Labels) -> dict[str, Floats]:
    """Return each text's part of the scores that are means."""
    sure = np.clip(probability, 1e-6, 1 - 1e-6)
    return {
        "accuracy": ((sure > 0.5) == positive).astype(float),
        "log_loss": -np.log(np.where(positive, sure, 1 - sure)),
        "brier": (sure - positive) ** 2,
    }


def calibration_error(probability: Floats, positive: Labels) -> float:
    """Return the expected calibration error over 15 bins with equally many texts."""
    order = np.argsort(probability, kind="stable")
    gaps = [
        len(places) * abs(probability[places].mean() - positive[places].mean())
        for places in np.array_split(order, BINS)
    ]
    return float(sum(gaps) / len(order))


def scores(probability: Floats, positive: Labels) -> dict[str, float]:
    means = {name: float(values.mean()) for name, values in by_text(probability, positive).items()}
    return means | {"calibration_error": calibration_error(probability, positive)}


def differences(ours: Floats, theirs: Floats, positive: Labels, rounds: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Return ours minus theirs for each score with the 95% interval of a paired bootstrap over texts."""
    rng = np.random.default_rng(seed)
    left, right = by_text(ours, positive), by_text(theirs, positive)
    paired = {name: left[name] - right[name] for name in left}
    drawn: dict[str, list[float]] = {name: [] for name in (*paired, "calibration_error")}
    for _ in range(rounds):
        places = rng.integers(0, len(positive), len(positive))
        for name, values in paired.items():
            drawn[name].append(float(values[places].mean()))
        errors = [calibration_error(one[places], positive[places]) for one in (ours, theirs)]
        drawn["calibration_error"].append(errors[0] - errors[1])
    result: dict[str, Any] = {}
    for name, values in drawn.items():
        low, high = np.percentile(values, [2.5, 97.5])
        point = (
            paired[name].mean()
            if name in paired
            else (calibration_error(ours, positive) - calibration_error(theirs, positive))
        )
        result[name] = {"difference": float(point), "low": float(low), "high": float(high)}
    return result
