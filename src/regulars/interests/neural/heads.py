"""What a state says besides the next item: when the customer comes back, whether they buy, from which category."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it

from regulars.interests.neural.trunks import SequenceModule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.neural.behaviour_targets import BehaviourBatch, Targets
    from regulars.interests.neural.trunks import Trunk

EDGES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 21, 28, 35, 60, 90)
"""Days at which the hazard changes: each day of the first week, around the fortnight, then ever wider.

Bin b holds the days EDGES[b] + 1 … EDGES[b + 1] after a visit; the last one is open.
"""
N_BINS = len(EDGES)
DROPOUT = 0.4
"""Share of the state's values that a head does not see while learning: visits are fewer than items."""


def exposure(days: Tensor) -> Tensor:
    """Return how many of the first `days` days fall into each bin, float32 (… × bins)."""
    begin = torch.tensor(EDGES, dtype=torch.float32)
    width = torch.diff(begin, append=torch.tensor([torch.inf]))
    return torch.minimum((days.float()[..., None] - begin).clamp(min=0), width)


def bin_of(days: Tensor) -> Tensor:
    """Return the bin of a day after the visit, from 1, int64."""
    return torch.bucketize(days.float(), torch.tensor(EDGES, dtype=torch.float32)) - 1


def days_in_bins(days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the same as `exposure`, of an array: float64 (… × bins)."""
    return exposure(torch.from_numpy(np.ascontiguousarray(days))).numpy().astype(np.float64)


class Head(nn.Module):
    """A hidden layer and one number an outcome; it starts from what is usual (`start`), whatever the state.

    Parameters
    ----------
    size
        Length of the states.
    outcomes
        Numbers returned.
    """

    def __init__(self, size: int, outcomes: int) -> None:
        super().__init__()
        self.outcomes = outcomes
        self.dropout = nn.Dropout(DROPOUT)
        self.hidden = nn.Linear(size, size)
        self.out = nn.Linear(size, outcomes)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    @torch.no_grad()
    def start(self, logits: Tensor) -> None:
        """Answer `logits` (outcomes) until something is learned."""
        self.out.bias.copy_(logits)

    def forward(self, states: Tensor) -> Tensor:
        """Return logits, float32 (… × outcomes), of states (… × size)."""
        return self.out(F.silu(self.hidden(self.dropout(states)))).float()


class HazardHead(Head):
    """The daily hazard q of the next visit: the chance of coming on a day when they have not come before it.

    Discrete-time survival (Singer and Willett, 1993) with a hazard that is constant within each bin of `EDGES`, so
    that censoring is exact to the day and any horizon can be asked: S(t) = Π_b (1 − q_b)^(days of the first t in b).
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, N_BINS)

    def loss(self, states: Tensor, days: Tensor, came: Tensor) -> Tensor:
        """Return the negative log-likelihood of each row, float32 (rows).

        −ln L = −Σ_b survived_b · ln(1 − q_b) − [came] · ln q_b(days): who has not come back yet tells that they
        stayed away for `days` days, and nothing of when they come.

        Parameters
        ----------
        states
            After a visit, (rows × size).
        days
            Days until the next visit, or that passed without one, (rows).
        came
            Whether there was a next visit, bool (rows).
        """
        logits = self(states)
        survived = exposure(days - came.to(days.dtype))
        stayed = (survived * F.softplus(logits)).sum(-1)
        arrived = F.softplus(-logits.gather(-1, bin_of(days.clamp(min=1))[:, None])[:, 0])
        return stayed + torch.where(came, arrived, torch.zeros_like(arrived))

    @staticmethod
    def usual(days: Tensor, came: Tensor) -> Tensor:
        """Return the logits of the hazard of all visits together: (visits + ½) ÷ (days at risk + 1) in each bin."""
        at_risk = exposure(days).sum(0)
        visits = torch.bincount(bin_of(days.clamp(min=1))[came], minlength=N_BINS).float()
        share = ((visits + 0.5) / (at_risk + 1)).clamp(1e-5, 1 - 1e-5)
        # Bins that nobody reached go on as the last one that somebody did.
        reached = int((at_risk > 0).sum())
        if 0 < reached < N_BINS:
            share[reached:] = share[reached - 1]
        return torch.logit(share)


class PurchaseHead(Head):
    """Whether the next visit holds a purchase."""

    def __init__(self, size: int) -> None:
        super().__init__(size, 1)

    def loss(self, states: Tensor, bought: Tensor) -> Tensor:
        """Return the cross-entropy of each row, float32 (rows); `bought` is bool (rows)."""
        return F.binary_cross_entropy_with_logits(self(states)[:, 0], bought.float(), reduction="none")


class CategoryHead(Head):
    """Which category the next event's item is of."""

    def loss(self, states: Tensor, categories: Tensor) -> Tensor:
        """Return the cross-entropy of each row, float32 (rows); `categories` is int64 (rows)."""
        return F.cross_entropy(self(states), categories, reduction="none")


class BehaviourModule(SequenceModule):
    """A trunk with the item head and whichever of the others are asked for.

    Parameters
    ----------
    trunk
        What all heads read.
    predicts
        Of "time", "purchase" and "category".
    n_categories
        Categories there are.
    """

    def __init__(self, trunk: Trunk, predicts: tuple[str, ...], n_categories: int) -> None:
        super().__init__(trunk)
        size = trunk.items.embedding_dim
        self.heads = nn.ModuleDict()
        if "time" in predicts:
            self.heads["time"] = HazardHead(size)
        if "purchase" in predicts:
            self.heads["purchase"] = PurchaseHead(size)
        if "category" in predicts:
            self.heads["category"] = CategoryHead(size, n_categories)

    def start(self, targets: Targets) -> None:
        """Let heads that have learned nothing yet answer what is usual in these targets."""
        for name, head in self.heads.items():
            if not bool((cast("Head", head).out.bias == 0).all()):
                continue
            if name == "time":
                asked = targets.days >= 0
                days, came = torch.from_numpy(targets.days[asked]), torch.from_numpy(targets.came[asked])
                cast("Head", head).start(HazardHead.usual(days, came))
            elif name == "purchase":
                share = (targets.bought == 1).sum() / max(1, (targets.bought >= 0).sum())
                cast("Head", head).start(torch.logit(torch.tensor([float(share)]), eps=1e-3))
            else:
                counts = np.bincount(targets.categories[targets.categories >= 0], minlength=cast("Head", head).outcomes)
                shares = torch.from_numpy((counts + 0.5) / (counts.sum() + 0.5 * len(counts))).float()
                cast("Head", head).start(shares.log())

    def losses(self, states: Tensor, batch: BehaviourBatch) -> dict[str, Tensor]:
        """Return the losses of each head's targets in a batch, float32 (targets of the head) by head.

        Parameters
        ----------
        states
            (rows × positions × size).
        batch
            Its targets.
        """
        found: dict[str, Tensor] = {}
        for name, head in self.heads.items():
            if name == "time":
                there = batch.days >= 0
                found[name] = cast("HazardHead", head).loss(states[there], batch.days[there], batch.came[there])
            elif name == "purchase":
                there = batch.bought >= 0
                found[name] = cast("PurchaseHead", head).loss(states[there], batch.bought[there] == 1)
            else:
                there = batch.categories >= 0
                found[name] = cast("CategoryHead", head).loss(states[there], batch.categories[there])
        return found
