"""Two ways to hide the future: each customer's last item, and everything after a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions


@dataclass(frozen=True)
class Split:
    """What a model may learn from, whom it is asked about, and what they did next.

    Parameters
    ----------
    train
        Events to learn from.
    histories
        What is known of the asked customers when they are asked.
    targets
        What they chose afterwards: distinct items, in a `Histories` for its shape.
    users
        Their numbers.
    now
        The moment of asking, seconds since 1970.
    """

    train: Interactions
    histories: Histories
    targets: Histories
    users: NDArray[np.int64]
    now: int


def leave_one_out(interactions: Interactions, *, back: int = 0, refit: bool = True) -> Split:
    """Hide one event of each customer.

    Parameters
    ----------
    interactions
        Everything.
    back
        0 hides the last event (the test), 1 the one before it (validation; the last is then unknown to all).
    refit
        With back=0: may the model learn from the validation event, as the history it is asked with holds it?
    """
    histories = interactions.histories
    from_end = histories.from_end
    asked = np.flatnonzero(histories.lengths >= 3)
    long_enough = np.isin(histories.owners, asked)
    seen = (from_end > back) | ~long_enough
    # Without refit the model is the one that was tuned: the validation event is in the history alone.
    learned = seen if refit or back else (from_end > 1) | ~long_enough
    target = (from_end == back) & long_enough
    return Split(
        train=interactions.keep(learned),
        histories=histories.keep(seen).select(asked),
        targets=histories.keep(target).select(asked),
        users=asked,
        now=interactions.last_time,
    )


def by_time(interactions: Interactions, cutoff: int, horizon: int) -> Split:
    """Hide everything from `cutoff` on; ask every customer known by then who came back within `horizon` seconds.

    Customers who did not come back have no target and are left out of the table, as no list could have served them.
    """
    histories = interactions.histories
    past = histories.times < cutoff
    future = ~past & (histories.times < cutoff + horizon)
    known = histories.keep(past)
    after = _distinct(histories.keep(future), len(interactions.items))
    asked = np.flatnonzero((known.lengths > 0) & (after.lengths > 0))
    return Split(interactions.keep(past), known.select(asked), after.select(asked), asked, cutoff)


def _distinct(histories: Histories, n_items: int) -> Histories:
    pairs = histories.owners * n_items + histories.items
    _, first = np.unique(pairs, return_index=True)
    mask = np.zeros(len(pairs), np.bool_)
    mask[first] = True
    return histories.keep(mask)
