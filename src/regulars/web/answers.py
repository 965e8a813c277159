"""Answers sent without the framework, by what stands in front of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import Send

Header = tuple[bytes, bytes]
PROBLEM: Header = (b"content-type", b"application/problem+json")


async def respond(send: Send, status: int, body: bytes, headers: Iterable[Header] = ()) -> None:
    """Send one whole answer."""
    start: Any = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-length", str(len(body)).encode()), *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def problem(status: int, detail: str, **more: str) -> bytes:
    """Return an error as RFC 9457 words it."""
    title = HTTPStatus(status).phrase
    return msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail, **more})
