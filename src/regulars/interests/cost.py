"""What a piece of work costs: processor time, wall time, memory and energy."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from regulars.core.records import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable

WATTS_PER_CORE = 12.0
"""What a busy core of a processor that is not known better draws: the default of Lannelongue, Grealey and Inouye, Green
Algorithms (Advanced Science, 2021), thermal design power ÷ cores. Cooling and memory are not in it."""
SAMPLE_SECONDS = 0.02
"""Between looks at the memory, where the kernel's own high-water mark cannot be reset."""

_PROC = Path("/proc/self")
_open: list[Meter] = []
_lock = threading.Lock()


class Meter:
    """Measures the block it is the context of; meters may be nested.

    >>> with Meter() as meter:
    ...     _ = sum(range(10))
    >>> meter.cost.energy in ("measured", "estimated")
    True

    Parameters
    ----------
    watts_per_core
        For the estimate where the processor's energy counters (RAPL) cannot be read.
    powercap
        Where Linux shows those counters.

    Attributes
    ----------
    cost
        The record, once the block is left. Processor time is that of this process, all its threads, and its children;
        memory is this process's alone. Measured energy is the processors' as a whole in that time, in proportion to
        this work's part of all work that they did.
    """

    def __init__(self, *, watts_per_core: float = WATTS_PER_CORE, powercap: Path = Path("/sys/class/powercap")) -> None:
        self.watts_per_core = watts_per_core
        self.powercap = powercap
        self.peak = 0
        self.cost = Cost()

    def __enter__(self) -> Self:
        with _lock:
            _note_peak()
            _open.append(self)
            # Nothing that an outer meter has to know is lost: it has just been told.
            self._sampler = None if _reset_peak() or not _PROC.exists() else _Sampler()
        self._energy, self._busy = _joules(self.powercap), _busy_seconds()
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        cpu = max(0.0, _cpu_seconds() - self._cpu)
        wall = time.perf_counter() - self._wall
        joules = _spent(self._energy, _joules(self.powercap), self.powercap)
        busy = _busy_seconds() - self._busy
        if self._sampler is not None:
            self._sampler.stop()
        with _lock:
            _note_peak()
            _open.remove(self)
        measured = joules is not None
        if joules is not None:
            joules *= min(1.0, cpu / busy) if busy > 0 else 1.0
        self.cost = Cost(
            cpu_seconds=cpu,
            wall_seconds=wall,
            peak_bytes=self.peak,
            watt_hours=(cpu * self.watts_per_core if joules is None else joules) / 3600,
            energy="measured" if measured else "estimated",
        )


def total(costs: Iterable[Cost]) -> Cost:
    """Return the cost of pieces of work done one after the other: sums, and the highest memory."""
    rows = list(costs)
    return Cost(
        cpu_seconds=sum(cost.cpu_seconds for cost in rows),
        wall_seconds=sum(cost.wall_seconds for cost in rows),
        peak_bytes=max((cost.peak_bytes for cost in rows), default=0),
        watt_hours=sum(cost.watt_hours for cost in rows),
        energy="measured" if rows and all(cost.energy == "measured" for cost in rows) else "estimated",
    )


def _cpu_seconds() -> float:
    """Return the time used by this process, by its children that ended, and by those that live."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + _living_seconds()


def _living_seconds() -> float:
    """Return the time used by living descendants and the children that they saw end; 0 where there is no /proc."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The command's name, in brackets, may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = sum(int(field) for field in fields[11:15])
    found, fresh = set[int](), {os.getpid()}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return sum(ticks[pid] for pid in found) / os.sysconf("SC_CLK_TCK")


def _status(name: str) -> int:
    """Return a size of this process, bytes."""
    try:
        for line in (_PROC / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # since the process began: the best there is
    return highest if sys.platform == "darwin" else highest * 1024


def _note_peak() -> None:
    """Tell every open meter the highest memory since the last reset, or that of now where there are no resets."""
    highest = _status("VmHWM" if _resets() else "VmRSS")
    for meter in _open:
        meter.peak = max(meter.peak, highest)


def _reset_peak() -> bool:
    """Let the kernel's high-water mark begin at the memory of now; False where that is not allowed."""
    try:
        (_PROC / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


@cache
def _resets() -> bool:
    """Tell whether the kernel lets the mark be reset; asked first when no meter is open."""
    return _reset_peak()


class _Sampler:
    """Looks at the memory again and again."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory sampler", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            with _lock:
                _note_peak()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()


def _joules(powercap: Path) -> dict[str, float]:
    """Return the energy counter of every processor package; empty where none can be read."""
    found: dict[str, float] = {}
    # Nested zones (cores, memory) have two numbers in their names and are counted in their package already.
    for zone in sorted(powercap.glob("*-rapl:[0-9]*")):
        if zone.name.count(":") > 1:
            continue
        try:
            found[zone.name] = int((zone / "energy_uj").read_text()) / 1e6
        except (OSError, ValueError):
            return {}
    return found


def _spent(before: dict[str, float], after: dict[str, float], powercap: Path) -> float | None:
    """Return the joules between two readings, counters that began anew included; None without counters."""
    if not before or before.keys() != after.keys():
        return None
    spent = 0.0
    for zone, joules in after.items():
        spent += joules - before[zone]
        if joules < before[zone]:
            spent += int((powercap / zone / "max_energy_range_uj").read_text()) / 1e6
    return spent


def _busy_seconds() -> float:
    """Return the time that all processors of the machine have worked; 0 where it is not told."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return 0.0
    user, nice, system, _, _, *interrupts = fields
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
