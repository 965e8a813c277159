"""`kill -9` of the compactor: the next one comes to the same tables."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .compacting import kill_again_and_again

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 8
"""`python -m benchmarks.durability` does fifty, over a longer log."""


def test_a_compactor_killed_at_any_moment_leaves_the_same_tables(tmp_path: Path) -> None:
    found = kill_again_and_again(tmp_path, 3_000, KILLS, random.Random(3), chunk=60_000)
    assert found["different"] == []
    assert found["kills"] >= KILLS
    assert found["rows"]["events"] > 2_000
