"""The collector's routes, in front of the application: a few hundred microseconds an event leave no room for a router.

Segment's tracking protocol and PostHog's, as their unmodified clients speak them: any Content-Type, gzip found by its
first bytes, the key from Basic, Bearer or the body, 200 only when what came is durable.
"""

from __future__ import annotations

import asyncio
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import BusyError, DeniedError, InputError, RegularsError
from regulars.core.limits import MAX_BODY_BYTES
from regulars.core.signals import asks_not_to_track
from regulars.web.answers import PROBLEM, problem, respond
from regulars.web.assets import PAGE_SCRIPT
from regulars.web.tenants import presented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ASGIApp, Receive, Scope, Send

    from regulars.core.rights import KeyInfo
    from regulars.web.observe import Metrics
    from regulars.web.tenants import Tenant, Tenants

ROUTES: dict[str, str] = {
    f"/v1/{path}": route
    for route, paths in {
        "batch": ("batch", "b", "import"),
        "track": ("track", "t"),
        "identify": ("identify", "i"),
        "page": ("page", "p"),
        "screen": ("screen", "s"),
        "group": ("group", "g"),
        "alias": ("alias", "a"),
    }.items()
    for path in paths
} | {"/batch": "posthog", "/batch/": "posthog", "/capture/": "posthog", "/i/v0/e/": "posthog", "/e/": "posthog"}
METRIC = "/v1/m"
FLAGS = frozenset({"/flags", "/flags/", "/decide", "/decide/"})
SETTINGS = ("/v1/projects/", "/settings")
SCRIPT = "/regulars.js"
IN_FLIGHT_BYTES = 64 << 20
"""Most bytes of bodies being read at once."""
READ_SECONDS = 15.0
"""A body that takes longer to arrive is not waited for."""

OK = b'{"success":true}'
NO_FLAGS = msgspec.json.encode(
    {"featureFlags": {}, "flags": {}, "featureFlagPayloads": {}, "errorsWhileComputingFlags": False}
)
_JSON = (b"content-type", b"application/json")
_EXPOSED = (b"access-control-expose-headers", b"retry-after")
"""Without it a page's script cannot read when to try again."""
_CORS_ANSWER = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, x-retry-count"),
    (b"access-control-max-age", b"86400"),
]
Headers = dict[bytes, bytes]


class Collect:
    """Answers the collector's routes and passes everything else on.

    Parameters
    ----------
    app
        The application behind.
    tenants
        The shops.
    metrics
        Counts.
    """

    def __init__(self, app: ASGIApp, tenants: Tenants, metrics: Metrics) -> None:
        self.app = app
        self._tenants = tenants
        self._metrics = metrics
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or not _is_ours(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers: Headers = dict(scope["headers"])
        cors = self._cors(headers.get(b"origin", b""))
        try:
            status, body, extra = await self._answer(scope, headers, receive)
        except RegularsError as error:
            status, body, extra = _problem(error)
        except _GoneError:
            return
        self._metrics.count_collected(status)
        await respond(send, status, body, [*cors, *extra])

    async def _answer(
        self, scope: Scope, headers: Headers, receive: Receive
    ) -> tuple[int, bytes, Sequence[tuple[bytes, bytes]]]:
        path, method = scope["path"], scope.get("method")
        if method == "OPTIONS":
            return 204, b"", _CORS_ANSWER
        if path == SCRIPT:
            script, extra = PAGE_SCRIPT.answer(headers.get(b"if-none-match", b""))
            return (200 if script else 304), script, extra
        if path.startswith(SETTINGS[0]):
            return 200, self._settings(path), [_JSON]
        if method != "POST":
            raise _WrongMethodError
        route = ROUTES.get(path)
        # Feature flags and client metrics are taken politely and kept nowhere.
        if route is None and path not in FLAGS and path != METRIC:
            raise _UnknownPathError
        text = presented(headers.get(b"authorization", b""))
        if text and route is not None:
            # A wrong key is refused before anything of the body is held.
            _ = self._asking(text)
        data = await self._body(headers, receive)
        if route is None:
            return 200, NO_FLAGS if path in FLAGS else OK, [_JSON]
        await self._take(route, data, headers, scope)
        return 200, OK, [_JSON]

    def _asking(self, text: str) -> tuple[Tenant, KeyInfo]:
        """Return whose key this is, and what it may do."""
        visitor = self._tenants.visitor(text) if text else None
        if visitor is None or visitor.key is None:
            raise DeniedError(
                "the key is unknown, expired or revoked" if text else "there is no key",
                where="writeKey",
                fix="Make one with `regulars keys create DIR`.",
            )
        return visitor.tenant, visitor.key

    async def _take(self, route: str, data: bytes, headers: Headers, scope: Scope) -> None:
        tenant, key = self._asking(presented(headers.get(b"authorization", b"")) or _key_in(data))
        client = scope.get("client")
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waits = tenant.door.accept(
            route,
            data,
            key,
            signal=asks_not_to_track(headers),
            address=client[0] if client else "",
            token=durable,
        )
        if waits:
            await durable

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """Read the body, within the limits, and unpack it."""
        declared = int(length) if (length := headers.get(b"content-length", b"")).isdigit() else 0
        if declared > MAX_BODY_BYTES:
            raise _TooLargeError
        try:
            async with asyncio.timeout(READ_SECONDS):
                data = await self._read(receive)
        except TimeoutError:
            raise _SlowError from None
        if headers.get(b"content-encoding", b"").strip() == b"gzip" or data.startswith(b"\x1f\x8b"):
            data = _unpacked(data)
        return data

    async def _read(self, receive: Receive) -> bytes:
        """Read what comes; only what has come counts, so that idle connections hold no room."""
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise _GoneError
                part = message.get("body", b"")
                size += len(part)
                self._in_flight += len(part)
                if size > MAX_BODY_BYTES:
                    raise _TooLargeError
                if self._in_flight > IN_FLIGHT_BYTES:
                    raise BusyError("too many requests are being read", fix="Send it again in a second.")
                if not message.get("more_body"):
                    return b"".join([*parts, part]) if parts else part
                parts.append(part)
        finally:
            self._in_flight -= size

    def _settings(self, path: str) -> bytes:
        """Return what a browser client asks for before it sends anything."""
        key = path.removeprefix(SETTINGS[0]).removesuffix(SETTINGS[1])
        if not path.endswith(SETTINGS[1]) or self._tenants.visitor(key) is None:
            raise _UnknownPathError
        return msgspec.json.encode({"integrations": {"Segment.io": {"apiKey": key}}, "plan": {"track": {}}})

    def _cors(self, origin: bytes) -> list[tuple[bytes, bytes]]:
        if not origin:
            return []
        allowed = {o for tenant in self._tenants.all for o in tenant.door.settings.collect.origins}
        if "*" in allowed:
            return [
                (b"access-control-allow-origin", b"*"),
                (b"cross-origin-resource-policy", b"cross-origin"),
                _EXPOSED,
            ]
        if origin.decode("latin-1") in allowed:
            return [(b"access-control-allow-origin", origin), (b"vary", b"Origin"), _EXPOSED]
        return []


class _GoneError(Exception):
    """The client went away before it had sent everything."""


class _TooLargeError(InputError):
    def __init__(self) -> None:
        super().__init__(
            f"the body is over {MAX_BODY_BYTES:,} bytes", where="body", fix="Send fewer events in a batch."
        )


class _SlowError(RegularsError):
    def __init__(self) -> None:
        super().__init__(f"the body did not arrive within {READ_SECONDS:g} seconds", where="body")


class _UnknownPathError(RegularsError):
    def __init__(self) -> None:
        super().__init__("there is nothing under this address", fix="The routes are in /docs.")


class _WrongMethodError(RegularsError):
    def __init__(self) -> None:
        super().__init__("this address takes POST", fix="The routes are in /docs.")


def _is_ours(path: str) -> bool:
    return path.startswith("/v1/") or path in ROUTES or path in FLAGS or path == SCRIPT


def _key_in(body: bytes) -> str:
    try:
        found = _KEY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    key = found.writeKey or found.api_key or found.token
    return key if isinstance(key, str) else ""


class _Keyed(msgspec.Struct):
    writeKey: Any = None  # noqa: N815 - the wire's name
    api_key: Any = None
    token: Any = None


_KEY = msgspec.json.Decoder(_Keyed)


def _unpacked(data: bytes) -> bytes:
    """Unpack gzip, never into more than a body may hold: a bomb is refused before it goes off."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise InputError(f"the body is not gzip ({error})", where="body") from None
    if len(unpacked) > MAX_BODY_BYTES:
        raise _TooLargeError
    if not unpacker.eof:
        raise InputError("the gzip body is cut short", where="body")
    return unpacked


_STATUS: list[tuple[type[RegularsError], int]] = [
    (_UnknownPathError, 404),
    (_WrongMethodError, 405),
    (_SlowError, 408),
    (InputError, 400),
    (BusyError, 429),
]
"""Anything else is a fault of this server: clients send again after 503, and drop the events after 400."""


def _problem(error: RegularsError) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
    if isinstance(error, DeniedError):
        status = 403 if error.known else 401
    extra = [PROBLEM]
    if isinstance(error, BusyError):
        extra.append((b"retry-after", str(max(1, round(error.retry_after))).encode()))
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.append((b"retry-after", b"5"))
    # Where in this server something failed is not for whoever sends.
    where = "" if status == HTTPStatus.SERVICE_UNAVAILABLE else error.where
    return status, problem(status, error.message, where=where, fix=error.fix), extra
