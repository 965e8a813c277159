"""Groups of customers that have a name: made from rules on this page, used in every question."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from regulars.core.cohorts import CohortMembers
from regulars.core.errors import UsageError
from regulars.web.desk import OpenShop
from regulars.web.forms import FORM, Form
from regulars.web.pages import Pages

HOME = "/dashboard/cohorts"
SHOWN = 8
EXAMPLES = (
    "purchase >= 3 in 90 days", "no view in 30 days", "spend >= 100 in 365 days", "first seen 2024-01-01..2024-03-31",
    "country=CN|JP", "segment=slipping",
)  # fmt: skip


class Wish(NamedTuple):
    """What somebody typed into the form, and what was wrong with it."""

    name: str = ""
    rules: str = ""
    description: str = ""
    trouble: str = ""


@get(HOME, sync_to_thread=True)
def cohorts_page(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """List the saved cohorts with how many belong to each now."""
    return _page(request, state, shop, Wish(), 200)


@post(HOME, dependencies={"form": FORM}, status_code=303, sync_to_thread=True)
def save_cohort_page(request: Request[Any, Any, Any], state: State, shop: OpenShop, form: Form) -> Response[Any]:
    """Save a cohort, or show the form again with what was wrong."""
    wish = Wish(form.get("name", "").strip(), form.get("rules", ""), form.get("description", "").strip())
    rules = [line.strip() for line in wish.rules.splitlines() if line.strip()]
    try:
        _ = shop.cohorts.save(wish.name, rules, description=wish.description)
    except UsageError as error:
        return _page(request, state, shop, wish._replace(trouble=str(error)), 400)
    return Redirect(HOME, status_code=303)


@post(f"{HOME}/{{name:str}}/delete", status_code=303, sync_to_thread=True)
def delete_cohort_page(shop: OpenShop, name: FromPath[str]) -> Redirect:
    """Forget a cohort; its customers stay."""
    shop.cohorts.delete(name)
    return Redirect(HOME, status_code=303)


def _page(request: Request[Any, Any, Any], state: State, shop: OpenShop, wish: Wish, status: int) -> Response[str]:
    pages: Pages = state.pages
    found: list[CohortMembers] = [shop.cohorts.get(cohort.name, limit=SHOWN) for cohort in shop.cohorts.list()]
    return pages.render(
        request, "cohorts.html", status_code=status, at=HOME, nav="customers", found=found, wish=wish, examples=EXAMPLES
    )


COHORT_PAGES: list[Any] = [cohorts_page, save_cohort_page, delete_cohort_page]
