"""Which process of a run this is."""

from __future__ import annotations

import pytest

from regulars.core.ranks import leads, rank, world_size


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)


def test_a_run_of_one_process_is_the_first_of_one() -> None:
    assert (rank(), world_size(), leads()) == (0, 1, True)


def test_torchruns_second_process_does_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    assert (rank(), world_size(), leads()) == (1, 2, False)


def test_variables_that_a_cluster_left_behind_make_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address to meet at there is nobody to wait for."""
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert (rank(), world_size(), leads()) == (0, 1, True)
