"""Everything that is said of a model's lists, and of the model among others: one row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.interests import metrics
from regulars.interests.baselines import OwnFrequency, RecentPopularity
from regulars.interests.beyond import Background, beyond_accuracy
from regulars.interests.comparing import MEASURE, Comparison, against, compare, verdict
from regulars.interests.popularity import Popularity
from regulars.interests.slices import sliced, slices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regulars.interests.splits import Split

TRIVIAL = (Popularity.name, RecentPopularity.name, OwnFrequency.name)
"""Models that learn nothing but counts: a table without one of them says nothing."""


@dataclass(frozen=True)
class Evaluation:
    """Models beside each other.

    Parameters
    ----------
    rows
        One row of figures a model; `vs` says how it did against the best trivial baseline, `vs_best` against the best
        model of all (both None for itself): model, difference in nDCG@10, interval, and the p-value adjusted for the
        size of the table.
    comparisons
        Every pair of models, on the same customers.
    winner
        See `comparing.verdict`.
    """

    rows: list[dict[str, Any]]
    comparisons: list[Comparison]
    winner: dict[str, Any]


class Judge:
    """Collects models' lists for the customers of one split, then compares them.

    Parameters
    ----------
    split
        Who is asked, and what they chose.
    seed
        Of what is resampled.
    """

    def __init__(self, split: Split, seed: int = 7) -> None:
        self._split = split
        self._seed = seed
        self._rows: list[dict[str, Any]] = []
        self._values: dict[str, NDArray[np.float64]] = {}
        self._background = Background.of(split.train)
        self._slices = list(slices(split))

    def add(self, model: str, lists: NDArray[np.int32], **facts: Any) -> None:
        """Judge a model's lists (customers × at least 20); `facts` join its row."""
        split, n_items = self._split, len(self._split.train.items)
        values = metrics.per_customer(lists, split.targets, n_items)
        self._values[model] = values[MEASURE]
        self._rows.append(
            {
                "model": model,
                **metrics.described(values, lists, n_items),
                **beyond_accuracy(lists, split.histories, split.train, self._background),
                **facts,
                "slices": sliced(lists, split, self._slices),
            }
        )

    def conclude(self) -> Evaluation:
        """Compare what was added, at least one model."""
        comparisons = compare(self._values, seed=self._seed)
        winner = verdict(self._values, comparisons)
        trivial = [name for name in self._values if name in TRIVIAL]
        baseline = max(trivial, key=lambda name: float(self._values[name].mean()), default="")
        for row in self._rows:
            row["vs"] = _versus(comparisons, row["model"], baseline)
            row["vs_best"] = _versus(comparisons, row["model"], winner["model"])
        return Evaluation(self._rows, comparisons, winner)


def _versus(comparisons: list[Comparison], model: str, other: str) -> dict[str, Any] | None:
    pair = against(comparisons, model, other)
    if pair is None:
        return None
    return {"model": other, "difference": pair.difference, "interval": list(pair.interval), "p": pair.p_holm}
