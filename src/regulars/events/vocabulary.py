"""What can happen in a shop: one name for each kind of event, and the names others use for it.

Sources of the other names: Segment's e-commerce specification V2 and its specifications of calls and of consent,
Google Analytics 4's recommended e-commerce events, and the events PostHog's clients send by themselves.
"""

from __future__ import annotations

import re

import msgspec


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event.

    `weight` is its default worth as evidence that the shopper likes the item: a purchase is 1.
    `by_shopper` is False for what the shop does itself; that is never a shopper's activity.
    """

    name: str
    description: str
    segment: tuple[str, ...] = ()
    ga4: tuple[str, ...] = ()
    posthog: tuple[str, ...] = ()
    weight: float = 0.0
    by_shopper: bool = True
    about_item: bool = False
    """An event of this kind without an item is a mistake."""


_KINDS = (
    Kind(
        name="view",
        description="Looked at an item.",
        segment=("Product Viewed",),
        ga4=("view_item",),
        weight=0.2,
        about_item=True,
    ),
    Kind(
        name="list",
        description="Looked at a list of items.",
        segment=("Product List Viewed",),
        ga4=("view_item_list",),
    ),
    Kind(
        name="search",
        description="Searched for something.",
        segment=("Products Searched",),
        ga4=("search", "view_search_results"),
    ),
    Kind(
        name="click",
        description="Clicked on an item in a list.",
        segment=("Product Clicked",),
        ga4=("select_item",),
        weight=0.3,
        about_item=True,
    ),
    Kind(
        name="wish",
        description="Put an item on the wish list.",
        segment=("Product Added to Wishlist",),
        ga4=("add_to_wishlist",),
        weight=0.5,
        about_item=True,
    ),
    Kind(
        name="unwish",
        description="Took an item off the wish list.",
        segment=("Product Removed from Wishlist",),
        ga4=("remove_from_wishlist",),
    ),
    Kind(
        name="cart",
        description="Put an item into the cart.",
        segment=("Product Added", "Wishlist Product Added to Cart"),
        ga4=("add_to_cart",),
        weight=0.6,
        about_item=True,
    ),
    Kind(
        name="uncart",
        description="Took an item out of the cart.",
        segment=("Product Removed",),
        ga4=("remove_from_cart",),
        about_item=True,
    ),
    Kind(name="cart_view", description="Looked at the cart.", segment=("Cart Viewed",), ga4=("view_cart",)),
    Kind(
        name="checkout",
        description="Began to check out.",
        segment=("Checkout Started",),
        ga4=("begin_checkout",),
    ),
    Kind(
        name="checkout_step",
        description="Saw or finished a step of the checkout.",
        segment=("Checkout Step Viewed", "Checkout Step Completed"),
        ga4=("add_shipping_info",),
    ),
    Kind(
        name="payment",
        description="Entered how to pay.",
        segment=("Payment Info Entered",),
        ga4=("add_payment_info",),
    ),
    Kind(
        name="purchase",
        description="Bought an item: one event for each line of the order.",
        segment=("Order Completed",),
        ga4=("purchase",),
        weight=1.0,
        about_item=True,
    ),
    Kind(name="order_total", description="Completed an order, without saying of what."),
    Kind(name="cancel", description="Cancelled an order.", segment=("Order Cancelled",)),
    Kind(name="refund", description="Got money back.", segment=("Order Refunded",), ga4=("refund",)),
    Kind(name="update", description="Changed an order.", segment=("Order Updated",)),
    Kind(name="rate", description="Gave an item a rating.", weight=0.8, about_item=True),
    Kind(
        name="review",
        description="Wrote a review of an item.",
        segment=("Product Reviewed",),
        weight=0.8,
        about_item=True,
    ),
    Kind(
        name="share",
        description="Shared an item or a cart.",
        segment=("Product Shared", "Cart Shared"),
        ga4=("share",),
        weight=0.5,
    ),
    Kind(
        name="coupon",
        description="Entered or used a coupon.",
        segment=("Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed"),
    ),
    Kind(
        name="promotion_view",
        description="Saw a promotion.",
        segment=("Promotion Viewed",),
        ga4=("view_promotion",),
    ),
    Kind(
        name="promotion_click",
        description="Clicked on a promotion.",
        segment=("Promotion Clicked",),
        ga4=("select_promotion",),
    ),
    Kind(name="filter", description="Narrowed a list of items down.", segment=("Product List Filtered",)),
    Kind(name="message", description="The shop sent a message.", by_shopper=False),
    Kind(name="open", description="Opened a message.", segment=("Email Opened",)),
    Kind(name="impression", description="The shop showed items.", by_shopper=False),
    Kind(name="decision", description="The shop chose what to show or send.", by_shopper=False),
    Kind(
        name="consent",
        description="Gave or withdrew consent.",
        segment=("Segment Consent Preference Updated",),
    ),
    Kind(
        name="identify",
        description="Became known under a name.",
        segment=("identify",),
        ga4=("login", "sign_up"),
        posthog=("$identify",),
    ),
    Kind(
        name="alias",
        description="Two ids turned out to be one person.",
        segment=("alias",),
        posthog=("$create_alias",),
    ),
    Kind(
        name="group",
        description="Was said to belong to a group.",
        segment=("group",),
        ga4=("join_group",),
        posthog=("$groupidentify",),
    ),
    Kind(
        name="page",
        description="Opened a page.",
        segment=("page", "screen"),
        ga4=("page_view", "screen_view"),
        posthog=("$pageview", "$screen"),
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every kind by its name."""

BY_SHOP: frozenset[str] = frozenset(kind.name for kind in _KINDS if not kind.by_shopper)
"""Kinds that the shop does itself: not activity of the shopper."""

ABOUT_ITEM: frozenset[str] = frozenset(kind.name for kind in _KINDS if kind.about_item)
"""Kinds that mean nothing without an item."""

MAX_NAME = 64

_SHORT = {
    "pv": "view",
    "browse": "view",
    "buy": "purchase",
    "order": "purchase",
    "transaction": "purchase",
    "fav": "wish",
    "favorite": "wish",
    "favourite": "wish",
    "wishlist": "wish",
    "addtocart": "cart",
    "cart_add": "cart",
    "cart_remove": "uncart",
    "rating": "rate",
    "order_canceled": "cancel",
    "detail_view": "view",
}
"""Names that shops' own logs and public data sets use."""


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "_", name.strip().casefold()).strip("_")[:MAX_NAME]


_NAMES: dict[str, str] = _SHORT | {
    _slug(name): kind.name for kind in _KINDS for name in (kind.name, *kind.segment, *kind.ga4, *kind.posthog)
}


def resolve_kind(name: str) -> str:
    """Return our name for a kind of event; case, spaces and punctuation do not matter.

    A name nobody knows becomes a kind of its own: a lower-case slug without weight, done by the shopper.

    >>> resolve_kind("Order Completed"), resolve_kind("add_to_cart"), resolve_kind("Store Visit")
    ('purchase', 'cart', 'store_visit')
    """
    slug = _slug(name)
    return _NAMES.get(slug, slug)


def interest_weight(kind: str) -> float:
    """Return the default weight of a kind as evidence of interest; 0 for a custom kind."""
    known = KINDS.get(kind)
    return known.weight if known else 0.0
