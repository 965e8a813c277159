"""What programs ask over HTTP: one file a resource, JSON out."""

from __future__ import annotations

from litestar import Router

from regulars.web.api.asking import ask
from regulars.web.api.cohorts import COHORTS
from regulars.web.api.customers import customer, customers
from regulars.web.api.insights import insights, questions
from regulars.web.api.items import item, items
from regulars.web.api.keys import KEYS
from regulars.web.api.live import LIVE
from regulars.web.api.privacy import PRIVACY
from regulars.web.api.recommendations import recommendations
from regulars.web.api.shop import model_quality, models, status
from regulars.web.api.sql import SQL

API = Router(
    "/api",
    route_handlers=[
        recommendations,
        questions,
        insights,
        ask,
        customers,
        customer,
        items,
        item,
        models,
        model_quality,
        status,
        *LIVE,
        *PRIVACY,
        *KEYS,
        *COHORTS,
        *SQL,
    ],
)

__all__ = ["API"]
