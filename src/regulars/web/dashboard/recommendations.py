"""What would be shown, and why? Try the recommender; see what it learned from."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromQuery, QueryParameter

from regulars.core.errors import NotFoundError, NotLearnedError, RegularsError
from regulars.core.records import Item, Slate
from regulars.web.dashboard.model_table import cost_note, model_table, quality_note
from regulars.web.dashboard.slates import PARTS, slate_view
from regulars.web.desk import OpenShop
from regulars.web.observe import Metrics
from regulars.web.pages import Pages
from regulars.web.preferences import preferences
from regulars.web.wording import words_of

MATCHES = 8
Mode = Annotated[str, QueryParameter(pattern="^(user|item|basket)?$")]


class Asked(NamedTuple):
    """What a slate is asked for."""

    mode: str
    user: str
    item: str
    basket: list[str]

    @property
    def wish(self) -> str | list[str]:
        """The value of the chosen mode; empty while nothing is chosen."""
        return getattr(self, self.mode)


@get("/dashboard/recommendations", sync_to_thread=True)
def recommendations_page(
    request: Request[Any, Any, Any],
    state: State,
    shop: OpenShop,
    mode: Mode = "",
    user: FromQuery[str] = "",
    item: FromQuery[str] = "",
    basket: FromQuery[list[str] | None] = None,
    add: FromQuery[str] = "",
) -> Response[str]:
    """Show the slate for what was chosen, and how good the models are."""
    pages: Pages = state.pages
    asked = _asked(mode, user.strip(), item.strip(), [*(basket or []), add.strip()])
    slate, trouble = _ask(shop, asked)
    models, words = shop.models(), words_of(preferences(request).language)
    if slate:
        metrics: Metrics = state.metrics
        metrics.count_slate(slate)
    return pages.render(
        request,
        "recommendations.html",
        nav="recommendations",
        asked=asked,
        basket=[_known(shop, one) for one in asked.basket],
        subject=_known(shop, asked.item) if asked.item else None,
        slate=slate_view(slate) if slate else None,
        trouble=trouble,
        matches=_matches(shop, asked) if isinstance(trouble, NotFoundError) else [],
        part_names=PARTS,
        shop_path=str(shop.directory),
        models=models,
        quality=model_table(models, words),
        quality_note=quality_note(models, words),
        cost_note=cost_note(models[0].cost, words) if models else "",
    )


def _asked(mode: str, user: str, item: str, basket: list[str]) -> Asked:
    chosen = list(dict.fromkeys(one for one in basket if one))
    guessed = "user" if user else "item" if item else "basket" if chosen else "user"
    return Asked(mode or guessed, user, item, chosen)


def _ask(shop: OpenShop, asked: Asked) -> tuple[Slate | None, RegularsError | None]:
    if not asked.wish:
        return None, None
    try:
        if asked.mode == "user":
            return shop.recommend(user=asked.user), None
        if asked.mode == "item":
            return shop.recommend(item=asked.item), None
        return shop.recommend(basket=asked.basket), None
    except (NotFoundError, NotLearnedError) as error:
        return None, error


def _matches(shop: OpenShop, asked: Asked) -> list[tuple[str, str]]:
    """Return identifiers and names that what was typed may have meant: the search without JavaScript."""
    if asked.mode == "user":
        found = shop.customers(search=asked.user, limit=MATCHES).customers
        return [(one.subject, one.subject) for one in found]
    typed = asked.item if asked.mode == "item" else asked.basket[-1]
    return [(one.item, one.title or one.item) for one in shop.items(search=typed, limit=MATCHES)]


def _known(shop: OpenShop, item: str) -> Item:
    try:
        return shop.item(item)
    except NotFoundError:
        return Item(item=item, title=item)
