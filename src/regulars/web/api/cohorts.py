"""Saved groups of customers: made from rules, counted, looked at, forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import delete, get, post
from litestar.params import PathParameter, QueryParameter, RawBody
from msgspec import Meta

from regulars.core.cohorts import Cohort, CohortMembers
from regulars.web.api.bodies import TAKES, Body, read
from regulars.web.desk import OpenShop

TAGS = ["cohorts"]
CohortName = Annotated[str, PathParameter(description="The cohort's name, as /api/cohorts lists it.")]
Limit = Annotated[int, QueryParameter(ge=0, le=1000, description="Members on a page.")]
Offset = Annotated[int, QueryParameter(ge=0, description="Members to skip.")]
Rule = Annotated[str, Meta(max_length=300)]
Id = Annotated[str, Meta(max_length=4096)]


class CohortWish(Body, frozen=True, kw_only=True):
    """A cohort to keep."""

    name: Annotated[str, Meta(max_length=64, description="Letters, digits, '-', '_' and '.'.")]
    rules: Annotated[
        tuple[Rule, ...],
        Meta(
            max_length=20,
            description="What all members have in common: 'purchase >= 3 in 90 days', 'no view in 30 days', "
            "'spend >= 100 in 365 days', 'first seen 2024-01-01..2024-03-31', 'country=CN', 'segment=slipping'.",
        ),
    ] = ()
    description: Annotated[str, Meta(max_length=1000, description="What you say of it.")] = ""
    customers: (
        Annotated[
            list[Id], Meta(max_length=10_000, description="The shop's own ids of those who may be members at all.")
        ]
        | None
    ) = None
    replace: Annotated[bool, Meta(description="Whether a cohort of this name is replaced.")] = False


@get("/cohorts", summary="List the cohorts", tags=TAGS, sync_to_thread=True)
def cohorts(shop: OpenShop) -> list[Cohort]:
    """Return every saved cohort with its rules, by name."""
    return shop.cohorts.list()


@post("/cohorts", summary="Save a cohort", tags=TAGS, sync_to_thread=True, opt={TAKES: CohortWish})
def save_cohort(shop: OpenShop, body: RawBody) -> Cohort:
    """Keep a group of customers under a name: `cohort:NAME` is a dimension from then on."""
    wish = read(body, CohortWish)
    return shop.cohorts.save(
        wish.name, wish.rules, description=wish.description, customers=wish.customers, replace=wish.replace
    )


@get("/cohorts/{name:str}", summary="One cohort", tags=TAGS, sync_to_thread=True)
def cohort(shop: OpenShop, name: CohortName, limit: Limit = 50, offset: Offset = 0) -> CohortMembers:
    """Return the definition, how many belong to it now, and a page of their ids."""
    return shop.cohorts.get(name, limit=limit, offset=offset)


@delete("/cohorts/{name:str}", summary="Forget a cohort", tags=TAGS, sync_to_thread=True)
def delete_cohort(shop: OpenShop, name: CohortName) -> None:
    """Forget a cohort; its customers stay."""
    shop.cohorts.delete(name)


COHORTS: list[Any] = [cohorts, save_cohort, cohort, delete_cohort]
