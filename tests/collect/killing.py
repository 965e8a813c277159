"""A served shop whose processes are killed while clients send, each until it has heard 200."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regulars.shop import Shop
from regulars.shop.tending import compact

READY_SECONDS = 60.0


class Served:
    """`regulars serve` over one shop, again and again on the same port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._command = [sys.executable, "-m", "regulars", "serve", str(folder), "--port", str(self.port), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._said = folder.parent / "serve.log"

    def start(self) -> None:
        """Start it, in a group of its own."""
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(self._command, stdout=said, stderr=said, start_new_session=True)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The first of its processes."""
        assert self._process is not None
        return self._process

    def kill_all(self) -> None:
        """Kill every process of it at once, as a machine that dies does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        _ = self.process.wait()

    def kill_one(self, source: random.Random) -> None:
        """Kill one of the processes beside the first: it is started again."""
        others = children(self.process.pid)
        if others:
            os.kill(source.choice(others), signal.SIGKILL)

    def stop(self) -> int:
        """Stop it as a person does."""
        self.process.terminate()
        return self.process.wait(30)

    def log(self) -> str:
        """Return what it said."""
        return self._said.read_text(errors="replace")


def children(number: int) -> list[int]:
    """Return the children of a process."""
    found: list[int] = []
    for path in Path(f"/proc/{number}/task").glob("*/children"):
        found += [int(text) for text in path.read_text().split()]
    return found


class Senders:
    """Clients that send batches one after the other, each again and again until it is answered with 200.

    Parameters
    ----------
    key, port
        A write key, and where.
    count, batch
        How many clients, and messages in a batch.
    """

    def __init__(self, key: str, port: int, count: int = 4, batch: int = 20) -> None:
        self._key = key
        self._port = port
        self._batch = batch
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged: list[str] = []
        self.sent: set[str] = set()
        self.statuses: Counter[str] = Counter()
        self.last = 0.0
        """When the last 200 came."""
        self._threads = [threading.Thread(target=self._send_on, args=(number,)) for number in range(count)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every client bring its last batch to an end, and stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_success(self, seconds: float = READY_SECONDS) -> None:
        """Return when a batch that is answered from now on has been taken."""
        begin = time.monotonic()
        while self.last < begin:
            assert time.monotonic() < begin + seconds, "no batch was taken"
            time.sleep(0.005)

    def _send_on(self, client: int) -> None:
        number, connection = 0, None
        while not self._stop.is_set():
            names = [f"c{client}-{number}-{place}" for place in range(self._batch)]
            body = json.dumps({"batch": [message(name, client) for name in names]}).encode()
            number += 1
            while True:
                connection, status = self._post(connection, body)
                with self._lock:
                    self.sent.update(names)
                    self.statuses[status] += 1
                if status == "200":
                    break
                time.sleep(0.05)
            with self._lock:
                self.acknowledged += names
                self.last = time.monotonic()
        if connection is not None:
            connection.close()

    def _post(self, connection: Any, body: bytes) -> tuple[Any, str]:
        try:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            _ = answer.read()
        except (OSError, http.client.HTTPException):
            # Whether it was taken nobody knows: sent again.
            if connection is not None:
                connection.close()
            return None, "broken"
        return connection, str(answer.status)


def message(name: str, client: int) -> dict[str, Any]:
    """Return one message."""
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": name,
        "anonymousId": f"device-{client}",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"product_id": "p1"},
    }


def make_shop(folder: Path) -> str:
    """Make a shop and return a write key for it."""
    with Shop.create(folder) as shop:
        return shop.vault.api_keys.create("write", rate=1e9, burst=10**9).secret


def kill_again_and_again(folder: Path, kills: int, seed: int, *options: str, longest: float = 0.6) -> dict[str, Any]:
    """Kill a served shop under load, start it again, and say what is in its tables in the end.

    Two of three times every process dies, the third time one of the workers or the compactor alone.

    Parameters
    ----------
    longest
        Most seconds between the first batch that is taken after a start and the kill.
    """
    source = random.Random(seed)
    key = make_shop(folder / "shop")
    server = Served(folder / "shop", *options)
    senders = Senders(key, server.port)
    server.start()
    senders.start()
    waits: list[float] = []
    try:
        for number in range(kills):
            began = time.monotonic()
            senders.wait_for_success()
            waits.append(time.monotonic() - began)
            time.sleep(source.uniform(0, longest))
            if number % 3 == 2:
                server.kill_one(source)
            else:
                server.kill_all()
                server.start()
        senders.wait_for_success()
    finally:
        senders.stop()
        status = server.stop()
    with Shop.open(folder / "shop") as shop:
        done = compact(shop)
        names = shop.store.run(shop.store.table("events").select("id")).column("id").to_pylist()
        left = len(list((shop.directory / "log").glob("*/*.log")))
        checks = [check.detail for check in shop.store.check() if not check.ok]
    return {
        "kills": kills,
        "acknowledged": len(senders.acknowledged),
        "acknowledged_and_lost": len(set(senders.acknowledged) - set(names)),
        "duplicates": len(names) - len(set(names)),
        "never_sent": len(set(names) - senders.sent),
        "events": len(names),
        "answers": dict(senders.statuses),
        "compacted": done is not None,
        "log_files_left": left,
        "damaged_tables": checks,
        "exit_status": status,
        "seconds_from_kill_to_200": {
            "median": round(sorted(waits)[len(waits) // 2], 2),
            "most": round(max(waits), 2),
        },
    }
