"""From a history to a state per position: what all heads share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own name for it

from regulars.interests.neural.sequences import TIME_BUCKETS

if TYPE_CHECKING:
    from regulars.interests.neural.sequences import Inputs

GAP_BUCKETS = 32


class Trunk(nn.Module, ABC):
    """Reads events and returns states; subclasses say how (`read`).

    Parameters
    ----------
    n_items
        Items of the catalogue; two more vectors stand for the start and for nothing known.
    n_kinds
        Kinds of events that are told apart; 0: none.
    size
        Length of item vectors and states.
    dropout
        Share of values dropped behind the embeddings and each sublayer.
    time_intervals
        Do the intervals between events count?
    """

    def __init__(self, n_items: int, n_kinds: int, size: int, dropout: float, time_intervals: bool) -> None:
        super().__init__()
        self.n_items = n_items
        self.items = nn.Embedding(n_items + 2, size)
        nn.init.normal_(self.items.weight, std=size**-0.5)
        self.kinds = _silent(n_kinds + 1, size) if n_kinds else None
        self.intervals = _silent(TIME_BUCKETS, size) if time_intervals else None
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.RMSNorm(size, eps=1e-6)

    @property
    def item_vectors(self) -> Tensor:
        """The vectors of the catalogue's items, float32 (items × size)."""
        return self.items.weight[: self.n_items]

    def forward(self, inputs: Inputs) -> Tensor:
        """Return the state after each position, (rows × positions × size); it has seen nothing later."""
        x = self.items(inputs.items)
        if self.kinds is not None:
            x = x + self.kinds(inputs.kinds)
        if self.intervals is not None:
            since = inputs.times - torch.cat([inputs.times[:, :1], inputs.times[:, :-1]], 1)
            x = x + self.intervals(time_bucket(since))
        return self.norm(self.read(self.dropout(x), inputs.times))

    @abstractmethod
    def read(self, x: Tensor, times: Tensor) -> Tensor:
        """Return states before the last norm."""


class TransformerTrunk(Trunk):
    """Causal self-attention with learned biases for distance in events and in time, and gated layers (SwiGLU).

    Every layer adds nothing at first: training starts from 'what goes with the last item', which item vectors from
    `spectral_vectors` already answer well, and learns what the rest of the history adds.
    """

    def __init__(
        self, n_items: int, n_kinds: int, size: int, dropout: float, time_intervals: bool, layers: int, heads: int
    ) -> None:
        super().__init__(n_items, n_kinds, size, dropout, time_intervals)
        self.blocks = nn.ModuleList(Block(size, heads, dropout) for _ in range(layers))
        self.distance = nn.Parameter(_fading(heads).repeat(layers, 1, 1))
        self.elapsed = nn.Parameter(torch.zeros(layers, heads, TIME_BUCKETS)) if time_intervals else None

    def read(self, x: Tensor, times: Tensor) -> Tensor:
        """Return states before the last norm."""
        at = torch.arange(x.shape[1], device=x.device)
        ahead = at[:, None] - at[None, :]
        bias = self.distance[:, None, :, distance_bucket(ahead)]
        bias = bias.masked_fill(ahead < 0, -torch.inf)
        # Only rows of events with times need a bias of their own; one is shared otherwise.
        between = None if self.elapsed is None else time_bucket(times[:, :, None] - times[:, None, :])
        for number, block in enumerate(self.blocks):
            own = bias[number]
            if self.elapsed is not None and between is not None:
                own = own + self.elapsed[number][:, between].transpose(0, 1)
            x = block(x, own)
        return x


class Block(nn.Module):
    """Attention and a gated layer, each normalised before and added to what came in.

    Parameters
    ----------
    size
        Length of the states.
    heads
        Attention heads; `size` is a multiple.
    dropout
        Share of values dropped behind both parts.
    """

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.RMSNorm(size, eps=1e-6)
        self.before_gate = nn.RMSNorm(size, eps=1e-6)
        self.qkv = nn.Linear(size, 3 * size, bias=False)
        self.out = nn.Linear(size, size, bias=False)
        self.up = nn.Linear(size, 4 * size, bias=False)
        self.down = nn.Linear(2 * size, size, bias=False)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.qkv, self.up):
            nn.init.normal_(layer.weight, std=size**-0.5)
        for layer in (self.out, self.down):
            nn.init.zeros_(layer.weight)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Return the states after this block; `bias` (rows or 1 × heads × positions × positions) joins the logits."""
        rows, positions, size = x.shape
        parts = self.qkv(self.before_attention(x)).view(rows, positions, 3, self.heads, size // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        logits = (q @ k.transpose(-1, -2)).float() / math.sqrt(size // self.heads) + bias
        seen = (logits.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(rows, positions, size)
        x = x + self.dropout(self.out(seen))
        value, gate = self.up(self.before_gate(x)).chunk(2, -1)
        return x + self.dropout(self.down(F.silu(gate) * value))


class GRUTrunk(Trunk):
    """A gated recurrent unit (GRU4Rec, Hidasi et al., 2016), its output added to the last event's vector."""

    def __init__(
        self, n_items: int, n_kinds: int, size: int, dropout: float, time_intervals: bool, layers: int
    ) -> None:
        super().__init__(n_items, n_kinds, size, dropout, time_intervals)
        self.cells = nn.GRU(size, size, num_layers=layers, batch_first=True)
        self.out = nn.Linear(size, size, bias=False)
        nn.init.zeros_(self.out.weight)

    def read(self, x: Tensor, times: Tensor) -> Tensor:
        """Return states before the last norm."""
        states, _ = self.cells(x)
        return x + self.dropout(self.out(states))


class ItemHead(nn.Module):
    """How much each item is wanted next: ⟨state, item vector⟩ + bias. The vectors are the trunk's own (tied)."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n_items))


class SequenceModule(nn.Module):
    """A trunk and its heads. A further head (the time to the next visit, say) reads `trunk(inputs)` as well."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = ItemHead(trunk.n_items)


def time_bucket(minutes: Tensor) -> Tensor:
    """Return the number of the bucket of an interval, int64: 1.5·log₂(1 + minutes), cut to the buckets there are."""
    return (1.5 * torch.log2(1 + minutes.clamp(min=0))).long().clamp_(max=TIME_BUCKETS - 1)


def distance_bucket(events: Tensor) -> Tensor:
    """Return the number of the bucket of a distance in events, int64: each of the first 8, then four an octave."""
    far = 8 + (4 * torch.log2(events.clamp(min=8) / 8)).long()
    return torch.where(events < 8, events.clamp(min=0), far.clamp(max=GAP_BUCKETS - 1))


def _fading(heads: int) -> Tensor:
    """Return where distance biases start, float32 (heads × buckets): −α·ln(1 + distance), each head its own α."""
    alphas = torch.linspace(0.3, 2.0, heads) if heads > 1 else torch.ones(1)
    near = torch.arange(8.0)
    far = 8 * 2 ** (torch.arange(GAP_BUCKETS - 8) / 4 + 0.125)
    return -alphas[:, None] * torch.log1p(torch.cat([near, far]))[None, :]


def _silent(rows: int, size: int) -> nn.Embedding:
    """Return vectors that start as nothing: they are heard only as far as they help."""
    table = nn.Embedding(rows, size)
    nn.init.zeros_(table.weight)
    return table
