"""From the weights of yesterday to a start for today: items come, go and get other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from regulars.interests.neural.spectral import neighbour_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.neural.trunks import SequenceModule


@torch.no_grad()
def carry_over(
    old: SequenceModule, new: SequenceModule, histories: Histories, was: NDArray[np.int32], kinds_were: list[int]
) -> None:
    """Copy weights into a module of another catalogue, in place.

    Items that are new get the mean vector of their neighbours in `histories`, and a middling bias.

    Parameters
    ----------
    old, new
        What was learned, and where it goes.
    histories
        Everything known now, in today's item numbers.
    was
        The number that each item had before, -1 for new ones, int32 (items).
    kinds_were
        The same for kinds of events.
    """
    before, after = old.state_dict(), new.state_dict()
    fresh, rows = was < 0, np.maximum(was, 0)
    for name, tensor in after.items():
        found = before.get(name)
        if name == "trunk.items.weight":
            known = before[name].numpy()
            vectors = np.where(fresh[:, None], 0, known[rows]).astype(np.float32)
            # The last two rows are the start and what is not known: they have no item's number.
            vectors = np.concatenate([neighbour_vectors(histories, vectors, fresh), known[-2:]])
            tensor.copy_(torch.from_numpy(vectors))
        elif name == "head.bias":
            known = before[name].numpy()
            kept = known[was[~fresh]]
            middle = float(np.median(kept)) if len(kept) else 0.0
            tensor.copy_(torch.from_numpy(np.where(fresh, middle, known[rows]).astype(np.float32)))
        elif name == "trunk.kinds.weight" and found is not None:
            tensor.copy_(found[[0, *(number + 1 for number in kinds_were)]])
        elif found is not None:
            tensor.copy_(found)


def came_since(histories: Histories, moment: int) -> Histories:
    """Return the histories whose latest event is after `moment` (seconds since 1970)."""
    some = np.flatnonzero(histories.lengths > 0)
    last = histories.times[histories.indptr[1:][some] - 1]
    return histories.select(some[last > moment])
