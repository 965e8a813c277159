"""How long, how fast and how carefully a module is trained, and what came of it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import msgspec


class TrainPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of `train`."""

    epochs: int = 20
    """At most so many passes over the data."""
    minutes: float | None = None
    """Wall-clock budget, evaluations included; None: only the epochs count. What fits in depends on the machine."""
    evaluate_every: int = 1
    """Epochs between evaluations; the last weights are always evaluated."""
    patience: int | None = 3
    """Stop after so many evaluations without a better one; None: never."""
    learning_rate: float = 1e-3
    """Highest rate of the schedule."""
    warm_up: float = 0.05
    """Share of the run (of its steps, or of its minutes if those end first) in which the rate rises from zero."""
    final_rate: float = 0.0
    """Share of `learning_rate` that is left at the end of the cosine."""
    weight_decay: float = 0.01
    """AdamW's, on matrices; vectors (biases, norms) are left alone."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's moments."""
    clip: float | None = 1.0
    """Longest gradient (L2 norm over all parameters); None: any."""
    average: float | None = None
    """Decay of an exponential moving average of the weights, such as 0.999; it is what is evaluated and kept."""
    bfloat16: bool = False
    """Compute the loss under bfloat16 autocast; weights, gradients and optimiser stay float32."""
    seed: int = 7
    """Of what the module draws while training (dropout): each step draws from (seed, step, process)."""
    directory: Path | None = None
    """Where checkpoints are; a run found there goes on. None: none are written."""
    checkpoint_epochs: int | None = 1
    """Epochs between checkpoints."""
    checkpoint_minutes: float | None = 10.0
    """Minutes between checkpoints within an epoch; 0: after every batch."""

    def rate(self, share: float) -> float:
        """Return the learning rate after that share (0…1) of the run: linear warm-up, then half a cosine."""
        if share < self.warm_up:
            return self.learning_rate * share / self.warm_up
        along = min(1.0, (share - self.warm_up) / max(1e-9, 1 - self.warm_up))
        low = self.final_rate * self.learning_rate
        return low + (self.learning_rate - low) * 0.5 * (1 + math.cos(math.pi * along))


class TrainReport(msgspec.Struct, kw_only=True):
    """What a training did; also the counters that a checkpoint keeps."""

    epoch: int = 0
    """Epochs finished."""
    batch: int = 0
    """Batches done of the next one."""
    step: int = 0
    """Batches done in all."""
    seconds: float = 0.0
    """Wall time, over all runs that the training was continued in."""
    losses: list[float] = []
    """Mean training loss of each finished epoch, per target."""
    values: list[float] = []
    """What each evaluation returned."""
    best: float | None = None
    """The highest of them, which the kept weights had."""
    best_epoch: int | None = None
    """Epochs finished when they had it."""
    stopped: Literal["", "epochs", "minutes", "patience"] = ""
    """What ended the training; '' while it is not ended."""
    resumed_at: int | None = None
    """The step at which this run continued an earlier one."""
    worse: int = 0
    """Evaluations since the best one."""
    judged: int = -1
    """The step of the last one."""
    longest_evaluation: float = 0.0
    """Seconds; so much of the budget is set apart for the last evaluation."""
    loss_sum: float = 0.0
    """Loss of the running epoch × its targets so far."""
    targets: int = 0
    """Targets of the running epoch so far."""
