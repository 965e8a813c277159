"""The k best items of each row of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


def top_k(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the k largest finite scores of each row, falling; equal scores go to the smaller number.

    Parameters
    ----------
    scores
        float32 (rows × items); -inf marks what must not be chosen.
    k
        How many.

    Returns
    -------
    items
        int32 (rows × k), -1 where a row has fewer than k finite scores.
    values
        float32 (rows × k), -inf there.
    """
    items = np.full((len(scores), k), -1, np.int32)
    values = np.full((len(scores), k), -np.inf, np.float32)
    _top_k(scores, items, values)
    return items, values


@kernel
def _top_k(scores: NDArray[np.float32], items: NDArray[np.int32], values: NDArray[np.float32]) -> None:
    # A sorted list of k beats a heap while k is small: nearly every score fails the first comparison.
    k = items.shape[1]
    for row in range(scores.shape[0]):
        worst = np.float32(-np.inf)
        filled = 0
        for item in range(scores.shape[1]):
            value = scores[row, item]
            # Infinities are data here, so compare against the largest negative number, not with isfinite.
            if value <= worst or value < np.float32(-3.0e38):
                continue
            at = min(filled, k - 1)
            while at > 0 and values[row, at - 1] < value:
                values[row, at] = values[row, at - 1]
                items[row, at] = items[row, at - 1]
                at -= 1
            values[row, at] = value
            items[row, at] = item
            filled = min(filled + 1, k)
            if filled == k:
                worst = values[row, k - 1]
