"""A question in plain words: which typed question it is."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from regulars.core.records import Understood
from regulars.web.desk import OpenShop

Words = Annotated[str, QueryParameter(description="A question in English or Chinese.", min_length=1, max_length=500)]


@get("/ask", summary="Ask in plain words", tags=["insights"], sync_to_thread=True)
def ask(shop: OpenShop, q: Words) -> Understood:
    """Return the question that some words mean and its parameters, to be asked at /api/insights/{name}."""
    return shop.understand(q)
