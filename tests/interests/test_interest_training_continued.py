"""Trainings that are killed and go on, and trainings that two processes share, end where a single one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
from safetensors.torch import load_file
from tests.interests import tiny_training
from tests.interests.tiny_training import PLAN, make_module, run

from regulars.core.errors import DamagedError
from regulars.interests.neural.checkpoints import FILE
from regulars.interests.neural.distributed import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

replace = msgspec.structs.replace
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.slow
def test_a_run_killed_within_an_epoch_and_continued_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """SIGKILL in the tenth of 16 steps, with dropout: the weights are equal bit by bit, the losses too."""
    command = [sys.executable, tiny_training.__file__, str(tmp_path / "out"), str(tmp_path / "c"), "0.5", "9"]
    killed = subprocess.run(command, env=ENVIRONMENT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out.0").exists()
    whole, continued = make_module(0.5), make_module(0.5)
    want = run(whole)
    got = run(continued, replace(PLAN, directory=tmp_path / "c"))
    assert (got.resumed_at, got.step) == (9, 16)
    assert got.losses == want.losses
    assert same(whole, continued)


@pytest.mark.parametrize("stop", [1, 4, 7, 15])
def test_averages_best_weights_and_patience_survive_a_stop_anywhere(tmp_path: Path, stop: int) -> None:
    """An exception stands for the kill; the second of four evaluations is the best."""
    plan = replace(PLAN, average=0.9, directory=tmp_path)

    class StoppedError(Exception):
        pass

    def evaluation(module: torch.nn.Module):
        # Depends on the weights alone, so that both runs are judged alike.
        return lambda: -abs(float(module[3].bias.detach()) - 0.02)

    whole, module = make_module(), make_module()
    want = run(whole, replace(plan, directory=None), evaluate=evaluation(whole))
    calls = 0
    first = tiny_training.make_loss(module)

    def loss(batch):
        nonlocal calls
        calls += 1
        if calls > stop:
            raise StoppedError
        return first(batch)

    with pytest.raises(StoppedError):
        tiny_training.train(module, tiny_training.make_batches, loss, evaluation(module), plan)
    fresh = make_module()
    got = run(fresh, plan, evaluate=evaluation(fresh))
    assert got.resumed_at == stop
    assert (got.values, got.best, got.best_epoch) == (want.values, want.best, want.best_epoch)
    assert same(whole, fresh)


def test_a_finished_training_is_read_and_not_done_again(tmp_path: Path) -> None:
    plan = replace(PLAN, directory=tmp_path)
    first, second = make_module(), make_module()
    run(first, plan)
    report = run(second, plan, kill_at=0)  # a step would end this process
    assert report.resumed_at == report.step == 16
    assert same(first, second)


def test_a_damaged_checkpoint_says_what_to_do_and_a_torn_one_is_never_seen(tmp_path: Path) -> None:
    plan = replace(PLAN, directory=tmp_path)
    (tmp_path / f".{FILE}.99.tmp").write_bytes(b"half a file of a killed process")
    run(make_module(), plan)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedError, match="Delete it"):
        run(make_module(), plan)


def test_the_parts_of_a_batch_are_its_rows_dealt_out() -> None:
    batch = {"items": torch.arange(5), "more": (torch.arange(10).view(5, 2),)}
    parts = [Group(rank, 2).share(batch) for rank in range(2)]
    assert [part["items"].tolist() for part in parts] == [[0, 2, 4], [1, 3]]
    assert parts[1]["more"][0].tolist() == [[2, 3], [6, 7]]
    with pytest.raises(TypeError, match="split function"):
        Group(0, 2).share("words")


@pytest.mark.slow
def test_two_processes_learn_the_weights_of_one(tmp_path: Path) -> None:
    """Batches of 10, 7, 1 and 2 rows: parts of unequal and of no rows; both processes end with equal weights."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = [tiny_training.__file__, str(tmp_path / "out"), str(tmp_path / "c"), "0", "-1"]
    done = subprocess.run([*command, *script], env=ENVIRONMENT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    alone = make_module()
    run(alone)
    first, second = load_file(tmp_path / "out.0"), load_file(tmp_path / "out.1")
    for name, weight in alone.state_dict().items():
        assert torch.equal(first[name], second[name])
        torch.testing.assert_close(first[name], weight, rtol=0, atol=1e-5)
    assert [path.name for path in Path(tmp_path / "c").iterdir()] == [FILE]
