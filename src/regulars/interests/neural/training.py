"""One training loop for every module: a budget, a schedule, checkpoints, early stopping, several processes."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from regulars.core.errors import RegularsError
from regulars.core.progress import SILENT, Progress, Step
from regulars.interests.neural.checkpoints import (
    fingerprint_of,
    optimizer_tensors,
    read_checkpoint,
    restore_optimizer,
    write_checkpoint,
)
from regulars.interests.neural.distributed import Group, group
from regulars.interests.neural.plan import TrainPlan, TrainReport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

__all__ = ["Batches", "TrainPlan", "TrainReport", "first_rows", "train"]

Batch = TypeVar("Batch")
Batch_co = TypeVar("Batch_co", covariant=True)


class Batches(Protocol[Batch_co]):
    """The batches of one epoch: a list, or anything with a length that can be gone through."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Batch_co]: ...


def first_rows(batch: Any) -> int:
    """Return the rows of a batch's first tensor: the number of targets of a batch that has one a row."""
    while not isinstance(batch, Tensor):
        batch = next(iter(batch.values() if isinstance(batch, dict) else batch))
    return len(batch)


def train(
    module: nn.Module,
    batches: Callable[[int], Batches[Batch]],
    loss: Callable[[Batch], Tensor],
    evaluate: Callable[[], float] | None,
    plan: TrainPlan,
    progress: Progress = SILENT,
    *,
    size: Callable[[Batch], int] = first_rows,
    split: Callable[[Batch, int, int], Batch] | None = None,
    key: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> TrainReport:
    """Train a module in place; afterwards it holds the best weights and is in evaluation mode.

    With one thread the same seed gives the same weights, bit by bit, also when the run was killed and continued from
    its checkpoint (a budget in minutes excepted: what fits into it depends on the machine). Nothing else is changed:
    the caller's random numbers and threads are as before.

    Under `torchrun` each process takes its rows of every batch and gradients are summed in float32, weighted by
    targets, so that a step is the one that a single process makes. Then `loss` must be a mean over rows that do not
    see each other (no negatives from the batch), and dropout draws other numbers than in a single process: without
    dropout the weights are equal up to the order of summation, with it the training is merely as good.

    Parameters
    ----------
    module
        What is trained; its weights are where it starts.
    batches
        Epoch (from 0) → its batches; must depend on the epoch alone, so that a run can go on within it.
    loss
        Batch → mean loss per target. Called with the module in training mode.
    evaluate
        Returns how good the module is now, higher is better. Called in evaluation mode without gradients, and by
        process 0 alone, which tells the others. None: the last weights are kept.
    plan
        Settings.
    progress
        Where long work reports to.
    size
        Batch → number of its targets, which `loss` is the mean over; the targets of the parts add up to it.
    split
        (batch, rank, processes) → this process's part; None: every n-th row of its tensors.
    key
        Names the data and settings of the caller, so that a checkpoint of others is not continued.
    clock
        Seconds that only rise; `plan.minutes` are measured by it.

    Raises
    ------
    RegularsError
        The loss or an evaluation is not a finite number.
    UsageError, DamagedError
        The checkpoint in `plan.directory` is of another training, or damaged.
    """
    with group() as ranks, torch.random.fork_rng():
        run = _Run(module, batches, loss, evaluate, plan, size, split, ranks, clock)
        run.start(key)
        with progress.task("Training", 1.0) as step:
            run.go(step)
        run.end()
    return run.report


class _Run(Generic[Batch]):
    """One call of `train`."""

    def __init__(
        self,
        module: nn.Module,
        batches: Callable[[int], Batches[Batch]],
        loss: Callable[[Batch], Tensor],
        evaluate: Callable[[], float] | None,
        plan: TrainPlan,
        size: Callable[[Batch], int],
        split: Callable[[Batch, int, int], Batch] | None,
        ranks: Group,
        clock: Callable[[], float],
    ) -> None:
        self.module, self.batches, self.loss, self.evaluate = module, batches, loss, evaluate
        self.plan, self.size, self.split, self.ranks, self.clock = plan, size, split, ranks, clock
        self.report = TrainReport()
        self.weights: dict[str, Tensor] = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        self.parameters: dict[str, Tensor] = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self.optimizer = make_optimizer(list(self.parameters.values()), plan)
        self.device = next(module.parameters()).device.type
        self.averages: dict[str, Tensor] = {}
        self.best: dict[str, Tensor] = {}

    def start(self, key: str) -> None:
        """Begin, or go on from the checkpoint."""
        plan = self.plan
        self.ranks.copy_from_first(self.weights.values())
        fixed = (plan.learning_rate, plan.weight_decay, plan.betas, plan.clip, plan.average, plan.bfloat16, plan.seed)
        self.fingerprint = fingerprint_of(self.weights, key, *fixed)
        if plan.average is not None:
            self.averages = {name: p.detach().clone() for name, p in self.parameters.items()}
        found = read_checkpoint(plan.directory, self.fingerprint) if plan.directory else None
        if found is not None:
            self._resume(*found)
        self.started = self.saved = self.clock()
        self.started -= self.report.seconds

    @torch.no_grad()
    def _resume(self, parts: dict[str, dict[str, Tensor]], counters: bytes) -> None:
        self.report = msgspec.json.decode(counters, type=TrainReport)
        self.report.resumed_at = self.report.step
        if self.report.stopped != "patience":
            # More epochs or minutes may be allowed now than were then.
            self.report.stopped = ""
        _copy(parts["weights"], self.weights)
        restore_optimizer(self.optimizer, self.parameters, parts.get("optimizer", {}))
        self.averages = parts.get("averages", {})
        self.best = parts.get("best", {})

    def go(self, step: Step) -> None:
        """Train until the epochs, the minutes or the patience end."""
        report, plan, shown = self.report, self.plan, 0.0
        while not report.stopped and report.epoch < plan.epochs:
            batches = self.batches(report.epoch)
            for number, batch in enumerate(batches):
                if number < report.batch:
                    continue
                share, late = self._share(len(batches))
                if late:
                    report.stopped = "minutes"
                    break
                self._step(batch, plan.rate(share))
                step.advance(share - shown)
                shown = share
                if plan.checkpoint_minutes is not None and self.clock() - self.saved >= plan.checkpoint_minutes * 60:
                    self._save()
            else:
                self._close_epoch()
        report.stopped = report.stopped or "epochs"

    def _share(self, length: int) -> tuple[float, bool]:
        """Return how much of the run is over after the next step, and whether its time is up."""
        report, plan = self.report, self.plan
        share = (report.epoch + (report.batch + 1) / length) / plan.epochs
        if plan.minutes is None:
            return share, False
        time_share = (self.clock() - self.started) / max(1e-9, plan.minutes * 60 - report.longest_evaluation)
        share, late = self.ranks.agree(min(1.0, max(share, time_share)), float(time_share >= 1))
        return share, bool(late)

    def _step(self, batch: Batch, rate: float) -> None:
        report, plan, ranks = self.report, self.plan, self.ranks
        part = self.split(batch, ranks.rank, ranks.size) if self.split else ranks.share(batch)
        whole, own = self.size(batch), self.size(part)
        seed = np.random.SeedSequence([plan.seed, report.step, ranks.rank]).generate_state(1, np.uint32)
        torch.manual_seed(int(seed[0]))
        self.module.train()
        self.optimizer.zero_grad()
        value = 0.0
        if own:
            with torch.autocast(self.device, torch.bfloat16, enabled=plan.bfloat16):
                mean = self.loss(part)
            # The gradient of the whole batch's mean is the sum of these over the processes.
            weighted = mean * (own / whole) if ranks.size > 1 else mean
            weighted.backward()
            value = float(weighted.detach())
        value = ranks.sum_gradients(self.parameters.values(), value)
        self._check("loss", value)
        if plan.clip is not None:
            nn.utils.clip_grad_norm_(self.parameters.values(), plan.clip)
        for options in self.optimizer.param_groups:
            options["lr"] = rate
        self.optimizer.step()
        report.step += 1
        report.batch += 1
        report.loss_sum += value * whole
        report.targets += whole
        self._average()

    def _check(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise RegularsError(
                f"the {what} is {value} at step {self.report.step}", where="training", fix="Lower the learning rate."
            )

    @torch.no_grad()
    def _average(self) -> None:
        if self.plan.average is not None:
            # A young average follows quickly, or it would hold the first, random weights for long.
            decay = min(self.plan.average, (1 + self.report.step) / (10 + self.report.step))
            for name, average in self.averages.items():
                average.lerp_(self.parameters[name], 1 - decay)

    def _close_epoch(self) -> None:
        report, plan = self.report, self.plan
        report.losses.append(report.loss_sum / max(1, report.targets))
        report.loss_sum, report.targets, report.batch = 0.0, 0, 0
        report.epoch += 1
        if report.epoch % plan.evaluate_every == 0 or report.epoch == plan.epochs:
            self._judge()
            if plan.patience is not None and report.worse >= plan.patience:
                report.stopped = "patience"
        if plan.checkpoint_epochs is not None and report.epoch % plan.checkpoint_epochs == 0:
            self._save()

    @torch.no_grad()
    def _judge(self) -> None:
        """Evaluate the weights as they would be kept, and keep them if none were better."""
        report = self.report
        report.judged = report.step
        with self._averaged():
            began, value = self.clock(), 0.0
            if self.evaluate is not None and self.ranks.leads:
                self.module.eval()
                value = self.evaluate()
            (value,) = self.ranks.agree(value)
            self._check("evaluation", value)
            report.longest_evaluation = max(report.longest_evaluation, self.clock() - began)
            if self.evaluate is None:
                return
            report.values.append(value)
            report.worse += 1
            if report.best is None or value > report.best:
                report.best, report.best_epoch, report.worse = value, report.epoch, 0
                self.best = {name: tensor.detach().clone() for name, tensor in self.weights.items()}

    @contextmanager
    def _averaged(self) -> Generator[None]:
        """Put the moving average into the module for a while."""
        latest = {name: self.parameters[name].detach().clone() for name in self.averages}
        _copy(self.averages, self.parameters)
        try:
            yield
        finally:
            _copy(latest, self.parameters)

    def end(self) -> None:
        """Evaluate what has not been, write the last checkpoint, leave the best weights."""
        report = self.report
        if report.judged != report.step:
            self._judge()
        self._save()
        _copy(self.best or self.averages, self.weights)
        self.module.eval()

    def _save(self) -> None:
        self.saved = self.clock()
        self.report.seconds = self.saved - self.started
        if self.plan.directory is None or not self.ranks.leads:
            return
        parts = {
            "weights": self.weights,
            "optimizer": optimizer_tensors(self.optimizer, self.parameters),
            "averages": self.averages,
            "best": self.best,
        }
        write_checkpoint(self.plan.directory, parts, self.report, self.fingerprint)


def make_optimizer(parameters: list[Tensor], plan: TrainPlan) -> torch.optim.AdamW:
    """Return AdamW, which on a CPU is fastest fused; only matrices decay."""
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [part for part in groups if part["params"]], lr=plan.learning_rate, betas=plan.betas, fused=True
    )


@torch.no_grad()
def _copy(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    for name, tensor in source.items():
        target[name].copy_(tensor)
