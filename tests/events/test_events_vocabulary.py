"""One name for each kind of event, whoever sends it."""

from __future__ import annotations

import pytest

from regulars.events.vocabulary import ABOUT_ITEM, BY_SHOP, KINDS, interest_weight, resolve_kind

SEGMENT = {
    "Products Searched": "search", "Product List Viewed": "list", "Product List Filtered": "filter",
    "Promotion Viewed": "promotion_view", "Promotion Clicked": "promotion_click", "Product Clicked": "click",
    "Product Viewed": "view", "Product Added": "cart", "Product Removed": "uncart", "Cart Viewed": "cart_view",
    "Checkout Started": "checkout", "Checkout Step Viewed": "checkout_step",
    "Checkout Step Completed": "checkout_step", "Payment Info Entered": "payment", "Order Completed": "purchase",
    "Order Updated": "update", "Order Refunded": "refund", "Order Cancelled": "cancel",
    "Coupon Entered": "coupon", "Coupon Applied": "coupon", "Coupon Denied": "coupon", "Coupon Removed": "coupon",
    "Product Added to Wishlist": "wish", "Product Removed from Wishlist": "unwish",
    "Wishlist Product Added to Cart": "cart", "Product Shared": "share", "Cart Shared": "share",
    "Product Reviewed": "review",
}  # fmt: skip
GA4 = {
    "view_item_list": "list", "select_item": "click", "view_item": "view", "add_to_cart": "cart",
    "remove_from_cart": "uncart", "view_cart": "cart_view", "begin_checkout": "checkout",
    "add_shipping_info": "checkout_step", "add_payment_info": "payment", "purchase": "purchase",
    "refund": "refund", "add_to_wishlist": "wish", "view_promotion": "promotion_view",
    "select_promotion": "promotion_click", "search": "search", "share": "share",
}  # fmt: skip


def test_all_28_segment_events_are_known():
    assert len(SEGMENT) == 28
    assert {name: resolve_kind(name) for name in SEGMENT} == SEGMENT


def test_all_ga4_events_are_known():
    assert {name: resolve_kind(name) for name in GA4} == GA4


@pytest.mark.parametrize("name", ["order completed", " ORDER COMPLETED ", "Order_Completed", "order-completed"])
def test_case_spaces_and_punctuation_do_not_matter(name: str):
    assert resolve_kind(name) == "purchase"


def test_an_unknown_kind_is_kept_as_a_slug_of_the_shopper_without_weight():
    assert resolve_kind("Store Visit!") == "store_visit"
    assert interest_weight("store_visit") == 0
    assert "store_visit" not in BY_SHOP


def test_every_kind_is_its_own_name():
    assert {name: resolve_kind(name) for name in KINDS} == {name: name for name in KINDS}


def test_what_the_shop_does_is_no_activity_and_weighs_nothing():
    assert {"message", "impression", "decision"} == BY_SHOP
    assert {interest_weight(kind) for kind in BY_SHOP} == {0}


def test_weights_order_the_kinds_by_how_much_they_say():
    weights = [interest_weight(kind) for kind in ("purchase", "review", "cart", "wish", "click", "view", "list")]
    assert weights == [1.0, 0.8, 0.6, 0.5, 0.3, 0.2, 0.0]


def test_kinds_about_an_item():
    assert {"purchase", "view", "cart", "uncart", "wish", "rate", "review", "click"} <= ABOUT_ITEM
    assert "search" not in ABOUT_ITEM
