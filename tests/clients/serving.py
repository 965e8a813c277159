"""A running server of a fresh shop, as a person starts it, and what arrives in the shop's tables."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop

from .journey import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READY_SECONDS, ARRIVE_SECONDS = 60, 20
"""Visitors are joined to the customers they became every ten seconds."""
LATE_SECONDS = 1.5
"""Longer than the pause between two compactions: what came twice would be in the table by then."""


class Running:
    """A server in a process of its own over a new shop in `directory`.

    Attributes
    ----------
    port, address
        Where it listens.
    shop
        The shop, open for reading.
    visits
        Ids of the events of each visit so far, by the visit's name.
    """

    def __init__(self, directory: Path) -> None:
        settings = Settings(shop=ShopSettings(name="Tea", time_zone="Europe/Berlin", currency="EUR"))
        Shop.create(directory, settings).close()
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = (directory.parent / "serve.log").open("wb")
        command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.shop = Shop.open(directory)
        self._seen: set[str] = set()
        self.visits: dict[str, set[str]] = {}

    def wait_ready(self) -> None:
        """Return when requests are answered."""
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/health/ready", timeout=5).close()
            except OSError:
                assert self._process.poll() is None, "the server has stopped"
                assert time.monotonic() < until, "the server did not get ready"
                time.sleep(0.1)
            else:
                return

    def close(self) -> None:
        """Stop the server as a person does."""
        self.shop.close()
        self._process.terminate()
        try:
            assert self._process.wait(20) == 0, "the server did not stop cleanly"
        finally:
            self._process.kill()
            self._process.wait()
            self._log.close()

    def key(self, role: str) -> str:
        """Make a key of that role at the command line and return it."""
        command = [sys.executable, "-m", "regulars", "keys", "create", str(self.directory), "--role", role, "--json"]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(made.stdout)["secret"]

    def visit(self, name: str, act: Callable[[], None], count: int = EVENTS) -> list[dict[str, Any]]:
        """Return the `count` events of the visit `name` as they are now; `act` sends it when this is asked first."""
        if name not in self.visits:
            act()
            self.visits[name] = {row["id"] for row in self.arrived(count)}
        return [row for row in self._rows() if row["id"] in self.visits[name]]

    def customers(self, name: str) -> Counter[str]:
        """Return how many events of a visit each subject has, once it is one subject, or too late."""
        until = time.monotonic() + ARRIVE_SECONDS
        while True:
            rows = [row for row in self._rows() if row["id"] in self.visits[name]]
            found = Counter(row["subject"] for row in rows)
            if len(found) == 1 or time.monotonic() > until:
                return found
            time.sleep(0.5)

    def arrived(self, count: int) -> list[dict[str, Any]]:
        """Return the events that came since the last call, as soon as they are `count`, or too late."""
        until = time.monotonic() + ARRIVE_SECONDS
        while len(found := [row for row in self._rows() if row["id"] not in self._seen]) < count:
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        self._seen |= {row["id"] for row in found}
        return found

    def late(self) -> list[dict[str, Any]]:
        """Return the events that come although no more are expected: what was taken twice, say."""
        time.sleep(LATE_SECONDS)
        return self.arrived(0)

    def _rows(self) -> list[dict[str, Any]]:
        rows = self.shop.store.run(self.shop.store.table("events")).to_pylist()
        return [row | {"properties": json.loads(row["properties"] or "{}")} for row in rows]
