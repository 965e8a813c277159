"""Is it alive, can it answer, how busy is it: for whatever watches the server."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get
from litestar.datastructures import State

from regulars.web.observe import Metrics
from regulars.web.tenants import Tenants


class Health(msgspec.Struct, frozen=True):
    """How the server is."""

    status: str
    learned: bool | None = None
    """Whether any model is learned; without one, recommendations are what is popular or refused."""


@get("/health/live", summary="Is the process alive?", tags=["operations"], sync_to_thread=False)
def live() -> dict[str, str]:
    """Answer as soon as the process runs."""
    return {"status": "alive"}


@get("/health/ready", summary="Can it answer?", tags=["operations"], sync_to_thread=True)
def ready(state: State) -> Health:
    """Answer 200 once every shop is open, 503 with the reason before. A shop with nothing learned is ready."""
    tenants: Tenants = state.tenants
    return Health(status="ready", learned=all(bool(tenant.desk.shop.models()) for tenant in tenants.all))


@get("/metrics", summary="Prometheus metrics", tags=["operations"], sync_to_thread=True)
def metrics(state: State) -> Response[bytes]:
    """Return requests by route and status, their latency, and the slates served."""
    counters: Metrics = state.metrics
    return Response(counters.exposition(), media_type="text/plain; version=0.0.4")


HEALTH: list[Any] = [live, ready, metrics]
