"""What becomes of each e-commerce event: lines, items, values, and nothing lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regulars.core.settings import Settings, ShopSettings
from regulars.events.vocabulary import ABOUT_ITEM, KINDS, resolve_kind
from regulars.events.wire import MAX_LINES, Decoded, decode

RECEIVED = 1_760_000_000_000_000
SETTINGS = Settings(shop=ShopSettings(currency="CHF"))
PRODUCT = {"product_id": "p1", "sku": "s1", "name": "Shoe", "brand": "B", "price": 10, "quantity": 2, "position": 3}
PRODUCTS = [PRODUCT, {"product_id": "p2", "price": "5.50", "coupon": "LINE"}]
SEGMENT: dict[str, dict[str, Any]] = {
    "Products Searched": {"query": "shoe"},
    "Product List Viewed": {"list_id": "l", "category": "c", "products": PRODUCTS},
    "Product List Filtered": {"list_id": "l", "filters": [{"type": "a", "value": "b"}], "products": PRODUCTS},
    "Promotion Viewed": {"promotion_id": "m", "creative": "c", "name": "n", "position": "top"},
    "Promotion Clicked": {"promotion_id": "m", "creative": "c", "name": "n", "position": "top"},
    "Product Clicked": PRODUCT,
    "Product Viewed": PRODUCT | {"currency": "eur", "value": 20},
    "Product Added": PRODUCT | {"cart_id": "c"},
    "Product Removed": PRODUCT | {"cart_id": "c"},
    "Cart Viewed": {"cart_id": "c", "products": PRODUCTS},
    "Checkout Started": {"order_id": "o", "value": 30, "coupon": "ORDER", "currency": "EUR", "products": PRODUCTS},
    "Checkout Step Viewed": {"checkout_id": "k", "step": 2, "shipping_method": "s", "payment_method": "p"},
    "Checkout Step Completed": {"checkout_id": "k", "step": 2},
    "Payment Info Entered": {"checkout_id": "k", "order_id": "o"},
    "Order Completed": {"order_id": "o", "total": 30, "coupon": "ORDER", "currency": "EUR", "products": PRODUCTS},
    "Order Updated": {"order_id": "o", "total": 30, "products": PRODUCTS},
    "Order Refunded": {"order_id": "o", "total": 30, "currency": "EUR", "products": PRODUCTS},
    "Order Cancelled": {"order_id": "o", "total": 30, "currency": "EUR", "products": PRODUCTS},
    "Coupon Entered": {"order_id": "o", "coupon_id": "x"},
    "Coupon Applied": {"order_id": "o", "coupon_id": "x", "discount": 5},
    "Coupon Denied": {"order_id": "o", "coupon_id": "x", "reason": "old"},
    "Coupon Removed": {"order_id": "o", "coupon_id": "x"},
    "Product Added to Wishlist": PRODUCT | {"wishlist_id": "w"},
    "Product Removed from Wishlist": PRODUCT | {"wishlist_id": "w"},
    "Wishlist Product Added to Cart": PRODUCT | {"wishlist_id": "w"},
    "Product Shared": PRODUCT | {"share_via": "mail"},
    "Cart Shared": {"share_via": "mail", "cart_id": "c", "products": [{"product_id": "p1"}, {"product_id": "p2"}]},
    "Product Reviewed": {"product_id": "p1", "review_id": "r", "review_body": "Good.", "rating": "5"},
}
PER_LINE = {"Cart Viewed", "Checkout Started", "Order Completed", "Order Refunded", "Order Cancelled", "Cart Shared"}


def track(event: str, properties: object, **fields: object) -> Decoded:
    message = {"messageId": "m", "event": event, "userId": "u", "properties": properties, **fields}
    return decode("track", json.dumps(message).encode(), RECEIVED, SETTINGS)


@pytest.mark.parametrize("name", SEGMENT)
def test_every_segment_event_gives_events_of_its_kind(name: str):
    found = track(name, SEGMENT[name])
    assert not found.rejects
    assert {event.kind for event in found.events} == {resolve_kind(name)} <= set(KINDS)
    if name in PER_LINE:
        assert [(event.id, event.item) for event in found.events] == [("m/0", "p1"), ("m/1", "p2")]
    else:
        assert [event.id for event in found.events] == ["m"]
        about = "product_id" in SEGMENT[name]
        assert found.events[0].item == ("p1" if about else None)
        assert found.events[0].kind not in ABOUT_ITEM or about


def test_the_28_events_are_all_there():
    assert len(SEGMENT) == 28


def test_an_order_becomes_one_purchase_for_each_line_with_the_facts_of_the_order():
    first, second = track("Order Completed", SEGMENT["Order Completed"] | {"revenue": 25.5, "tax": 2}).events
    assert (first.quantity, first.value, first.currency) == (2, 20, "EUR")
    assert (second.quantity, second.value, second.currency) == (1, 5.5, "EUR")
    order = {"order_id": "o", "total": 30, "coupon": "ORDER", "revenue": 25.5, "tax": 2}
    assert first.properties == order | {"sku": "s1", "name": "Shoe", "brand": "B", "price": 10, "position": 3}
    assert second.properties == order | {"price": "5.50", "product_coupon": "LINE"}


def test_worth_of_a_line():
    products = [
        {"product_id": 1, "price": 0.1, "quantity": 3},
        {"product_id": 2, "price": 10, "quantity": 2, "discount": 5},
        {"product_id": 3, "price": 10, "discount": 50},
        {"product_id": 4, "price": "1,299.00"},
        {"product_id": 5, "price": "1,299"},
        {"product_id": 6, "price": -3, "quantity": "many"},
        {"product_id": 7, "value": 8},
        {"product_id": 8, "price": 1e308, "quantity": 1e308},
        {"product_id": 9, "price": 2, "currency": "USD", "quantity": 0},
    ]
    found = track("purchase", {"products": products})
    assert not found.rejects
    assert [event.value for event in found.events] == [0.3, 15, 0, 1299, None, None, 8, None, 0]
    assert [event.quantity for event in found.events] == [3, 2, 1, 1, 1, 1, 1, 1e308, 0]
    assert [event.currency for event in found.events] == ["CHF"] * 4 + [None, None, "CHF", None, "USD"]
    assert found.events[5].properties == {"price": -3}


def test_lines_without_an_item_are_rejects_and_the_others_stay():
    products = [{"product_id": "a"}, {"name": "nameless"}, None, "b", {"sku": 7}, {"product_id": "undefined", "id": 9}]
    found = track("Order Completed", {"products": products})
    assert [(event.id, event.item) for event in found.events] == [
        ("m/0", "a"), ("m/3", "b"), ("m/4", "7"), ("m/5", "9")
    ]  # fmt: skip
    assert [(reject.index, reject.column) for reject in found.rejects] == [
        (0, "products[1].product_id"), (0, "products[2].product_id")
    ]  # fmt: skip
    assert "nameless" in found.rejects[0].excerpt


def test_a_purchase_of_less_than_nothing_is_a_mistake():
    found = track("Order Completed", {"products": [{"product_id": "a", "quantity": -1}, {"product_id": "b"}]})
    assert [event.item for event in found.events] == ["b"]
    assert (found.rejects[0].column, found.rejects[0].reason) == ("products[0].quantity", "is negative")
    assert track("Order Completed", {"product_id": "a", "quantity": "-1"}).rejects[0].column == "properties.quantity"


@pytest.mark.parametrize("products", [None, [], "", "none", {}, 5, [{"name": "x"}]])
def test_an_order_without_items_is_kept_with_its_worth(products: object):
    found = track("Order Completed", {"order_id": "o", "total": "30", "revenue": 25, "products": products})
    (event,) = found.events
    assert (event.id, event.kind, event.item, event.value, event.currency) == ("m", "order_total", None, 25, "CHF")
    assert event.properties["total"] == "30"
    assert event.properties["order_id"] == "o"
    assert resolve_kind(event.kind) == event.kind


def test_an_order_of_one_product_needs_no_list():
    (event,) = track("Order Completed", {"product_id": 5, "price": 3, "quantity": 2, "order_id": "o"}).events
    assert (event.kind, event.item, event.quantity, event.value) == ("purchase", "5", 2, 6)
    (event,) = track("Order Completed", {"products": {"product_id": 5}}).events
    assert (event.id, event.item, event.quantity) == ("m", "5", 1)


def test_a_refund_of_the_whole_order_needs_no_items():
    (event,) = track("Order Refunded", {"order_id": "o", "total": 30}).events
    assert (event.kind, event.item, event.value) == ("refund", None, 30)


def test_what_a_list_showed_is_kept_as_ids_in_order():
    (event,) = track("Product List Viewed", {"list_id": "l", "products": [*PRODUCTS, {"name": "x"}, {"sku": 3}]}).events
    assert event.properties == {"list_id": "l", "products": ["p1", "p2", "3"]}
    (event,) = track("view_item_list", {"item_list_id": "l", "items": [{"item_id": "a"}, {"item_id": "b"}]}).events
    assert event.properties == {"item_list_id": "l", "products": ["a", "b"]}


@pytest.mark.parametrize("name", ["Product Viewed", "Product Added", "Product Clicked", "Product Reviewed", "rate"])
def test_an_event_about_an_item_without_one_is_a_reject(name: str):
    found = track(name, {"name": "Shoe", "product_id": " "})
    assert not found.events
    assert found.rejects[0].column == "properties.product_id"
    assert found.rejects[0].reason == "is missing, and this kind of event is about an item"


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("view_item", "view", 2), ("select_item", "click", 2), ("add_to_cart", "cart", 2),
        ("remove_from_cart", "uncart", 2), ("view_cart", "cart_view", 2), ("begin_checkout", "checkout", 2),
        ("add_shipping_info", "checkout_step", 1), ("add_payment_info", "payment", 1), ("purchase", "purchase", 2),
        ("refund", "refund", 2), ("add_to_wishlist", "wish", 2), ("view_promotion", "promotion_view", 1),
        ("select_promotion", "promotion_click", 1), ("view_item_list", "list", 1), ("share", "share", 2),
        ("search", "search", 1),
    ],
)  # fmt: skip
def test_ga4_events_with_items(name: str, kind: str, count: int):
    items = [{"item_id": "a", "item_name": "A", "price": 8, "discount": 2, "quantity": 2}, {"item_id": "b"}]
    found = track(name, {"transaction_id": "t", "value": 16, "currency": "USD", "items": items})
    assert not found.rejects
    assert [event.kind for event in found.events] == [kind] * count
    if count == 2:
        # GA4's price is what is left after the discount.
        assert [(e.item, e.value, e.currency) for e in found.events] == [("a", 16, "USD"), ("b", None, "USD")]
        assert found.events[0].properties["transaction_id"] == "t"
    else:
        assert found.events[0].properties["products"] == ["a", "b"]
        assert found.events[0].value == 16


def test_unknown_events_are_kept_with_all_their_properties():
    properties = {"deep": {"a": [1, {"b": None}]}, "zero": 0, "no": False, "empty": "", "none": None, "list": []}
    (event,) = track("Store Visit!", properties | {"id": 5, "value": "high", "products": [1]}).events
    assert (event.kind, event.item, event.value) == ("store_visit", None, None)
    assert event.properties == {
        "deep": {"a": [1, {"b": None}]}, "zero": 0, "no": False, "id": 5, "value": "high", "products": [1]
    }  # fmt: skip


def test_a_message_never_becomes_more_than_its_share_of_events():
    found = track("Order Completed", {"products": list(range(1, MAX_LINES + 101))})
    assert len(found.events) == MAX_LINES
    assert [reject.column for reject in found.rejects] == [f"products[{MAX_LINES}]"]


def test_numbers_too_large_for_others_become_text():
    (event,) = track("x", {"big": 10**30, "deep": [10**30], "most": 2**64 - 1}).events
    assert event.properties == {"big": str(10**30), "deep": [str(10**30)], "most": 2**64 - 1}
