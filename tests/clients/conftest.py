"""What the tests of clients share: a browser, a site of a shop, a running server and its keys."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import ROOT, need

from .serving import Running
from .site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server",
    "--host-resolver-rules=MAP shop.example 127.0.0.1",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Start one Chromium for all tests of a module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve a shop's pages and a collector that answers as told."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a fresh shop in a process of its own."""
    server = Running(tmp_path_factory.mktemp("collecting") / "shop")
    try:
        server.wait_ready()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def node_module() -> Callable[[str], Path]:
    """Return a function that finds an installed npm package, and skips where it or Node is absent."""

    def find(name: str) -> Path:
        path = ROOT / "node_modules" / name
        need(shutil.which("node") is not None, "Node")
        need(path.is_dir(), f"{name} (npm install --no-save {name})")
        return path

    return find


@pytest.fixture(scope="session")
def client_python() -> Callable[[str], Path]:
    """Return a function that finds a Python in whose environment a client is installed, and skips where none is.

    Clients have an environment of their own, `clients` beside ours: they ask for older versions of what we use.
    """

    def find(package: str) -> Path:
        folder = Path(sys.prefix) / "clients"
        found = any(folder.glob(f"lib/python*/site-packages/{package}"))
        need(found, f"{package} (a virtual environment in {folder} that has it)")
        return folder / "bin" / "python"

    return find
