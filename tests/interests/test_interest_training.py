"""The training loop: schedule, budget, early stopping, and what it leaves behind."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
from tests.interests.tiny_training import PLAN, make_batches, make_loss, make_module, run
from torch import nn

from regulars.core.errors import RegularsError, UsageError
from regulars.interests.neural.training import TrainPlan, first_rows, train

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

replace = msgspec.structs.replace


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class One(nn.Module):
    """A single number."""

    def __init__(self) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.zeros(1))


def climb(module: One, plan: TrainPlan, evaluate, clock=None):
    """Train the number towards one by batches that are worth a target each."""
    more = {} if clock is None else {"clock": clock}
    ones = [torch.ones(1)] * 5
    return train(module, lambda _: ones, lambda b: ((module.number - b) ** 2).mean(), evaluate, plan, **more)


def test_the_rate_rises_for_the_warm_up_and_falls_as_half_a_cosine() -> None:
    plan = TrainPlan(learning_rate=0.4, warm_up=0.2, final_rate=0.1)
    assert plan.rate(0.1) == pytest.approx(0.2)
    assert plan.rate(0.2) == pytest.approx(0.4)
    assert plan.rate(0.6) == pytest.approx(0.04 + 0.36 / 2)
    assert plan.rate(1.0) == pytest.approx(0.04)


def test_a_line_is_learned_and_the_losses_fall() -> None:
    module = make_module()
    report = run(module, replace(PLAN, epochs=60, checkpoint_minutes=None))
    X, y = make_batches(1000)[0]
    assert ((module(X) - y) ** 2).mean() < 0.1 * (y**2).mean()
    assert len(report.losses) == 60
    assert sum(report.losses[-10:]) < sum(report.losses[:10]) / 4
    assert (report.step, report.stopped) == (240, "epochs")


def test_a_loss_is_the_mean_over_targets_and_not_over_batches() -> None:
    module = make_module()
    want = sum(float(make_loss(module)(b).detach()) * len(b[0]) for b in make_batches(0)) / 20
    report = run(module, replace(PLAN, epochs=1, learning_rate=1e-12))
    assert report.losses == [pytest.approx(want, rel=1e-5)]


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """Adam steps rate · sign while gradients are alike: 0.02 + 0.04 + … + 0.1 in a run that is all warm-up."""
    module = One()
    climb(module, TrainPlan(epochs=1, learning_rate=0.1, warm_up=1.0, clip=None), None)
    assert module.number.item() == pytest.approx(0.3, rel=0.02)


def test_early_stopping_returns_the_best_weights() -> None:
    module, values, seen = One(), [0.1, 0.5, 0.4, 0.3, 0.9], []

    def evaluate() -> float:
        assert not module.training
        assert not torch.is_grad_enabled()
        seen.append(module.number.item())
        return values[len(seen) - 1]

    report = climb(module, TrainPlan(epochs=5, patience=2), evaluate)
    assert (report.stopped, report.best, report.best_epoch, report.epoch) == ("patience", 0.5, 2, 4)
    assert report.values == [0.1, 0.5, 0.4, 0.3]
    assert module.number.item() == seen[1] != seen[3]
    assert not module.training


def test_an_evaluation_that_is_not_finite_says_so() -> None:
    with pytest.raises(RegularsError, match="the evaluation is nan at step 5"):
        climb(One(), TrainPlan(epochs=2), lambda: math.nan)


def test_the_budget_ends_at_the_next_batch_and_sets_the_evaluation_apart() -> None:
    """A second a batch, three an evaluation: in 12 seconds fit 5 batches, an evaluation, 1 batch, an evaluation."""
    now = 0.0
    module = One()

    def clock() -> float:
        return now

    def evaluate() -> float:
        nonlocal now
        now += 3.0
        return 1.0

    def loss(batch: torch.Tensor) -> torch.Tensor:
        nonlocal now
        now += 1.0
        return ((module.number - batch) ** 2).mean()

    plan = TrainPlan(epochs=100, minutes=12 / 60)
    report = train(module, lambda _: [torch.ones(1)] * 5, loss, evaluate, plan, clock=clock)
    assert (report.stopped, report.step, len(report.values)) == ("minutes", 6, 2)
    assert now == report.seconds == 12.0


def test_a_budget_ends_the_cosine() -> None:
    """With time for 10 of 500 batches the last steps are as small as at the end of a run of 10 batches."""
    now = 0.0
    module, rates = One(), []

    def loss(batch: torch.Tensor) -> torch.Tensor:
        nonlocal now
        now += 1.0
        rates.append(float(module.number.detach()))
        return ((module.number - batch) ** 2).mean()

    plan = TrainPlan(epochs=100, minutes=10 / 60, warm_up=0.1, learning_rate=0.01, patience=None)
    train(module, lambda _: [torch.ones(1)] * 5, loss, None, plan, clock=lambda: now)
    steps = [b - a for a, b in pairwise(rates)]
    assert len(rates) == 10
    assert steps[-1] < max(steps) / 5


def test_what_is_kept_is_the_moving_average() -> None:
    """Decay min(d, (1 + t)/(10 + t)) at step t: the average of one step's weight w from 0 is w · 9/11."""
    plain, averaged = One(), One()
    one = [torch.ones(1)]
    for module, decay in ((plain, None), (averaged, 0.999)):
        plan = TrainPlan(epochs=1, average=decay, warm_up=0.0, final_rate=1.0)
        train(module, lambda _: one, lambda b, m=module: ((m.number - b) ** 2).mean(), None, plan)
    assert averaged.number.item() == pytest.approx(plain.number.item() * 9 / 11)


def test_dropout_is_the_same_from_one_run_to_the_next_and_another_with_another_seed() -> None:
    first, second, other = make_module(0.5), make_module(0.5), make_module(0.5)
    run(first)
    torch.manual_seed(99)
    run(second)
    run(other, replace(PLAN, seed=8))
    assert torch.equal(first[0].weight, second[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


def test_the_callers_random_numbers_threads_and_types_are_as_before() -> None:
    torch.manual_seed(5)
    want = torch.rand(3)
    torch.manual_seed(5)
    run(make_module(0.5), replace(PLAN, bfloat16=True))
    assert torch.equal(torch.rand(3), want)
    assert (torch.get_num_threads(), torch.get_default_dtype()) == (1, torch.float32)
    assert not torch.is_autocast_enabled("cpu")


def test_autocast_computes_in_bfloat16_and_keeps_float32_weights() -> None:
    module, types = make_module(), []

    def loss(batch):
        out = module(batch[0])
        types.append(out.dtype)
        return ((out.float() - batch[1]) ** 2).mean()

    train(module, make_batches, loss, None, replace(PLAN, epochs=1, bfloat16=True))
    assert set(types) == {torch.bfloat16}
    assert module[0].weight.dtype == torch.float32


def test_a_loss_that_is_not_finite_says_so() -> None:
    module = One()
    with pytest.raises(RegularsError, match="nan at step 0"):
        train(module, lambda _: [torch.ones(1)], lambda _: module.number.sum() * math.nan, None, TrainPlan())


def test_a_checkpoint_of_another_training_is_not_continued(tmp_path: Path) -> None:
    run(make_module(), replace(PLAN, directory=tmp_path))
    with pytest.raises(UsageError, match="another training"):
        run(make_module(), replace(PLAN, directory=tmp_path, learning_rate=0.5))
    module = make_module()
    with pytest.raises(UsageError, match="another training"):
        train(module, make_batches, make_loss(module), None, replace(PLAN, directory=tmp_path), key="other data")


def test_a_batch_is_as_large_as_its_first_tensor() -> None:
    assert first_rows(torch.zeros(4, 2)) == 4
    assert first_rows({"items": (torch.zeros(3), torch.zeros(9))}) == 3
