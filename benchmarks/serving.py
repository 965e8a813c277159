"""Claim: slates for a customer, an item and a basket, p99 under 15 ms at 200 requests a second, one worker.

An open loop: requests are sent when they are due, whether or not the last was answered, and latency counts from the
moment a request was due. A closed loop would hide every queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from regulars.shop import Shop

RATE = 200
SECONDS = 20
CONNECTIONS = 32


async def _request(pool: asyncio.Queue[Any], port: int, path: str) -> int:
    connection = await pool.get()
    try:
        if connection is None:
            connection = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = connection
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        return status
    finally:
        pool.put_nowait(connection)


async def _load(port: int, paths: list[str], seconds: float) -> dict[str, Any]:
    pool: asyncio.Queue[Any] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        pool.put_nowait(None)
    latencies: list[float] = []
    failures: list[int] = []

    async def one(path: str, due: float) -> None:
        status = await _request(pool, port, path)
        latencies.append(time.perf_counter() - due)
        if status != 200:
            failures.append(status)

    start = time.perf_counter() + 0.1
    tasks: list[asyncio.Task[None]] = []
    for number in range(int(RATE * seconds)):
        due = start + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(paths[number % len(paths)], due)))
    await asyncio.gather(*tasks)
    wall = time.perf_counter() - start
    latencies.sort()
    at = lambda share: round(1000 * latencies[min(len(latencies) - 1, int(share * len(latencies)))], 2)  # noqa: E731
    return {
        "p50_ms": at(0.5),
        "p90_ms": at(0.9),
        "p99_ms": at(0.99),
        "max_ms": at(1.0),
        "achieved_rate": round(len(latencies) / wall, 1),
        "requests": len(latencies),
        "failed": len(failures),
    }


def _paths(directory: Path) -> dict[str, list[str]]:
    source = random.Random(7)
    with Shop.open(directory) as shop:
        people = [c.subject for c in shop.customers(limit=5000).customers]
        items = [i.item for i in shop.items(limit=3000)]
    source.shuffle(people)
    source.shuffle(items)
    quote = urllib.parse.quote
    return {
        "customer": [f"/api/recommendations?user={quote(p)}" for p in people],
        "item": [f"/api/recommendations?item={quote(i)}" for i in items],
        "basket": [f"/api/recommendations?basket={','.join(source.sample(items, 4))}" for _ in range(3000)],
        "stickiness": ["/api/insights/stickiness"],
        "retention": ["/api/insights/retention"],
        "lifecycle": ["/api/insights/lifecycle"],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not get ready")


def run() -> dict[str, Any]:
    given = os.environ.get("REGULARS_DEMO")
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(given) if given else Path(folder) / "shop"
        Shop.demo(directory).close()
        paths = _paths(directory)
        port = _free_port()
        command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(port), "--workers", "1"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = {}
        try:
            _wait(port)
            for kind, these in paths.items():
                asyncio.run(_load(port, these, 3))
                found[kind] = asyncio.run(_load(port, these, SECONDS))
                print(f"{kind:12s} {json.dumps(found[kind])}", flush=True)
        finally:
            server.terminate()
            server.wait(20)
    return {"protocol": f"open loop, {RATE} requests/s for {SECONDS} s after 3 s of warm-up, one worker", **found}
