"""What to show to a customer, beside an item, or with a basket."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter

from regulars.core.errors import UsageError
from regulars.core.records import Slate
from regulars.web.desk import OpenShop
from regulars.web.observe import Metrics

User = Annotated[str | None, QueryParameter(description="The customer to recommend to.")]
ItemId = Annotated[str | None, QueryParameter(description="The item to recommend others beside.")]
Basket = Annotated[
    list[str] | None,
    QueryParameter(description="Items in the basket: separated by commas, or the parameter repeated."),
]
Size = Annotated[
    int | None, QueryParameter(ge=1, le=200, description="Items wanted; by default what the shop's settings say.")
]


@get("/recommendations", summary="Recommend", tags=["recommendations"])
async def recommendations(
    shop: OpenShop,
    state: State,
    user: User = None,
    item: ItemId = None,
    basket: Basket = None,
    n: Size = None,
) -> Slate:
    """Return a slate for exactly one of `user`, `item` and `basket`.

    A customer the shop knows nothing about gets what is popular, and `fallback` says so.
    """
    given = [name for name, value in (("user", user), ("item", item), ("basket", basket)) if value]
    if len(given) != 1:
        raise UsageError(
            f"give exactly one of user, item and basket, not {' and '.join(given) or 'none'}",
            where=given[-1] if given else "user",
        )
    items = [part for value in basket or [] for part in value.split(",") if part]
    # Answered from memory in about a millisecond: a worker thread would cost more than the work.
    slate = shop.recommend(user=user or None, item=item or None, basket=items or None, n=n)
    counters: Metrics = state.metrics
    counters.count_slate(slate)
    return slate
