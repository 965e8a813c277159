"""What to show to a customer, to a visitor, beside an item, or with a basket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import QueryParameter
from litestar.types import Scope

from regulars.core.errors import DeniedError, UsageError
from regulars.core.records import Slate
from regulars.web.desk import VISITOR, OpenShop
from regulars.web.observe import Metrics

if TYPE_CHECKING:
    from regulars.web.tenants import Visitor

User = Annotated[str | None, QueryParameter(description="The customer to recommend to.")]
ItemId = Annotated[str | None, QueryParameter(description="The item to recommend others beside.")]
Basket = Annotated[
    list[str] | None,
    QueryParameter(description="Items in the basket: separated by commas, or the parameter repeated."),
]
VisitorId = Annotated[str | None, QueryParameter(description="The id a page gave a device, as sent with its events.")]
Size = Annotated[
    int | None, QueryParameter(ge=1, le=200, description="Items wanted; by default what the shop's settings say.")
]


@get("/recommendations", summary="Recommend", tags=["recommendations"])
async def recommendations(
    scope: Scope,
    shop: OpenShop,
    state: State,
    user: User = None,
    item: ItemId = None,
    basket: Basket = None,
    visitor: VisitorId = None,
    n: Size = None,
) -> Slate:
    """Return a slate for exactly one of `user`, `item`, `basket` and `visitor`.

    A customer the shop knows nothing about gets what is popular, and `fallback` says so; so does one who does not
    allow personalisation, and `personalised` says so. A public key may ask for all but `user`, and a visitor is then
    the device alone, whoever it said it was.
    """
    wishes = {"user": user, "item": item, "basket": basket, "visitor": visitor}
    given = [name for name, value in wishes.items() if value]
    asking: Visitor = scope[VISITOR]  # type: ignore[literal-required] - put there before any route is found
    if user is not None and asking.role == "public":
        # Everybody can read a public key: what one customer buys is not for everybody.
        raise DeniedError("a public key may not ask for a user", where="user", fix="Ask for a visitor.", known=True)
    if len(given) != 1:
        raise UsageError(
            f"give exactly one of user, item, basket and visitor, not {' and '.join(given) or 'none'}",
            where=given[-1] if given else "user",
        )
    items = [part for value in basket or [] for part in value.split(",") if part]
    # Answered from memory in about a millisecond: a worker thread would cost more than the work.
    slate = shop.recommend(
        user=user or None,
        item=item or None,
        basket=items or None,
        visitor=visitor or None,
        n=n,
        follow=asking.role != "public",
    )
    counters: Metrics = state.metrics
    counters.count_slate(slate)
    return slate
