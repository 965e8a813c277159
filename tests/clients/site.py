"""A web site of one small server: a shop's pages, and a collector that answers as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars import web

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(web.__file__).parent / "widgets" / "regulars.js"
STUB = "window.regulars = window.regulars || function () { (regulars.q = regulars.q || []).push(arguments) };"


def shop_page(head: str, title: str = "Tea") -> bytes:
    """Return a page of a shop with `head` in its head."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f'<body><h1>{title}</h1><a id="next" href="/next">next</a></body></html>'
    ).encode()


def page_script(
    address: str, key: str = "rg_ptest", attributes: str = "", *, first: str = "", load: str = "async"
) -> str:
    """Return what a shop puts into its pages: the stub, the calls in `first`, the page script from `address`."""
    element = f'<script {load} src="{address}/regulars.js" data-key="{key}" {attributes}></script>'
    return f"<script>{STUB}{first}</script>{element}"


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the page script or a page."""
        path = self.path.partition("?")[0]
        kind = "text/javascript" if path.endswith(".js") else "text/html"
        if path in self.site.pages:
            self._send(200, self.site.pages[path], {"Content-Type": f"{kind}; charset=utf-8"})
        else:
            self._send(404, b"", {})

    def do_POST(self) -> None:
        """Keep what was sent and answer what the test said."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers = self.site.answers.pop(0) if self.site.answers else self.site.answer
        request = {"headers": dict(self.headers), "body": json.loads(body), "size": len(body), "status": status}
        self.site.requests.append(request)
        time.sleep(self.site.delay)
        allow = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        self._send(status, b'{"success": true}', allow | headers)

    def do_OPTIONS(self) -> None:
        """Note a preflight, which the page script must not need."""
        self.site.preflights += 1
        self._send(204, b"", {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body)), "Cache-Control": "no-store"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that goes away in the middle of an answer is no news."""


class Site:
    """The server: `pages` by path, `requests` as they came, `answers` for the next ones and `delay` before them."""

    def __init__(self) -> None:
        self.pages = {"/regulars.js": SCRIPT.read_bytes(), "/favicon.ico": b""}
        self.requests: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.answer: tuple[int, dict[str, str]] = (200, {})
        self.delay = 0.0
        self.preflights = 0
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.port = self._server.server_address[1]
        self.shop = f"http://localhost:{self.port}"
        self.collector = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def messages(self, *, accepted: bool = True) -> list[dict[str, Any]]:
        """Return the messages of all requests that were answered 200, or of all."""
        kept = [r["body"]["batch"] for r in self.requests if r["status"] == 200 or not accepted]
        return [message for batch in kept for message in batch]

    def wait(self, enough: Callable[[list[dict[str, Any]]], bool], seconds: float = 10) -> list[dict[str, Any]]:
        """Return the accepted messages as soon as there are `enough`; fail after `seconds`."""
        until = time.monotonic() + seconds
        while not enough(self.messages()):
            assert time.monotonic() < until, [named(m) for m in self.messages(accepted=False)]
            time.sleep(0.02)
        return self.messages()


def named(message: dict[str, Any]) -> str:
    """Return what a message is about, in a word."""
    return str(message.get("event") or message["type"])
