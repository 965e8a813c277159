"""The customers: a searchable list, and one of them in full."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from regulars.core.records import CustomerPage, CustomerProfile
from regulars.web.api.identifiers import Customer, tail
from regulars.web.desk import OpenShop

Search = Annotated[str, QueryParameter(description="Part of a customer's identifier.")]
Segment = Annotated[str, QueryParameter(description="new, regular, slipping, lost or one-time; all when empty.")]
Sort = Annotated[str, QueryParameter(description="The column to sort by, largest first.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="Customers on a page.")]
Offset = Annotated[int, QueryParameter(ge=0, description="Customers to skip.")]
Events = Annotated[int, QueryParameter(ge=0, le=10_000, description="Lines of history, newest first.")]


@get("/customers", summary="List customers", tags=["customers"], sync_to_thread=True)
def customers(
    shop: OpenShop,
    search: Search = "",
    segment: Segment = "",
    sort: Sort = "spend",
    limit: Limit = 50,
    offset: Offset = 0,
) -> CustomerPage:
    """Return one page of the customers that match, and how many match in all."""
    return shop.customers(search=search, segment=segment, sort=sort, limit=limit, offset=offset)


@get("/customers/{subject:path}", summary="One customer", tags=["customers"], sync_to_thread=True)
def customer(
    request: Request[Any, Any, Any], shop: OpenShop, subject: Customer, events: Events = 100
) -> CustomerProfile:
    """Return the summary, the attributes, what they buy and their newest history."""
    return shop.customer(tail(request, subject), events=events)
