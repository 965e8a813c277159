"""The shop itself: what it holds and what it has learned."""

from __future__ import annotations

from litestar import get

from regulars.core.records import ModelCard, Status
from regulars.web.desk import OpenShop


@get("/models", summary="Learned models", tags=["shop"], sync_to_thread=True)
def models(shop: OpenShop) -> list[ModelCard]:
    """Return each learned model: what it learned from and how well it did on held-out days."""
    return shop.models()


@get("/status", summary="What the shop holds", tags=["shop"], sync_to_thread=True)
def status(shop: OpenShop) -> Status:
    """Return how many events, customers and items the shop holds, over which days."""
    return shop.status()
