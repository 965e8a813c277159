"""A fifth of the catalogue hidden with everything that happened to it, as if it came tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories, Interactions


class ColdPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How to evaluate on cold items.

    `share` of the items chosen by somebody are hidden, with all their events. Customers with a hidden and a seen item
    are asked, at most `customers` of them. With `validation` the fold is another one, of items outside the test's: for
    choosing settings.
    """

    share: float = 0.2
    customers: int = 10_000
    validation: bool = False
    seed: int = 7


@dataclass(frozen=True)
class ColdSplit:
    """What may be learned from, whom is asked what, and which items were hidden.

    Parameters
    ----------
    train
        Without the hidden items' events, and without the last event of each customer.
    histories, hidden
        Of customers with a hidden item: what is known of them, and the hidden items they chose, each once.
    before, last
        Of customers with three events or more: what is known of them, and their last event, on a hidden item or not.
    cold
        Numbers of the hidden items.
    launched
        First event of each item, hidden or not, int64 (items).
    """

    train: Interactions
    histories: Histories
    hidden: Histories
    before: Histories
    last: Histories
    cold: NDArray[np.int64]
    launched: NDArray[np.int64]


def split_cold(interactions: Interactions, plan: ColdPlan) -> ColdSplit:
    """Hide items at random.

    Raises
    ------
    InputError
        No customer has both a hidden and a seen item.
    """
    n_items = len(interactions.items)
    random = np.random.default_rng(plan.seed)
    chosen = random.permutation(np.unique(interactions.histories.items))
    count = int(len(chosen) * plan.share)
    if plan.validation:
        tested = np.isin(interactions.histories.items, chosen[:count])
        interactions, chosen = interactions.keep(~tested), chosen[count:]
    cold = chosen[:count].astype(np.int64)
    histories = interactions.histories
    is_cold = np.isin(histories.items, cold)
    is_last = np.zeros(len(is_cold), np.bool_)
    is_last[histories.indptr[1:][histories.lengths >= 3] - 1] = True
    known = histories.keep(~is_cold & ~is_last)
    hidden = _distinct(histories.keep(is_cold), n_items)
    asked = np.flatnonzero((known.lengths > 0) & (hidden.lengths > 0))
    again = np.flatnonzero((known.lengths > 0) & (histories.lengths >= 3))
    if len(asked) == 0:
        raise InputError(
            "no customer has both a hidden item and another", fix="Cold evaluation needs customers with several items."
        )
    asked, again = (_some(rows, plan.customers, random) for rows in (asked, again))
    launched = np.full(n_items, np.iinfo(np.int64).max)
    np.minimum.at(launched, histories.items, histories.times)
    return ColdSplit(
        interactions.having(known), known.select(asked), hidden.select(asked),
        known.select(again), histories.keep(is_last).select(again), cold, launched,
    )  # fmt: skip


def _distinct(histories: Histories, n_items: int) -> Histories:
    _, first = np.unique(histories.owners * n_items + histories.items, return_index=True)
    mask = np.zeros(len(histories.items), np.bool_)
    mask[first] = True
    return histories.keep(mask)


def _some(rows: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= count else np.sort(random.choice(rows, count, replace=False))
