"""What operators see: Prometheus metrics and an access log, by route template and never by address.

Addresses carry customers' identifiers and what was searched for; templates such as
`/api/customers/{subject}` do not.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from regulars.core.records import Slate

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "regulars_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "regulars_http_request_duration_seconds",
            "Seconds from a request to the end of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.slates = Counter("regulars_slates", "Slates served.", ["kind"], registry=self.registry)
        self.fallbacks = Counter(
            "regulars_fallback_slates",
            "Slates of popular items, served because nothing was known.",
            ["kind"],
            registry=self.registry,
        )

        self.collected = Counter(
            "regulars_collect_requests", "Requests to the collector.", ["status"], registry=self.registry
        )
        self._collected = {status: self.collected.labels(str(status)) for status in (200, 204, 400, 401, 429, 503)}

    def count_collected(self, status: int) -> None:
        """Count one answer of the collector; its requests are too many to log one by one."""
        counter = self._collected.get(status)
        (counter if counter is not None else self.collected.labels(str(status))).inc()

    def count_slate(self, slate: Slate) -> None:
        """Count one served slate."""
        self.slates.labels(slate.kind).inc()
        if slate.fallback:
            self.fallbacks.labels(slate.kind).inc()

    def exposition(self) -> bytes:
        """Return the metrics in Prometheus' text format, summed over all server processes."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)
        return generate_latest(everyone)


def access_log() -> Any:
    """Return a logger that writes one JSON line a call to stderr."""
    return structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


class Observer:
    """Measures and logs every request around the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Any) -> None:
        self.app = app
        self.metrics = metrics
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and record how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self._record(scope, status, perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("path_template") or "unmatched"
        method = str(scope.get("method"))
        method = method if method in _METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        if not route.startswith(("/health", "/metrics", "/assets")):
            self.log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
