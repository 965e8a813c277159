"""What tests of the doors share: whose machine a request comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar import Litestar

HOST = "http://127.0.0.1"


def at_home(app: Litestar) -> Litestar:
    """Return the application as this machine itself meets it: the test client calls its own 'testclient'."""
    return _from(app, "127.0.0.1")


def abroad(app: Litestar, address: str = "203.0.113.9") -> Litestar:
    """Return the application as another machine meets it."""
    return _from(app, address)


def _from(app: Litestar, address: str) -> Litestar:
    inner = app.asgi_handler

    async def met(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["client"] = (address, 50_000)
        await inner(scope, receive, send)

    app.asgi_handler = met
    return app
