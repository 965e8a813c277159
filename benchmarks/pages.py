"""How long pages of the dashboard take in a real browser, on the demo shop: `python -m benchmarks pages`.

The server has made its answers ready (which it does by itself when it starts). Each page is opened in a browser that
has never been here, and then several times in one tab, as a person does who works with it. Two times: until the browser
calls the page loaded, and until every plot in sight is drawn.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

VISITS = 5
READY_SECONDS = 180
PAGES = (
    "/dashboard", "/dashboard/live", "/dashboard/insights", "/dashboard/customers", "/dashboard/customers/1609",
    "/dashboard/recommendations?mode=user&user=1609", "/dashboard/privacy", "/dashboard/settings", "/dashboard/sql",
)  # fmt: skip
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


def serve(directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "serve", str(directory), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return server, f"http://127.0.0.1:{port}"


def questions(address: str) -> dict[str, Any]:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/api/insights", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not get ready")


def visit(page: Any, address: str, path: str) -> tuple[float, float]:
    started = time.monotonic()
    page.goto(address + path, wait_until="load")
    loaded = float(page.evaluate(LOADED))
    if page.locator("[data-figure]:not([data-lazy])").count():
        page.locator("[data-figures=drawn]").wait_for(state="attached")
    return loaded, (time.monotonic() - started) * 1000


def visits(chromium: Any, address: str, path: str) -> dict[str, float]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    first = visit(page, address, path)
    loaded, drawn = zip(*(visit(page, address, path) for _ in range(VISITS)), strict=True)
    context.close()
    return {
        "first_loaded_ms": round(first[0]),
        "first_drawn_ms": round(first[1]),
        "loaded_ms": round(statistics.median(loaded)),
        "loaded_max_ms": round(max(loaded)),
        "drawn_ms": round(statistics.median(drawn)),
    }


def run() -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from regulars.shop import Shop

    chosen = os.environ.get("REGULARS_DEMO")
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(chosen or temporary) / ("" if chosen else "demo")
        Shop.demo(directory).close()
        server, address = serve(directory)
        try:
            asked = questions(address)
            paths = [*PAGES, *(f"/dashboard/insights/{name}" for name, about in asked.items() if not about["costly"])]
            for path in paths:
                urllib.request.urlopen(address + path, timeout=READY_SECONDS).close()
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium") or "chromium"
                started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                found = {path: visits(started, address, path) for path in paths}
                started.close()
        finally:
            server.terminate()
            _ = server.wait(30)
    slowest = max(found, key=lambda path: max(found[path]["first_loaded_ms"], found[path]["loaded_max_ms"]))
    print("slowest:", slowest, found[slowest], flush=True)
    return {"visits": VISITS, "pages": found}
