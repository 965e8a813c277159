"""Every question by name: what it asks, its parameters, the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from regulars.core.errors import NotFoundError
from regulars.core.settings import descriptions
from regulars.core.table import Table
from regulars.insights.affinity import AffinityParams, affinity
from regulars.insights.channels import ChannelsParams, channels
from regulars.insights.communities import CommunitiesParams, communities
from regulars.insights.days_active import DaysActiveParams, days_active
from regulars.insights.engines import check_engine
from regulars.insights.funnel import FunnelParams, funnel
from regulars.insights.households import HouseholdsParams, households
from regulars.insights.influence import InfluenceParams, influence
from regulars.insights.lifecycle import LifecycleParams, lifecycle
from regulars.insights.orders import OrdersParams, orders
from regulars.insights.params import Params, kind_of, parse, type_name
from regulars.insights.paths import PathsParams, paths
from regulars.insights.places import PlacesParams, places
from regulars.insights.price_response import PriceResponseParams, price_response
from regulars.insights.products import ProductsParams, products
from regulars.insights.promotions import PromotionResponseParams, promotion_response
from regulars.insights.retention import RetentionParams, retention
from regulars.insights.returns import ReturnsParams, time_to_return
from regulars.insights.reviews import ReviewsParams, reviews
from regulars.insights.rfm import RfmParams, rfm
from regulars.insights.search import SearchParams, search
from regulars.insights.sessions import SessionsParams, sessions
from regulars.insights.social import SocialParams, social
from regulars.insights.stickiness import StickinessParams, stickiness
from regulars.insights.trends import TrendsParams, trends
from regulars.insights.where import read_condition, restricted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.insights.sources import Sources

Group = Literal["coming-back", "journeys", "buying", "people", "voice"]
GROUPS: dict[Group, str] = {
    "coming-back": "Do they come back?",
    "journeys": "What do they do in the shop?",
    "buying": "What do they buy, and why?",
    "people": "Who are they?",
    "voice": "What do they say and look for?",
}
"""Groups of questions, in the order people read them."""


@dataclass(frozen=True)
class Question:
    """A question that a person, a page or a program can ask."""

    name: str
    title: str
    description: str
    params: type[Params]
    function: Callable[[Sources, Any], Table]
    group: Group = "coming-back"
    """Where people look for it."""
    costly: bool = False
    """Takes long enough that nobody should be shown it unasked."""


_ALL = (
    Question(
        "stickiness",
        "Do customers come back often?",
        "Daily, weekly and monthly active customers, and daily ÷ monthly.",
        StickinessParams,
        stickiness,
    ),
    Question(
        "retention",
        "Do new customers come back?",
        "Share of each first-activity cohort that is active again in later periods.",
        RetentionParams,
        retention,
    ),
    Question(
        "lifecycle",
        "Do we win more customers than we lose?",
        "New, returning, resurrected and dormant customers in each period.",
        LifecycleParams,
        lifecycle,
    ),
    Question(
        "orders",
        "What do customers buy?",
        "Orders, buyers, revenue and average order value in each period.",
        OrdersParams,
        orders,
        "buying",
    ),
    Question(
        "days-active",
        "How regular are customers?",
        "On how many of the last days each customer was active.",
        DaysActiveParams,
        days_active,
    ),
    Question(
        "time-to-return",
        "How long until they come back?",
        "Share of customers who are back within so many days, with those not back yet counted for what is known.",
        ReturnsParams,
        time_to_return,
    ),
    Question(
        "rfm",
        "Who buys how lately, how often and for how much?",
        "Buyers by recency and frequency score, with the segments that these make and what each brings.",
        RfmParams,
        rfm,
        "people",
    ),
    Question(
        "places",
        "Where are our customers?",
        "Customers, orders, revenue, conversion and stickiness by country, region, city or distance from a store.",
        PlacesParams,
        places,
        "people",
    ),
    Question(
        "affinity",
        "What is bought together?",
        "Pairs of products, categories or brands in one order, against what chance would bring together.",
        AffinityParams,
        affinity,
        "buying",
    ),
    Question(
        "price-response",
        "Do they buy less when prices rise?",
        "How quantities move with prices: elasticities of categories, brands and products.",
        PriceResponseParams,
        price_response,
        "buying",
    ),
    Question(
        "products",
        "What do customers look at, take and buy?",
        "Viewers, carts, buyers, refunds, repeat purchases and ratings of each product, category or brand.",
        ProductsParams,
        products,
        "buying",
    ),
    Question(
        "influence",
        "Do friends buy what friends bought?",
        "What invited customers buy soon after who brought them, against shuffled purchases and customers like them.",
        InfluenceParams,
        influence,
        "people",
    ),
    Question(
        "households",
        "Which customers live together?",
        "Households found from what customers share, their sizes and what they spend.",
        HouseholdsParams,
        households,
        "people",
    ),
    Question(
        "sessions",
        "How do customers visit the shop?",
        "Sessions in each period: how many, how long, how deep, and the share with a purchase.",
        SessionsParams,
        sessions,
        "journeys",
    ),
    Question(
        "channels",
        "What brings customers to us?",
        "Customers won, orders and revenue by channel, source, campaign or device, and how many come back.",
        ChannelsParams,
        channels,
        "people",
    ),
    Question(
        "promotion-response",
        "What do promotions do?",
        "How much is bought on promotion, how much more in such weeks, and who buys again after it.",
        PromotionResponseParams,
        promotion_response,
        "buying",
    ),
    Question(
        "social",
        "Do customers bring customers?",
        "Invitations, customers brought by others, how many each brings (K), and how far chains go.",
        SocialParams,
        social,
        "people",
    ),
    Question(
        "funnel",
        "How far do customers get?",
        "How many get from step to step, how long it takes them, and where they are lost.",
        FunnelParams,
        funnel,
        "journeys",
    ),
    Question(
        "search",
        "What do customers look for, and do they find it?",
        "Searches, those without a result and those that nothing followed, by query or by period.",
        SearchParams,
        search,
        "voice",
    ),
    Question(
        "communities",
        "Which customers have the same taste?",
        "Communities of customers who buy the same uncommon products, their sizes and products, against chance.",
        CommunitiesParams,
        communities,
        "people",
        costly=True,
    ),
    Question(
        "paths",
        "What do they do one after the other?",
        "The flow of sessions from step to step, the commonest paths, and what follows what.",
        PathsParams,
        paths,
        "journeys",
    ),
    Question(
        "trends",
        "How does what happens develop?",
        "Anything that can be counted in each period: split, compared with before, smoothed, calculated with.",
        TrendsParams,
        trends,
        "coming-back",
    ),
    Question(
        "reviews",
        "What do they say of our products?",
        "Reviews, the share that is negative, what they speak of, and products with sudden complaints.",
        ReviewsParams,
        reviews,
        "voice",
    ),
)
QUESTIONS: dict[str, Question] = {question.name: question for question in _ALL}


def ask(name: str, sources: Sources, raw_params: Mapping[str, Any], snapshot: str = "") -> Table:
    """Answer a question.

    Parameters
    ----------
    name
        One of `QUESTIONS`.
    sources
        The tables, with the engine that holds them.
    raw_params
        Parameters as text, from a URL or a command line, or as values.
    snapshot
        The state of the shop, kept in the answer.

    Raises
    ------
    NotFoundError
        There is no such question.
    UsageError
        A parameter does not exist or has a value it cannot have, or the engine's answers are known to differ.
    """
    check_engine(sources.events)
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFoundError(
            f"there is no question '{name[:80]}'",
            where="insights",
            fix=f"Ask one of: {', '.join(QUESTIONS)}.",
        )
    params = parse(question.params, raw_params)
    for condition in params.where:
        _ = read_condition(condition)
    span = sources.span(params.to)
    if span is not None:
        sources = restricted(sources, params.where, span.last)
    return replace(question.function(sources, params), snapshot=snapshot)


def describe() -> dict[str, dict[str, Any]]:
    """Return every question's title, description and parameters (type, default, description)."""
    return {
        question.name: {
            "title": question.title,
            "group": question.group,
            "costly": question.costly,
            "description": question.description,
            "params": _describe_params(question.params),
        }
        for question in _ALL
    }


def _describe_params(kind: type[Params]) -> dict[str, dict[str, Any]]:
    explained = descriptions(kind)
    return {
        field.encode_name: {
            "type": type_name(field.type),
            "default": msgspec.to_builtins(field.default),
            "description": explained[field.name],
            "input": kind_of(field.type)._asdict(),
        }
        for field in msgspec.structs.fields(kind)
    }
