"""Requests made from the OpenAPI document, valid and not: no route fails on any of them.

A server in a process of its own, as people run it; every operation, the collector's among them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regulars.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("REGULARS_EXAMPLES", "6"))
"""For each operation; a longer run: REGULARS_EXAMPLES=500."""


@pytest.fixture(scope="module")
def served(shop_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield the address and a secret key of a copy of the small shop."""
    directory = tmp_path_factory.mktemp("generated") / "shop"
    shutil.copytree(shop_directory, directory)
    with Shop.open(directory) as shop:
        key = shop.vault.api_keys.create("secret", rate=1e9, burst=10**9).secret
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/health/ready", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address, key
    finally:
        server.terminate()
        server.wait(20)


def test_no_generated_request_makes_a_route_fail(served: tuple[str, str], tmp_path: Path) -> None:
    """Schemathesis, positive and negative data, whole document: nothing answers 5xx."""
    address, key = served
    report = tmp_path / "report"
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/openapi.json",
        "--checks", "not_a_server_error",
        "--max-examples", str(EXAMPLES), "--mode", "all", "--phases", "examples,coverage,fuzzing", "--seed", "7",
        "--header", f"Authorization: Bearer {key}", "--no-color", "--continue-on-failure",
        "--report", "ndjson", "--report-dir", str(report), "--request-timeout", "30",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    sent = [line for path in report.glob("*.ndjson") for line in path.read_text("utf-8").splitlines()]
    assert len(sent) > 40
    with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:
        assert json.load(answer)["status"] == "ready"
