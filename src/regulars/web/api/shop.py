"""The shop itself: what it holds and what it has learned."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Response, get

from regulars.core.records import ModelCard, Status
from regulars.shop.model_quality import quality_table
from regulars.web.api.insights import As, Lang, Theme, recolour
from regulars.web.desk import OpenShop
from regulars.web.files import as_file
from regulars.web.model_names import model_naming
from regulars.web.wording import words_of


@get("/models", summary="Learned models", tags=["shop"], sync_to_thread=True)
def models(shop: OpenShop) -> list[ModelCard]:
    """Return each learned model: what it learned from and how well it did on held-out days."""
    return shop.models()


@get("/models/quality", summary="Models side by side", tags=["shop"], sync_to_thread=True)
def model_quality(shop: OpenShop, as_: As = "rows", lang: Lang = "en", theme: Theme = "light") -> Response[Any]:
    """Return nDCG@10 and recall@20 of each model on held-out days with 95% intervals, the best first."""
    table = quality_table(shop.models())
    if as_ == "rows":
        return Response(table.to_json())
    if as_ in ("csv", "parquet"):
        return as_file(table.rows, as_, table.name)
    words = words_of(lang)
    figure = table.plot(words.say, model_naming(words))
    recolour(figure, theme)
    return Response(figure.to_json(), media_type=MediaType.JSON)


@get("/status", summary="What the shop holds", tags=["shop"], sync_to_thread=True)
def status(shop: OpenShop) -> Status:
    """Return how many events, customers and items the shop holds, over which days."""
    return shop.status()
