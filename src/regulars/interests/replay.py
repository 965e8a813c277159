"""Day by day: whether what customers chose was among what a model, asked that morning, would have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.metrics import find_hits, hit_rate
from regulars.interests.splits import by_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from regulars.interests.interactions import Interactions
    from regulars.interests.recommender import Recommender

PLACES = 20


def daily_hits(
    model: Recommender,
    interactions: Interactions,
    days: Iterable[tuple[int, int]],
    *,
    exclude_known: bool,
    customers: int,
    seed: int = 7,
) -> list[tuple[int, int]]:
    """Replay days.

    Parameters
    ----------
    model
        Fitted, and on nothing of these days.
    interactions
        Everything, these days too. Items that the model does not know have the highest numbers: what customers chose of
        them counts as missed, as the model could not have shown it.
    days
        Beginning and end of each, seconds since 1970.
    exclude_known
        Leave out of the lists what a customer already had.
    customers
        At most so many of each day's customers with a history, drawn by `seed`.

    Returns
    -------
    hits
        For each day, customers with a hit among the first 20, and customers.
    """
    found: list[tuple[int, int]] = []
    for begin, end in days:
        split = by_time(interactions, begin, end - begin)
        chosen = np.random.default_rng((seed, begin)).permutation(len(split.users))[:customers]
        histories, targets = split.histories.select(chosen), split.targets.select(chosen)
        histories = histories.keep(histories.items < model.n_items_)
        if len(chosen) == 0:
            found.append((0, 0))
            continue
        lists, _ = model.recommend(histories, PLACES, exclude_known=exclude_known)
        hit = hit_rate(find_hits(lists, targets, len(interactions.items)), PLACES)
        found.append((int(hit.sum()), len(chosen)))
    return found
