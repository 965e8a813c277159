"""Who may ask what: every route is closed until a key, a signed-in session, or this machine itself opens it.

A request without a key is the back office of the one shop served, where `serve.access` says so: on this machine
(`local`), or behind a proxy that signs people in (`proxy`). Everywhere else a secret key opens everything of its own
shop, a public key the few things that a page needs, and a write key nothing but the collector.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from regulars.core.errors import RegularsError
from regulars.web.answers import PROBLEM, problem, respond
from regulars.web.desk import ASKED, VISITOR
from regulars.web.sessions import read_session
from regulars.web.tenants import Visitor, presented

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from regulars.core.settings import ServeSettings
    from regulars.web.tenants import Tenants

OPEN = ("/health/", "/assets/", "/sign-in", "/sign-out", "/docs", "/openapi.json")
"""Nothing of a shop is told under these."""
FOR_PAGES = ("/api/recommendations",)
"""What a public key may ask, by GET."""
_FORWARDED = (b"forwarded", b"via", b"x-forwarded-", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-")
"""What proxies add. One that adds nothing looks like this machine itself: it needs `serve.access = "keys"`."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CORS = [
    (b"access-control-allow-methods", b"GET, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type"),
    (b"access-control-max-age", b"86400"),
]


class Access:
    """Finds out who asks, and refuses what they may not.

    Parameters
    ----------
    app
        The application behind.
    tenants
        The shops.
    serve
        How the server listens.
    """

    def __init__(self, app: ASGIApp, tenants: Tenants, serve: ServeSettings) -> None:
        self.app = app
        self._tenants = tenants
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass with its visitor in the scope, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        path, method = scope["path"], scope["method"]
        if method == "OPTIONS" and path in FOR_PAGES:
            await respond(send, 204, b"", [*_CORS, *self._cors(headers)])
            return
        private = path.startswith("/api/") and path not in FOR_PAGES
        if (method not in _SAFE or private) and not _same_site(headers):
            await _refuse(send, 403, "the request comes from a page of another site")
            return
        try:
            visitor = self._visitor(scope, headers)
        except RegularsError as error:
            # The keys cannot be read: nobody is let in, and nobody is told that their key is wrong.
            await _refuse(send, 503, error.message, [(b"retry-after", b"5")])
            return
        if visitor is not None:
            scope[VISITOR] = visitor  # type: ignore[literal-required] - a key of our own
        scope[ASKED] = path  # type: ignore[literal-required] - a key of our own
        if visitor is not None and not path.startswith("/health/"):
            await visitor.tenant.desk.looked()
        if path.startswith(OPEN):
            await self.app(scope, receive, send)
        elif visitor is None:
            await self._ask_to_sign_in(scope, headers, send)
        elif visitor.role == "secret":
            await self.app(scope, receive, send)
        elif visitor.role == "public" and path in FOR_PAGES and method == "GET":
            await self.app(scope, receive, self._with_cors(send, headers))
        else:
            await _refuse(send, 403, f"a {visitor.role} key may not do this: it takes a secret key")

    def _visitor(self, scope: Scope, headers: dict[bytes, bytes]) -> Visitor | None:
        text = presented(headers.get(b"authorization", b""))
        # A key that is wrong is refused: it never falls back to what is open without one.
        if text or b"authorization" in headers:
            return self._tenants.visitor(text)
        session = read_session(self._tenants, headers.get(b"cookie", b""))
        if session is not None:
            return session
        only = self._tenants.only
        if only is not None and self._is_back_office(scope, headers):
            return Visitor(only, None)
        return None

    def _is_back_office(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        if self._serve.access == "proxy":
            return True
        if self._serve.access == "keys":
            return False
        client = scope.get("client")
        # Behind a proxy on this machine everyone seems to be local.
        forwarded = any(name.startswith(_FORWARDED) for name in headers)
        return not forwarded and (client is None or _is_local(client[0]))

    async def _ask_to_sign_in(self, scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
        path = scope["path"]
        if (path.startswith("/dashboard") or path == "/") and b"authorization" not in headers:
            # A form that was sent too late is not sent again.
            again = scope.get("method") == "GET" and path.startswith("/dashboard/")
            to = b"?to=" + quote(quote(path), safe="").encode() if again else b""
            await respond(send, 303, b"", [(b"location", b"/sign-in" + to), (b"cache-control", b"no-store")])
            return
        await _refuse(
            send,
            401,
            "a valid key is needed: Authorization: Bearer rg_s…",
            [(b"www-authenticate", b'Bearer realm="regulars"')],
        )

    def _cors(self, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        origin = headers.get(b"origin", b"")
        allowed = {o for tenant in self._tenants.all for o in tenant.door.settings.collect.origins}
        if origin and ("*" in allowed or origin.decode("latin-1") in allowed):
            return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        return []

    def _with_cors(self, send: Send, headers: dict[bytes, bytes]) -> Send:
        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._cors(headers)]
            await send(message)

        return answered


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _same_site(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a changing request can come from our own pages or from a program, and not from another site."""
    site = headers.get(b"sec-fetch-site", b"")
    if site:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin", b"")
    if not origin:
        return True
    return urlsplit(origin).netloc == headers.get(b"host", b"")


async def _refuse(send: Send, status: int, detail: str, extra: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [PROBLEM, (b"cache-control", b"no-store"), *(extra or [])]
    await respond(send, status, problem(status, detail), headers)
