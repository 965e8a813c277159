"""What every request and every answer passes, whatever the route: who is asked, and the security headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.web.answers import PROBLEM, problem, respond

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS: list[tuple[bytes, bytes]] = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
PRIVATE = (b"cache-control", b"no-store")


class Guard:
    """Refuses requests for hosts that are not ours and puts the security headers on every answer.

    The host check stops DNS rebinding: a page of another site that resolves its own name to this machine
    would otherwise read the back office with the visitor's browser.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the host, then answer with the security headers added."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message["headers"])
            await send(message)

        host = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"host"), "")
        if host_name(host) in self.hosts:
            await self.app(scope, receive, guarded)
        else:
            await _refuse(guarded)


def host_name(header: str) -> str:
    """Return the name in a Host header, in lower case, without the port and the root's dot."""
    host = header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")


def _with_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    found = list(headers)
    # Answers hold personal data: only assets, which say so themselves, may be kept by a cache.
    if not any(name.lower() == b"cache-control" for name, _ in found):
        found.append(PRIVATE)
    return found + HEADERS


async def _refuse(send: Send) -> None:
    detail = "This server does not answer under that host name. Add the name to serve.allowed_hosts in regulars.toml."
    await respond(send, 400, problem(400, detail), [PROBLEM])
