"""What work costs: time of children, the memory of a block, measured and estimated energy."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from regulars.core.records import Cost, ModelCard
from regulars.interests import cost as cost_module
from regulars.interests.cost import WATTS_PER_CORE, Meter, total

if TYPE_CHECKING:
    from pathlib import Path

BURN = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
MEGABYTE = 2**20


def hold(megabytes: int) -> None:
    """Hold memory that was written to, and let it go."""
    _held = np.ones(megabytes * MEGABYTE // 8)
    time.sleep(0.05)  # long enough for a look at it


def test_the_time_of_a_child_that_ended_is_counted() -> None:
    with Meter() as meter:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert 0.2 <= meter.cost.cpu_seconds < 5
    assert meter.cost.wall_seconds >= 0.2


def test_the_time_of_a_child_that_lives_is_counted() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", f"{BURN}print(1, flush=True)\ninput()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout
    with Meter() as meter:
        child.stdout.readline()
    with Meter() as idle:
        child.communicate(b"\n")
    assert meter.cost.cpu_seconds >= 0.15
    assert idle.cost.cpu_seconds < 0.15


def test_sleeping_takes_wall_time_alone() -> None:
    with Meter() as meter:
        time.sleep(0.1)
    assert meter.cost.wall_seconds >= 0.1
    assert meter.cost.cpu_seconds < 0.09


@pytest.mark.parametrize("sampled", [False, True])
def test_memory_is_that_of_the_block_and_an_inner_block_hides_nothing(
    sampled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sampled:
        monkeypatch.setattr(cost_module, "_reset_peak", lambda: False)
        monkeypatch.setattr(cost_module, "_resets", lambda: False)
        monkeypatch.setattr(cost_module, "SAMPLE_SECONDS", 0.001)
    with Meter() as nothing:
        pass
    with Meter() as outer:
        hold(200)
        with Meter() as inner:
            hold(60)
        with Meter() as small:
            pass
    base = nothing.cost.peak_bytes
    assert 150 * MEGABYTE < outer.cost.peak_bytes - base < 260 * MEGABYTE
    assert 40 * MEGABYTE < inner.cost.peak_bytes - base < 120 * MEGABYTE
    assert small.cost.peak_bytes - base < 40 * MEGABYTE


def test_without_counters_energy_is_time_by_the_assumed_power(tmp_path: Path) -> None:
    with Meter(powercap=tmp_path) as meter:
        sum(range(1_000_000))
    assert meter.cost.energy == "estimated"
    assert meter.cost.watt_hours == pytest.approx(meter.cost.cpu_seconds * WATTS_PER_CORE / 3600)


def counters(folder: Path, *microjoules: int) -> None:
    for number, value in enumerate(microjoules):
        for zone, of in ((f"intel-rapl:{number}", value), (f"intel-rapl:{number}:0", 10**9)):
            (folder / zone).mkdir(exist_ok=True)
            (folder / zone / "energy_uj").write_text(f"{of}\n")
            (folder / zone / "max_energy_range_uj").write_text("10000000\n")


def test_counters_are_summed_over_packages_and_may_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """9 J → 1 J of a counter that ends at 10 J are 2 J, 3 → 5 J are 2 J; half of the machine's work was ours: 2 J."""
    times = iter([0.0, 1.0])
    monkeypatch.setattr(cost_module, "_cpu_seconds", lambda: next(times))
    busy = iter([10.0, 12.0])
    monkeypatch.setattr(cost_module, "_busy_seconds", lambda: next(busy))
    counters(tmp_path, 9_000_000, 3_000_000)
    with Meter(powercap=tmp_path) as meter:
        counters(tmp_path, 1_000_000, 5_000_000)
    assert meter.cost.energy == "measured"
    assert meter.cost.watt_hours == pytest.approx(2 / 3600)


def test_costs_add_up_but_for_memory() -> None:
    parts = [
        Cost(cpu_seconds=1, wall_seconds=2, peak_bytes=30, watt_hours=4, energy="measured"),
        Cost(cpu_seconds=10, wall_seconds=20, peak_bytes=3, watt_hours=40),
    ]
    assert total(parts) == Cost(cpu_seconds=11, wall_seconds=22, peak_bytes=30, watt_hours=44)
    assert total(parts[:1]) == parts[0]
    assert total([]) == Cost()


def test_a_card_of_an_earlier_version_is_read() -> None:
    card = ModelCard(
        name="als", version="1", trained_at=datetime(2024, 1, 1, tzinfo=UTC), snapshot="1", customers=1, items=1,
        interactions=1, fit_seconds=1.0, cost=Cost(cpu_seconds=3.0),
    )  # fmt: skip
    text = msgspec.json.encode(card)
    assert msgspec.json.decode(text, type=ModelCard) == card
    old = msgspec.json.decode(text)
    del old["cost"]
    assert msgspec.convert(old, ModelCard).cost is None
