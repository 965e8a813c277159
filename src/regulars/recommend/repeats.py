"""Whether a shop sells things that people buy again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from regulars.interests.interactions import DAY

if TYPE_CHECKING:
    from regulars.interests import Interactions

QUARTER_DAYS = 91
ENOUGH = 0.1


def repeat_share(purchases: Interactions) -> float:
    """Return the share of the last quarter's purchases that were of an item the same customer had bought before.

    A purchase counts as a repeat from the second basket on: two of the same in one basket are one.
    """
    histories = purchases.histories
    if len(histories.items) == 0:
        return 0.0
    pairs = histories.owners * len(purchases.items) + histories.items
    order = np.lexsort((histories.times, pairs))
    same_pair = pairs[order][1:] == pairs[order][:-1]
    later = histories.times[order][1:] > histories.times[order][:-1]
    again = np.zeros(len(order), np.bool_)
    again[order[1:][same_pair & later]] = True
    recent = histories.times >= purchases.last_time - QUARTER_DAYS * DAY
    return float(again[recent].mean())


def allows_repeats(setting: Literal["auto", "allow", "exclude"], purchases: Interactions) -> bool:
    """Return whether slates may hold what the customer already bought, as `recommend.repeat` says."""
    if setting == "auto":
        return repeat_share(purchases) >= ENOUGH
    return setting == "allow"
