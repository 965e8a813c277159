"""Claims of the collector: durable events a second in batches and one by one, beside the bare disk; overload; restart.

Every answer counted is a 200 given after the sync. The load comes from another process, in a closed loop of
connections; the bare loop (append 100 events, fdatasync, again) runs on the same disk just before.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from regulars.shop import Shop
from regulars.store.log import segment_sets

EVENT_BYTES = 523
BATCH = 100
SECONDS = 10.0
TOKEN = b"RUN00000"


def event(number: int) -> bytes:
    """Return one message of exactly EVENT_BYTES bytes, as a browser's client sends it."""
    message: dict[str, Any] = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"ajs-next-{TOKEN.decode()}-{number:06d}",
        "anonymousId": f"5f0c9a3e-2b1d-4c7e-9f3a-{number % 997:012d}",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "properties": {"product_id": f"p{number % 5000}", "price": 12.5, "currency": "EUR", "category": "Tea"},
        "context": {"page": {"url": "https://shop.example/p", "title": "Tea"}, "locale": "de-DE", "pad": ""},
    }
    size = len(json.dumps(message, separators=(",", ":")))
    message["context"]["pad"] = "x" * (EVENT_BYTES - size)
    return json.dumps(message, separators=(",", ":")).encode()


def bodies(count: int, batch: int) -> list[bytes]:
    """Return request bodies, each of `batch` messages (1: the single-event route)."""
    if batch == 1:
        return [event(number) for number in range(count)]
    found: list[bytes] = []
    for start in range(0, count * batch, batch):
        inner = b",".join(event(start + i) for i in range(batch))
        found.append(b'{"batch":[' + inner + b'],"sentAt":"2026-11-24T10:00:00.100Z"}')
    return found


class _Client(asyncio.Protocol):
    """One connection that sends the next body when the last was answered."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.started = 0.0
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.send()

    def send(self) -> None:
        head, body = self.load.next()
        if not head:
            self.transport.close()
            return
        self.started = time.perf_counter()
        self.transport.write(head + body)

    def data_received(self, data: bytes) -> None:
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return
        low = self.held[:end].lower()
        at = low.find(b"content-length:")
        length = int(low[at + 15 : low.find(b"\r", at) if low.find(b"\r", at) > 0 else None]) if at >= 0 else 0
        if len(self.held) < end + 4 + length:
            return
        status = int(self.held[9:12])
        self.held = b""
        self.load.answered(status, time.perf_counter() - self.started)
        if status == 429 and self.load.patience:
            asyncio.get_running_loop().call_later(self.load.patience, self.send)
        else:
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.open -= 1


class Load:
    """What all connections of one process share."""

    def __init__(self, key: str, batch: int, seconds: float, patience: float = 0.0) -> None:
        self.batch = batch
        self.patience = patience
        self.bodies = bodies(200 if batch > 1 else 5000, batch)
        path = "batch" if batch > 1 else "track"
        self.head = (
            f"POST /v1/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self.number = 0
        self.seconds = seconds
        self.until = 0.0
        self.open = 0
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}

    def next(self) -> tuple[bytes, bytes]:
        if time.perf_counter() > self.until:
            return b"", b""
        self.number += 1
        turn, place = divmod(self.number, len(self.bodies))
        body = self.bodies[place].replace(TOKEN, b"%08x" % (turn + (os.getpid() << 16) & 0xFFFFFFFF))
        return self.head + str(len(body)).encode() + b"\r\n\r\n", body

    def answered(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.latencies.append(seconds)

    async def run(self, port: int, connections: int) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        self.until = time.perf_counter() + self.seconds
        started = time.perf_counter()
        self.open = connections
        for _ in range(connections):
            await loop.create_connection(lambda: _Client(self), "127.0.0.1", port)
        while self.open > 0:
            await asyncio.sleep(0.02)
        wall = time.perf_counter() - started
        times = sorted(self.latencies) or [0.0]
        at = lambda share: round(1000 * times[min(len(times) - 1, int(share * len(times)))], 2)  # noqa: E731
        return {
            "events_per_second": round(len(self.latencies) * self.batch / wall),
            "requests_per_second": round(len(self.latencies) / wall),
            "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0),
            "connections": connections, "statuses": self.statuses,
        }  # fmt: skip


def _in_process(pipe: Any, key: str, port: int, batch: int, connections: int, seconds: float, patience: float) -> None:
    load = Load(key, batch, seconds, patience)
    pipe.send("ready")
    pipe.recv()
    pipe.send(asyncio.run(load.run(port, connections)))


def measure(
    key: str, port: int, *, batch: int, connections: int, seconds: float = SECONDS, patience: float = 0.0
) -> dict[str, Any]:
    """Return what a client in a process of its own saw."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_in_process, args=(theirs, key, port, batch, connections, seconds, patience), daemon=True
    )
    process.start()
    ours.recv()
    ours.send("go")
    result = ours.recv()
    process.join()
    return result


def bare(folder: Path, events: int, seconds: float = 3.0) -> float:
    """Return events a second of the bare loop: append `events` events, fdatasync, again."""
    data = b"x" * (EVENT_BYTES * events)
    path = folder / "bare.log"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        os.write(handle, data)
        os.fdatasync(handle)
        done += events
    rate = done / (time.perf_counter() - started)
    os.close(handle)
    path.unlink()
    return rate


class Server:
    """A shop served in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.command = [sys.executable, "-m", "regulars", "serve", str(folder), "--port", str(self.port), *options]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start and return the seconds until events are taken in."""
        started = time.perf_counter()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5):
                    return time.perf_counter() - started
            except OSError:
                time.sleep(0.02)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)

    def memory_mb(self) -> float:
        """Return the resident memory of the server's processes together."""
        assert self.process is not None
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            pids += [int(child) for child in children.read_text().split()] if children.exists() else []
        total = 0.0
        for pid in pids:
            status = Path(f"/proc/{pid}/status").read_text()
            total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1024
        return round(total, 1)


def make_shop(folder: Path) -> str:
    """Make a shop with rates no key will reach; return a write key."""
    run = [sys.executable, "-m", "regulars"]
    subprocess.run([*run, "init", str(folder)], check=True, capture_output=True)
    made = subprocess.run(
        [*run, "keys", "create", str(folder), "--role", "write", "--rate", "10000000", "--burst", "10000000", "--json"],
        check=True,
        capture_output=True,
    )
    return json.loads(made.stdout)["secret"]


def visible(folder: Path, key: str, port: int, times: int = 20) -> dict[str, float]:
    """Return seconds from the answer of 200 until another process's query sees the event."""
    waits: list[float] = []
    with Shop.open(folder) as shop:
        for number in range(times):
            body = json.dumps({"event": "Seen", "userId": "u", "messageId": f"seen-{number}"}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/track", data=body, method="POST")
            request.add_header("Authorization", f"Bearer {key}")
            urllib.request.urlopen(request, timeout=10).close()
            answered = time.perf_counter()
            while True:
                events = shop.store.table("events")
                if shop.store.run(events.filter(events.id == f"seen-{number}").count()).as_py():
                    break
                time.sleep(0.01)
            waits.append(time.perf_counter() - answered)
            time.sleep(0.13)
    waits.sort()
    return {"median_seconds": round(waits[len(waits) // 2], 3), "max_seconds": round(waits[-1], 3)}


def drained(folder: Path, port: int) -> float:
    """Wait until everything collected is in the tables; return the seconds."""
    started = time.perf_counter()
    with Shop.open(folder) as shop:
        while True:
            positions = shop.store.manifest.positions()
            behind = sum(
                max(0, segment.path.stat().st_size - positions.get(segment.name, 0))
                for segments in segment_sets(folder / "log")
                for segment in segments.segments
                if segment.path.exists()
            )
            if not behind:
                return round(time.perf_counter() - started, 2)
            time.sleep(0.2)


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="collecting-", dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name) / "shop"
        key = make_shop(folder)
        server = Server(folder)
        result: dict[str, Any] = {"event_bytes": EVENT_BYTES}
        result["start_seconds"] = round(server.start(), 2)
        result["visible"] = visible(folder, key, server.port)
        print("visible", json.dumps(result["visible"]), flush=True)
        _ = measure(key, server.port, batch=BATCH, connections=8, seconds=2)
        for title, batch, connections in (("batches", BATCH, 16), ("singles", 1, 64)):
            disk = bare(Path(name), batch)
            got = measure(key, server.port, batch=batch, connections=connections)
            got |= {"bare_loop": round(disk), "ratio": round(got["events_per_second"] / disk, 3)}
            result[title] = got
            print(title, json.dumps(got), flush=True)
        before = server.memory_mb()
        result["backlog_seconds"] = drained(folder, server.port)
        peak = measure(key, server.port, batch=1, connections=64, seconds=5)["events_per_second"]
        over = measure(key, server.port, batch=1, connections=640, seconds=10, patience=0.05)
        calm = measure(key, server.port, batch=1, connections=64, seconds=5)
        result["overload"] = {
            "peak": peak, "times": 10, "goodput": over["events_per_second"], "p99_ms": over["p99_ms"],
            "statuses": over["statuses"], "memory_mb_before": before, "memory_mb_after": server.memory_mb(),
            "after": calm["events_per_second"], "after_p99_ms": calm["p99_ms"],
        }  # fmt: skip
        print("overload", json.dumps(result["overload"]), flush=True)
        server.stop()
    return result
