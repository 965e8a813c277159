"""Which of several processes of one run this is, as `torchrun` says it; without PyTorch, so that any room may ask."""

from __future__ import annotations

import os


def rank() -> int:
    """Return this process's number in the run, from 0; a run of one process has only 0."""
    return int(os.environ.get("RANK", "0")) if world_size() > 1 else 0


def world_size() -> int:
    """Return how many processes share the run."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "MASTER_ADDR" in os.environ else 1


def leads() -> bool:
    """Tell whether this process is the one that writes and speaks."""
    return rank() == 0
