"""The pages people work with: server-rendered, bilingual, usable without JavaScript."""

from __future__ import annotations

from litestar import Router, get
from litestar.response import Redirect

from regulars.web.assets import asset
from regulars.web.dashboard.cohorts import COHORT_PAGES
from regulars.web.dashboard.customers import customer_page, customers_page
from regulars.web.dashboard.docs import docs_page, openapi_document
from regulars.web.dashboard.insights import insights_page, question_page
from regulars.web.dashboard.keys import SETTINGS_PAGES
from regulars.web.dashboard.live import LIVE_PAGES
from regulars.web.dashboard.overview import overview_page
from regulars.web.dashboard.privacy import PRIVACY_PAGES
from regulars.web.dashboard.privacy_acts import PRIVACY_ACTS
from regulars.web.dashboard.recommendations import recommendations_page
from regulars.web.dashboard.sign_in import SIGN_IN
from regulars.web.dashboard.sql import SQL_PAGES


@get("/", include_in_schema=False, sync_to_thread=False)
def home() -> Redirect:
    """Send people to the first page."""
    return Redirect("/dashboard")


DASHBOARD = Router(
    "/",
    route_handlers=[
        home,
        overview_page,
        *LIVE_PAGES,
        insights_page,
        question_page,
        customers_page,
        *COHORT_PAGES,
        customer_page,
        recommendations_page,
        *PRIVACY_PAGES,
        *PRIVACY_ACTS,
        *SETTINGS_PAGES,
        *SQL_PAGES,
        *SIGN_IN,
        docs_page,
        openapi_document,
        asset,
    ],
    include_in_schema=False,
)

__all__ = ["DASHBOARD"]
