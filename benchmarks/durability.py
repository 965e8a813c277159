"""Claims of durability at full scale: nothing acknowledged is lost, nothing is there twice, whatever is killed.

The tests do the same in small; this takes about a quarter of an hour. Parts: `python -m benchmarks.durability [NAME…]`.
Failing system calls takes strace, a full disk the right to mount one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collect import compacting, killing
from tests.collect.cutting import power_cut
from tests.collect.injecting import CALLS, Driver, every
from tests.collect.killing import Senders, Served, children, make_shop
from tests.collect.logs import ARRIVAL, Answers

from benchmarks.collecting import bodies
from benchmarks.report import write
from regulars.shop import Shop
from regulars.store.compaction import tail
from regulars.store.log import LogWriter

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 100
EVENTS = 1_000_000


def power_cuts(folder: Path) -> dict[str, Any]:
    """Cut the power of a modelled disk a thousand times, at random calls, four threads writing."""
    found = {"cuts": 1_000, "acknowledged": 0, "acknowledged_and_lost": 0, "unacknowledged_but_there": 0}
    for seed in range(found["cuts"]):
        source = random.Random(10_000 + seed)
        tail.CHUNK_BYTES = source.choice([1, 5_000, 1 << 24])
        durable, left = power_cut(folder / str(seed), source)
        found["acknowledged"] += len(durable)
        found["acknowledged_and_lost"] += len(durable - set(left))
        found["unacknowledged_but_there"] += len(set(left) - durable)
        shutil.rmtree(folder / str(seed))
    return found


def refused_calls(folder: Path) -> dict[str, Any]:
    """Refuse every system call of a process that writes a log in turn."""
    found: dict[str, Any] = {}
    with Driver(folder) as driver:
        for call, error in CALLS:
            outcomes = every(driver, call, error)
            found[f"{call} {error}"] = {
                "calls_refused": len(outcomes),
                "false_acknowledgements": sum(len(set(one.durable) - set(one.found)) for one in outcomes),
                "most_answers_that_said_no": max(len(one.failed) for one in outcomes),
                "went_on_by_itself": all(len(one.durable) >= 8 for one in outcomes),
            }
    return found


def server_kills(folder: Path) -> dict[str, Any]:
    """Kill the served shop a hundred times while four clients send until they hear 200."""
    return killing.kill_again_and_again(folder, 100, seed=1, longest=0.8)


def compactor_kills(folder: Path) -> dict[str, Any]:
    """Kill the compactor fifty times over a log of 30,000 messages."""
    return compacting.kill_again_and_again(folder, 30_000, 50, random.Random(1))


def restart(folder: Path) -> dict[str, Any]:
    """Start with a million events in the log: until the first new one is taken, and until all are in the tables."""
    key = make_shop(folder / "empty")
    found: dict[str, Any] = {"seconds_to_first_200_with_an_empty_log": _first_answer(folder / "empty", key)[0]}
    key = make_shop(folder / "shop")
    answers = Answers()
    with LogWriter(folder / "shop" / "log", answers.settle) as writer:
        for number, body in enumerate(bodies(EVENTS // BATCH, BATCH)):
            while writer.pending_bytes > 16 << 20:
                time.sleep(0.01)
            arrival = ARRIVAL.__class__(
                route="batch", received=time.time_ns() // 1000, key="k", page=False, signal=False, network=""
            )
            writer.append(arrival, body, number)
    assert len(answers.durable) == EVENTS // BATCH
    first, more = _first_answer(folder / "shop", key, EVENTS)
    return found | {"events_in_the_log": EVENTS, "seconds_to_first_200": first} | more


def _first_answer(folder: Path, key: str, events: int = 0) -> tuple[float, dict[str, Any]]:
    server = Served(folder)
    senders = Senders(key, server.port, count=1, batch=1)
    began = time.monotonic()
    server.start()
    senders.start()
    more: dict[str, Any] = {}
    try:
        senders.wait_for_success()
        first = time.monotonic() - began
        senders.stop()
        if events:
            with Shop.open(folder) as shop:
                while shop.store.rows("events") < events:
                    assert time.monotonic() < began + 600
                    time.sleep(0.05)
            wall = time.monotonic() - began
            processor = max(_processor_seconds(number) for number in children(server.process.pid))
            more = {
                "seconds_until_all_are_in_the_tables": round(wall, 1),
                "events_per_second": round(events / wall),
                "compactor_processor_seconds": round(processor, 1),
                "microseconds_of_processor_per_event": round(1e6 * processor / events, 1),
            }
    finally:
        senders.stop()
        server.stop()
    return round(first, 2), more


def _processor_seconds(number: int) -> float:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "power_cuts": power_cuts,
    "refused_calls": refused_calls,
    "compactor_kills": compactor_kills,
    "restart": restart,
    "server_kills": server_kills,
}


def run() -> dict[str, Any]:
    """Run every part, or, as a program of its own, those named."""
    path = Path(__file__).parent / "results" / "durability.json"
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() and sys.argv[1:] else {}
    result = {name: before[name] for name in PARTS if name in before}
    for name in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        if name == "refused_calls" and shutil.which("strace") is None:
            print(name, "left out: there is no strace")
            continue
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=os.environ.get("BENCH_DIR")) as folder:
            began = time.monotonic()
            result[name] = PARTS[name](Path(folder))
            result[name]["took_seconds"] = round(time.monotonic() - began, 1)
        print(name, json.dumps(result[name]), flush=True)
        write("durability", result)
    return result


if __name__ == "__main__":
    _ = run()
