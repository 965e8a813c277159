"""Scripts in the pages of a shop, in a real Chromium, send to a running server of another origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .journey import check_whole, journey
from .proxy import CuttingProxy
from .site import page_script, shop_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .serving import Running
    from .site import Site

pytestmark = pytest.mark.browser
OWN = """(visit) => {
  regulars("page", visit.page.name, visit.page.properties);
  visit.views.forEach((view) => regulars("track", "Product Viewed", view));
  regulars("identify", visit.user, visit.traits);
  regulars("track", "Order Completed", visit.order);
  regulars("track", "Product Added", visit.cart);
}"""
SEGMENT = """async (visit) => {
  const page = analytics.page(visit.page.name, visit.page.properties);
  await Promise.all([page, ...visit.views.map((view) => analytics.track("Product Viewed", view))]);
  await analytics.identify(visit.user, visit.traits);
  await analytics.track("Order Completed", visit.order);
  await analytics.track("Product Added", visit.cart);
}"""
SNIPPET = """
  window.analytics = [];
  for (const method of ["track", "identify", "page", "ready", "on"]) {
    analytics[method] = (...values) => { analytics.push([method, ...values]); return analytics; };
  }
  analytics._writeKey = %(key)s;
  analytics._cdn = %(address)s;
  analytics._loadOptions = { integrations: { "Segment.io": %(segment)s } };
"""


@pytest.fixture(scope="module")
def key(running: Running) -> str:
    """Return a key that may be read by everybody who reads the page."""
    return running.key("public")


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """Return a browser of a new visitor."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def visit(context: Any, site: Site, running: Running, key: str) -> Callable[..., Any]:
    """Return a function that opens a page of the shop, on localhost, with the page script of 127.0.0.1."""

    def open_page(attributes: str = 'data-auto="off"') -> Any:
        element = page_script(running.address, key, attributes)
        site.pages |= {"/": shop_page(element), "/next": shop_page(element, "Next")}
        page = context.new_page()
        page.goto(site.shop)
        page.wait_for_function("window.regulars && window.regulars.version")
        return page

    return open_page


def test_the_page_script_tells_everything_once(visit: Callable[..., Any], running: Running) -> None:
    """Across origins: all of a visit arrives, as one customer's."""
    rows = running.visit("own", lambda: visit().evaluate(OWN, journey("own")))
    check_whole(rows)
    assert len({row["session"] for row in rows}) == 1
    assert {row["properties"]["library"].partition(" ")[0] for row in rows} == {"regulars.js"}


def test_what_the_page_script_repeats_counts_once(visit: Callable[..., Any], running: Running) -> None:
    """The answer to the first batch is lost on the way."""
    proxy = CuttingProxy(running.port)
    attributes = f'data-auto="off" data-endpoint="{proxy.address}"'
    try:
        check_whole(running.visit("own again", lambda: visit(attributes).evaluate(OWN, journey("own-again"))))
    finally:
        proxy.close()
    assert proxy.cut == 1


def test_the_last_click_before_leaving_arrives(visit: Callable[..., Any], running: Running) -> None:
    """With the beacon, while the browser already opens the next page."""
    page = visit()
    page.evaluate(
        "document.body.addEventListener('click', () => regulars('track', 'Product Clicked', {item_id: 'i07'}))"
    )
    page.click("#next")
    assert [(row["kind"], row["item"]) for row in running.arrived(1)] == [("click", "i07")]


def test_an_order_made_offline_arrives_later(visit: Callable[..., Any], running: Running) -> None:
    """It happened when it happened, and is sent when the network is back."""
    page = visit()
    page.context.set_offline(True)
    page.evaluate("(order) => regulars('track', 'Order Completed', order)", journey("offline")["order"])
    page.wait_for_timeout(2_500)
    page.context.set_offline(False)
    assert sorted(row["item"] for row in running.arrived(3)) == ["i01", "i02", "i03"]


def test_withdrawn_consent_is_known_and_nothing_follows(visit: Callable[..., Any], running: Running) -> None:
    """The same visitor's refusal is on record with the notice they saw, and no event came after it."""
    page = visit("")
    (landed,) = running.arrived(1)
    page.evaluate("regulars('consent', {analytics: false, marketing: false}, {notice: '2026-1'})")
    page.evaluate("regulars('track', 'Product Viewed', {product_id: 'i01'})")
    page.wait_for_timeout(2_500)
    assert running.late() == []
    answers = running.shop.vault.consents.current(landed["subject"])
    found = {purpose: (answer.given, answer.notice) for purpose, answer in answers.items()}
    assert found == {"analytics": (False, "2026-1"), "marketing": (False, "2026-1")}


def test_a_privacy_signal_is_obeyed_until_consent(visit: Callable[..., Any], context: Any, running: Running) -> None:
    """Global Privacy Control: nothing arrives; with explicit consent everything does."""
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})")
    page = visit()
    page.evaluate("regulars('track', 'Product Viewed', {product_id: 'i08'})")
    page.wait_for_timeout(2_500)
    assert running.arrived(0) == []
    page.evaluate("regulars('consent', {analytics: true})")
    assert sorted(row["kind"] for row in running.arrived(2)) == ["consent", "view"]


@pytest.fixture
def segment_page(
    context: Any, site: Site, running: Running, key: str, node_module: Callable[[str], Path]
) -> Callable[..., Any]:
    """Return a function that opens a page with Segment's own script, unmodified, that sends to `port`."""
    script = node_module("@segment/analytics-next") / "dist" / "umd" / "standalone.js"

    def open_page(port: int, **options: Any) -> Any:
        segment = {"apiHost": f"127.0.0.1:{port}/v1", "protocol": "http"} | options
        values = {"key": key, "address": running.address, "segment": segment}
        snippet = SNIPPET % {name: json.dumps(value) for name, value in values.items()}
        head = f'<script>{snippet}</script><script async src="/standalone.js"></script>'
        site.pages |= {"/standalone.js": script.read_bytes(), "/": shop_page(head)}
        page = context.new_page()
        page.goto(site.shop)
        page.wait_for_function("analytics.initialized")
        return page

    return open_page


@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_segments_page_script_is_understood(segment_page: Callable[..., Any], running: Running, strategy: str) -> None:
    """Settings, preflights, one request for each event, or batches."""
    delivery = {"strategy": strategy} | ({"config": {"size": 10, "timeout": 500}} if strategy == "batching" else {})
    page = segment_page(running.port, deliveryStrategy=delivery)
    check_whole(running.visit(strategy, lambda: page.evaluate(SEGMENT, journey(f"next-{strategy}"))))


def test_what_segments_page_script_repeats_counts_once(segment_page: Callable[..., Any], running: Running) -> None:
    """Three answers are lost on the way."""
    proxy = CuttingProxy(running.port, answers=3)
    try:
        page = segment_page(proxy.port)
        check_whole(running.visit("standard again", lambda: page.evaluate(SEGMENT, journey("next-again"))))
    finally:
        proxy.close()
    assert proxy.cut == 3


def test_every_visitor_became_one_customer(running: Running) -> None:
    """Of all visits of this module: what happened before signing in is the customer's; nothing came twice."""
    assert {name: len(running.customers(name)) for name in running.visits} == dict.fromkeys(running.visits, 1)
    assert running.late() == []
