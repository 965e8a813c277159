"""Claim: an event is on an open page 2 s after its acknowledgement; looking costs 30 ms of work a second for everybody.

A shop of 1.5 million events that collects 200 more a second, one server process. Twenty events of a kind of their own
are sent one by one; each is timed from its acknowledgement to the server-sent event that has it. What one look costs
is timed in a process of its own, on the same growing tables.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from regulars.core.progress import SILENT
from regulars.events import find_complete_journey, read_complete_journey
from regulars.shop import Shop
from regulars.shop.facade import DEMO
from regulars.shop.imports import Importer

RATE, BATCH = 200, 20
MARKS, LOOKS = 20, 20


def make_shop(directory: Path) -> str:
    """Make the demo shop without learning from it; return a key that may send events."""
    with Shop.create(directory, DEMO) as shop:
        importer = Importer(directory, shop.store, shop.vault, shop.settings)
        batches = read_complete_journey(shop.settings, SILENT)
        _ = importer.take_batches(batches, [str(find_complete_journey())], "events", "live")
        return shop.keyring.create("write").secret


def post(port: int, key: str, events: list[dict[str, Any]]) -> float:
    """Send events; return when they were acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/v1/batch", json.dumps({"batch": events}), headers)
    answer = connection.getresponse()
    acknowledged = time.perf_counter()
    assert answer.status == 200, answer.read()
    connection.close()
    return acknowledged


def send_steadily(port: int, key: str, stop: threading.Event) -> None:
    source = random.Random(1)
    while not stop.wait(BATCH / RATE):
        names = [f"u{source.randrange(5000)}" for _ in range(BATCH)]
        kinds = source.choices(["Product Viewed", "Product Added", "Products Searched"], [8, 1, 1], k=BATCH)
        item = {"product_id": "1082185", "query": "green tea"}
        post(
            port,
            key,
            [{"type": "track", "event": k, "userId": n, "properties": item} for k, n in zip(kinds, names, strict=True)],
        )


class Watcher:
    """Follows the stream; knows when each kind of event was first on it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", "/api/live/stream", headers={"accept": "text/event-stream"})
        self._stream = self._connection.getresponse()
        self.seen: dict[str, float] = {}
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while line := self._stream.readline():
            if line.startswith(b"data: "):
                now = time.perf_counter()
                for kind in json.loads(line[6:])["per_minute"]:
                    self.seen.setdefault(kind["kind"], now)


def delays(port: int, key: str, name: str) -> dict[str, float]:
    watcher = Watcher(port)
    found: list[float] = []
    for number in range(MARKS):
        time.sleep(random.Random(number).uniform(0.7, 1.7))
        kind = f"{name}_{number}"
        sent = post(port, key, [{"type": "track", "event": kind, "userId": "u1"}])
        while kind not in watcher.seen:
            assert time.perf_counter() - sent < 30, f"{kind} was never seen"
            time.sleep(0.002)
        found.append(watcher.seen[kind] - sent)
    return {"median_seconds": round(median(found), 3), "max_seconds": round(max(found), 3)}


def looks(directory: Path) -> dict[str, float]:
    with Shop.open(directory) as shop:
        started = time.perf_counter()
        _ = shop.live.snapshot()
        first = time.perf_counter() - started
        times: list[float] = []
        work: list[float] = []
        for _ in range(LOOKS):
            time.sleep(1)
            started, worked = time.perf_counter(), time.process_time()
            _ = shop.live.snapshot()
            times.append(time.perf_counter() - started)
            work.append(time.process_time() - worked)
        files = len(shop.store.manifest.files("events"))
        found = shop.live.snapshot()
    return {
        "first_ms": round(first * 1000, 1),
        "median_ms": round(median(times) * 1000, 1),
        "max_ms": round(max(times) * 1000, 1),
        "median_cpu_ms": round(median(work) * 1000, 1),
        "files": files,
        "events_in_30_minutes": found.events,
    }


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        directory = Path(folder) / "shop"
        key = make_shop(directory)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stop = threading.Event()
        try:
            _wait(port)
            quiet = delays(port, key, "quiet")
            sender = threading.Thread(target=send_steadily, args=(port, key, stop))
            sender.start()
            busy = delays(port, key, "busy")
            look = looks(directory)
        finally:
            stop.set()
            server.terminate()
            server.wait(30)
        sender.join()
    return {"delay_when_quiet": quiet, "delay_at_200_a_second": busy, "one_look": look}


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not get ready")
