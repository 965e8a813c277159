"""Is the shop keeping its customers? The first page."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.datastructures import State

from regulars.web.dashboard.alerts import alert_lines
from regulars.web.dashboard.cards import cards
from regulars.web.dashboard.tiles import tiles
from regulars.web.desk import OpenShop
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.wording import words_of

QUESTIONS = ("stickiness", "retention", "lifecycle", "orders", "days-active")


@get("/dashboard", sync_to_thread=True)
def overview_page(request: Request[Any, Any, Any], state: State, shop: OpenShop) -> Response[str]:
    """Show the few numbers that matter and the plots behind them."""
    pages: Pages = state.pages
    status = shop.status()
    if not status.events:
        return pages.render(request, "empty.html", nav="overview", shop_path=status.path)
    words = words_of(preferences(request).language)
    currency = pages.settings(request).shop.currency
    answers = {name: shop.insights(name) for name in QUESTIONS}
    return pages.render(
        request,
        "overview.html",
        nav="overview",
        status=status,
        tiles=tiles(answers, words, currency),
        cards=cards(answers, shop.questions(), words, currency),
        counts=shop.segments(),
        alerts=alert_lines(shop.alerts.open(), words, currency, ZoneInfo(shop.settings.shop.time_zone)),
    )
