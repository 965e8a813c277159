"""What is going on, once or as it goes on; and what is unusual about it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from weakref import WeakKeyDictionary

import msgspec
from litestar import MediaType, Request, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from regulars.core.alerts import Alert, Delivery, Watched
from regulars.core.errors import BusyError, RegularsError
from regulars.shop.live import LiveSnapshot
from regulars.web.desk import VISITOR, OpenShop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import FrameType

    from regulars.web.tenants import Tenant, Visitor

TAGS = ["live"]
STREAMS = 32
"""Streams of one shop that a server process keeps open at once."""
LOOK_SECONDS = 0.2
"""How often the shop is looked at while somebody watches: one small read for all of them."""
COUNT_SECONDS = 1.0
"""How often it is counted, at most."""
AGAIN_SECONDS = 10.0
"""How often when nothing new came in: minutes pass all the same."""
HEARTBEAT_SECONDS = 15.0
RETRY_MS = 3000
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy that gathers an answer before it passes it on would hold the stream back."""
Minutes = Annotated[int, QueryParameter(ge=5, le=60, description="How far back to look.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Alerts wanted, newest first.")]
AlertId = Annotated[str, PathParameter(description="The alert's id.")]
DeliveryId = Annotated[str, PathParameter(description="The message's id.")]


class AlertList(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, and how what is watched stands."""

    open: list[Alert]
    """Those that go on."""
    alerts: list[Alert]
    """The newest, closed ones too."""
    deliveries: list[Delivery]
    """The newest messages to the webhook."""


class Feed:
    """Counts a shop once for everybody who watches it, and only while somebody does.

    Parameters
    ----------
    tenant
        The shop, as it is served.
    """

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._watchers: set[asyncio.Queue[bytes | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._last = b""
        self.latest: LiveSnapshot | None = None

    def check(self) -> None:
        """Refuse one more who watches.

        Raises
        ------
        BusyError
            Too many do already.
        """
        if len(self._watchers) >= STREAMS:
            raise BusyError(f"{STREAMS} streams are open", fix="Close a page, or ask for /api/live.", retry_after=10.0)

    def join(self) -> asyncio.Queue[bytes | None]:
        """Return where the next states of the shop are put; the newest alone is kept, None is the end."""
        place: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._watchers.add(place)
        if self._task is None or self._task.done():
            self._last = b""
            self._task = asyncio.create_task(self._run())
        elif self._last:
            place.put_nowait(self._last)
        return place

    def leave(self, place: asyncio.Queue[bytes | None]) -> None:
        """Put nothing there any more; with the last one, counting ends."""
        self._watchers.discard(place)
        task, self._task = self._task, None if not self._watchers else self._task
        if not self._watchers and task is not None:
            _ = task.cancel()

    async def _run(self) -> None:
        seen, counted = "", float("-inf")
        try:
            while True:
                live = self._tenant.desk.shop.live
                version = await asyncio.to_thread(live.version)
                age = time.monotonic() - counted
                if (version != seen and age >= COUNT_SECONDS) or age >= AGAIN_SECONDS:
                    seen, counted = version, time.monotonic()
                    self.latest = await asyncio.to_thread(live.snapshot)
                    self._tell(_event(self.latest))
                await asyncio.sleep(LOOK_SECONDS)
        except RegularsError:
            # The shop was closed or cannot be read: browsers ask again by themselves, and are told why.
            return
        finally:
            if self._task is asyncio.current_task():
                self._tell(None)

    def _tell(self, event: bytes | None) -> None:
        self._last = event or b""
        for place in self._watchers:
            if place.full():
                _ = place.get_nowait()
            place.put_nowait(event)

    def end(self) -> None:
        """End every stream."""
        if self._task is not None:
            _ = self._task.cancel()


_FEEDS: WeakKeyDictionary[Tenant, Feed] = WeakKeyDictionary()
FRESH = timedelta(seconds=2)
_HEARD: set[int] = set()
"""Processes that end their streams when they are told to stop."""


def latest(tenant: Tenant) -> LiveSnapshot | None:
    """Return what those who watch were told last, if that is not long ago."""
    feed = _FEEDS.get(tenant)
    found = feed.latest if feed is not None else None
    return found if found is not None and datetime.now(UTC) - found.time < FRESH else None


@get("/live", summary="The last minutes", tags=TAGS, sync_to_thread=True)
def live(shop: OpenShop, minutes: Minutes = 30) -> LiveSnapshot:
    """Return who is active, what happens, what is sold and what is unusual, without anybody's name."""
    return shop.live.snapshot(minutes)


@get("/live/stream", summary="The last minutes, as they go on", tags=TAGS, media_type="text/event-stream")
async def live_stream(request: Request[Any, Any, Any]) -> Stream:
    """Send the answer of `/api/live` as server-sent events (`live`) whenever there is something new.

    Each event is the whole state: who comes back after a break has missed nothing that still counts. Without
    `Accept: text/event-stream` the first event is the last.
    """
    visitor: Visitor = request.scope[VISITOR]  # type: ignore[typeddict-item] - put there before any route is found
    _ = visitor.tenant.desk.shop
    feed = _FEEDS.setdefault(visitor.tenant, Feed(visitor.tenant))
    _end_with_the_server(asyncio.get_running_loop())
    feed.check()
    once = "text/event-stream" not in request.headers.get("accept", "")
    return Stream(_events(feed, once=once), media_type="text/event-stream", headers=HEADERS)


@get("/alerts", summary="What is unusual", tags=TAGS, media_type=MediaType.JSON, sync_to_thread=True)
def alerts(shop: OpenShop, limit: Limit = 100) -> AlertList:
    """Return the alerts that go on, the newest ones, and how the messages about them fared."""
    book = shop.alerts
    return AlertList(open=book.open(), alerts=book.list(limit), deliveries=book.deliveries(limit))


@get("/alerts/series", summary="What is watched", tags=TAGS, sync_to_thread=True)
def alert_series(shop: OpenShop) -> list[Watched]:
    """Return every series with what its last hour and day were, and what they could have been."""
    return shop.alerts.standing()


@post("/alerts/{alert:str}/acknowledge", summary="Acknowledge", tags=TAGS, status_code=200, sync_to_thread=True)
def acknowledge(shop: OpenShop, alert: AlertId) -> Alert:
    """Note that somebody knows; it closes by itself."""
    return shop.alerts.acknowledge(alert)


@post("/alerts/deliveries/{delivery:str}/resend", summary="Send again", tags=TAGS, status_code=200, sync_to_thread=True)
def resend(shop: OpenShop, delivery: DeliveryId) -> Delivery:
    """Let a message to the webhook that was given up be tried again."""
    return shop.alerts.resend(delivery)


def _end_with_the_server(loop: asyncio.AbstractEventLoop) -> None:
    """End all streams when the server is told to stop: it waits for open answers first, and these would never end."""
    if threading.current_thread() is not threading.main_thread() or os.getpid() in _HEARD:
        return
    _HEARD.add(os.getpid())

    def ended() -> None:
        for feed in list(_FEEDS.values()):
            feed.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: Any = before) -> None:
            if not loop.is_closed():
                _ = loop.call_soon_threadsafe(ended)
            if callable(before):
                before(number, frame)

        _ = signal.signal(number, handle)


async def _events(feed: Feed, *, once: bool) -> AsyncGenerator[bytes]:
    place = feed.join()
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            event: bytes | None = b": still here\n\n"
            with suppress(TimeoutError):
                event = await asyncio.wait_for(place.get(), HEARTBEAT_SECONDS)
            if event is None:
                return
            yield event
            if once and event.startswith(b"id:"):
                return
    finally:
        feed.leave(place)


def _event(snapshot: LiveSnapshot) -> bytes:
    name = f"{snapshot.snapshot}-{int(snapshot.time.timestamp() * 1000)}"
    return b"".join((b"id: ", name.encode(), b"\nevent: live\ndata: ", msgspec.json.encode(snapshot), b"\n\n"))


LIVE: list[Any] = [live, live_stream, alerts, alert_series, acknowledge, resend]
