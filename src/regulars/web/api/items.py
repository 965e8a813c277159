"""The catalogue: search it, or read one item."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from litestar import Request, get
from litestar.params import PathParameter, QueryParameter

from regulars.core.records import Item
from regulars.web.api.identifiers import tail
from regulars.web.desk import OpenShop

Search = Annotated[str, QueryParameter(description="Words of the title, or part of the identifier.")]
ItemPath = Annotated[Path, PathParameter(description="The item's identifier.")]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="Items wanted.")]


@get("/items", summary="Search items", tags=["items"], sync_to_thread=True)
def items(shop: OpenShop, search: Search = "", limit: Limit = 20) -> list[Item]:
    """Return the items that match, the best known first."""
    return shop.items(search=search, limit=limit)


@get("/items/{item_id:path}", summary="One item", tags=["items"], sync_to_thread=True)
def item(request: Request[Any, Any, Any], shop: OpenShop, item_id: ItemPath) -> Item:
    """Return one item of the catalogue."""
    return shop.item(tail(request, item_id))
