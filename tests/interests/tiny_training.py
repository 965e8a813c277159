"""A training small enough to be killed, continued and shared: a line through points, `python -m` runs it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from regulars.interests.neural.training import TrainPlan, TrainReport, train

if TYPE_CHECKING:
    from collections.abc import Callable

Points = tuple[Tensor, Tensor]
PLAN = TrainPlan(epochs=4, learning_rate=0.02, patience=None, checkpoint_minutes=0.0)


def make_module(dropout: float = 0.0) -> nn.Module:
    """Return two layers, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 1))


def make_batches(epoch: int) -> list[Points]:
    """Return four batches of 10, 7, 1 and 2 points, others in each epoch."""
    random = torch.Generator().manual_seed(100 + epoch)
    found: list[Points] = []
    for rows in (10, 7, 1, 2):
        X = torch.randn(rows, 3, generator=random)
        found.append((X, X @ torch.tensor([[1.0], [-2.0], [0.5]]) + 1.0))
    return found


def make_loss(module: nn.Module, kill_at: int = -1) -> Callable[[Points], Tensor]:
    """Return the mean square error; it kills its own process at the numbered call."""
    calls = 0

    def loss(batch: Points) -> Tensor:
        nonlocal calls
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        X, y = batch
        return ((module(X) - y) ** 2).mean()

    return loss


def run(
    module: nn.Module, plan: TrainPlan = PLAN, kill_at: int = -1, evaluate: Callable[[], float] | None = None
) -> TrainReport:
    """Train it."""
    return train(module, make_batches, make_loss(module, kill_at), evaluate, plan)


def main() -> None:
    """`tiny_training.py OUT [DIRECTORY DROPOUT KILL_AT]`: train, write the weights to OUT."""
    out, *more = sys.argv[1:]
    torch.set_num_threads(1)
    plan, dropout, kill_at = PLAN, 0.0, -1
    if more:
        plan = TrainPlan(
            **{name: getattr(PLAN, name) for name in PLAN.__struct_fields__} | {"directory": Path(more[0])}
        )
        dropout, kill_at = float(more[1]), int(more[2])
    module = make_module(dropout)
    _ = run(module, plan, kill_at)
    save_file(module.state_dict(), f"{out}.{os.environ.get('RANK', '0')}")


if __name__ == "__main__":
    main()
