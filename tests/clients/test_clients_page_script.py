"""The page script in a real Chromium: what it sends, what it keeps, and when it must be silent."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from .site import SCRIPT, named, page_script, shop_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .site import Site

pytestmark = pytest.mark.browser
CONSENT = "Segment Consent Preference Updated"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the shop's page with script attributes; it fails on any error of the page."""
    errors: list[str] = []
    contexts: list[Any] = []

    def open_page(attributes: str = "", *, head: str = "", path: str = "/", before: str = "", shop: str = "") -> Any:
        plain = page_script(site.collector, attributes=attributes)
        site.pages |= {"/": shop_page(head or plain), "/next": shop_page(plain, "Next"), "/plain": shop_page("")}
        context = browser.new_context()
        contexts.append(context)
        context.add_init_script(before)
        context.clock.install()
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.warnings = []
        page.on("console", lambda message: page.warnings.append(message.text))
        page.goto((shop or site.shop) + path)
        page.wait_for_function("window.regulars && window.regulars.version")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def events(page: Any, site: Site, count: int) -> list[dict[str, Any]]:
    """Return the messages once they are `count`; what the page sends after two seconds, it sends now."""
    page.clock.fast_forward(2_000)
    return site.wait(lambda messages: len(messages) >= count)


def leave(page: Any, watcher: Any) -> None:
    """Leave the page for good: a browser opens the next one while the old one still runs."""
    page.evaluate("addEventListener('pagehide', () => localStorage.setItem('gone', '1'))")
    page.goto("about:blank")
    watcher.wait_for_function("localStorage.getItem('gone')")
    watcher.evaluate("localStorage.removeItem('gone')")


def silence(page: Any) -> None:
    """Let pass the time in which the page would send, and what it sends arrive."""
    page.clock.fast_forward(10_000)
    page.wait_for_timeout(200)


def keys(page: Any) -> list[str]:
    """Return the names of all that the page keeps in the browser."""
    return page.evaluate("[...Object.keys(localStorage), ...document.cookie.split('; ').filter(Boolean)].sort()")


def test_it_is_small_and_plain() -> None:
    """A page pays for every byte, and nobody runs a build to read or serve it."""
    text = SCRIPT.read_bytes()
    assert len(text) < 16_384
    assert b"import " not in text


def test_a_message_carries_what_the_collector_needs(visit: Callable[..., Any], site: Site) -> None:
    """Calls from before the script came are kept; ids, page, campaign and session are there; no preflight is needed."""
    calls = "regulars('identify', 42, {name: 'Ann'}); regulars('track', 'Product Viewed', {product_id: 'i01'});"
    page = visit(
        head=page_script(site.collector, first=calls),
        path="/?q=tea&email=a%40b.c&utm_campaign=may&utm_source=mail&Access_Token=1#secret",
    )
    page.evaluate("regulars('page', 'Teas', {section: 'green'})")
    identify, track, landed, named_page = events(page, site, 4)
    assert [named(m) for m in (identify, track, landed, named_page)] == ["identify", "Product Viewed", "page", "page"]
    assert identify["userId"] == track["userId"] == "42"
    assert identify["traits"] == {"name": "Ann"}
    assert track["properties"] == {"product_id": "i01"}
    assert named_page["properties"] | {"name": "Teas", "section": "green"} == named_page["properties"]
    assert len({m["anonymousId"] for m in site.messages()}) == 1
    assert all(UUID.fullmatch(m[name]) for m in site.messages() for name in ("messageId", "anonymousId"))
    assert len({m["messageId"] for m in site.messages()}) == 4
    context = landed["context"]
    assert context["page"] == {
        "url": f"{site.shop}/?q=tea&utm_campaign=may&utm_source=mail",
        "path": "/",
        "search": "?q=tea&utm_campaign=may&utm_source=mail",
        "title": "Tea",
        "referrer": "",
    }
    assert landed["properties"] == context["page"]
    assert context["campaign"] == {"name": "may", "source": "mail"}
    assert context["library"]["name"] == "regulars.js"
    assert context["locale"]
    assert context["timezone"]
    assert context["screen"]["width"] > 0
    assert UUID.fullmatch(context["sessionId"])
    assert len({m["context"]["sessionId"] for m in site.messages()}) == 1
    request = site.requests[0]
    assert request["body"]["writeKey"] == "rg_ptest"
    assert request["body"]["sentAt"] >= landed["timestamp"]
    assert request["headers"]["Content-Type"].startswith("text/plain")
    assert site.preflights == 0


def test_twenty_messages_go_at_once_and_few_after_two_seconds(visit: Callable[..., Any], site: Site) -> None:
    """Batches are full or two seconds old, and never more than 60 KB."""
    page = visit('data-auto="off"')
    page.evaluate("for (let n = 0; n < 20; n++) regulars('track', 'Tick', {n})")
    site.wait(lambda messages: len(messages) == 20, 1.5)
    assert len(site.requests) == 1
    page.evaluate("for (let n = 0; n < 9; n++) regulars('track', 'Long', {n, text: '茶'.repeat(8000)})")
    events(page, site, 29)
    assert len(site.requests) > 4
    assert all(request["size"] <= 60_000 for request in site.requests)
    page.evaluate("regulars('track', 'Too long', {text: '茶'.repeat(10001)})")
    assert any("over 30 KB" in text for text in page.warnings)


def test_pages_of_an_application_are_counted(visit: Callable[..., Any], site: Site) -> None:
    """A change of the history is a page, once for each address, with the title it gets."""
    page = visit()
    page.evaluate("history.pushState({}, '', '/two?phone=1'); document.title = 'Two'")
    page.evaluate("history.replaceState({}, '', '/two?phone=1')")
    page.wait_for_timeout(50)
    page.evaluate("history.back()")
    paths = [(m["properties"]["path"], m["properties"]["title"]) for m in events(page, site, 3)]
    assert paths == [("/", "Tea"), ("/two", "Two"), ("/", "Two")]
    assert site.messages()[1]["properties"]["search"] == ""


@pytest.mark.parametrize(
    "leaving",
    [
        "document.body.addEventListener('click', () => CALL)",
        "addEventListener('pagehide', () => CALL)",
        "document.addEventListener('visibilitychange', () => CALL)",
        "document.body.addEventListener('click', () => { for (let n = 0; n < 20; n++) CALL })",
    ],
    ids=["click", "pagehide", "hidden", "full"],
)
def test_what_happens_last_arrives(visit: Callable[..., Any], site: Site, leaving: str) -> None:
    """An event right before or while the page is left goes with the beacon; a batch under way is not cut off."""
    page = visit('data-auto="off"')
    page.evaluate(leaving.replace("CALL", "regulars('track', 'Product Clicked', {})"))
    page.evaluate("document.getElementById('next').href = 'about:blank'")
    page.click("#next")
    page.wait_for_url("about:blank")
    messages = site.wait(lambda messages: len(messages) >= (20 if "20" in leaving else 1))
    assert {named(m) for m in messages} == {"Product Clicked"}


def test_calls_keep_their_order_while_the_page_loads(visit: Callable[..., Any], site: Site) -> None:
    """Before the script, after it, and when the document is there."""
    script = page_script(site.collector, first="regulars('track', 'One')", load="")
    page = visit(head=f"{script}<script>regulars('track', 'Two')</script>")
    page.evaluate("regulars('track', 'Three')")
    assert [named(m) for m in events(page, site, 4)] == ["One", "Two", "page", "Three"]


def test_the_offline_queue_outlives_the_page(visit: Callable[..., Any], site: Site) -> None:
    """What a closed page could not send is sent by the next one, and then kept nowhere."""
    page = visit('data-auto="off"')
    watcher = page.context.new_page()
    watcher.goto(f"{site.shop}/plain")
    page.context.set_offline(True)
    page.evaluate("regulars('track', 'Product Viewed', {product_id: 'i01'})")
    leave(page, watcher)
    # What a page sends as it closes may outlive the page, and find the network again: the queue is kept all the same.
    watcher.wait_for_function("Object.keys(localStorage).some((name) => name.includes('queue'))")
    watcher.wait_for_timeout(300)
    page.context.set_offline(False)
    page.goto(f"{site.shop}/next")
    sent = events(page, site, 1)
    page.wait_for_function("!Object.keys(localStorage).some((name) => name.includes('queue'))")
    assert {named(m) for m in sent} == {"Product Viewed"}
    assert len({m["messageId"] for m in site.messages()}) == 1


def test_back_online_sends_at_once_and_in_order(visit: Callable[..., Any], site: Site) -> None:
    """The page itself waits for the network; of a very long wait the newest messages are kept, up to 250 KB."""
    page = visit('data-auto="off"')
    page.context.set_offline(True)
    page.evaluate("for (let n = 0; n < 600; n++) regulars('track', 'Tick', {n})")
    silence(page)
    page.context.set_offline(False)
    messages = site.wait(lambda messages: any(m["properties"]["n"] == 599 for m in messages))
    numbers = [m["properties"]["n"] for m in messages]
    assert numbers == list(range(600 - len(numbers), 600))
    assert 220_000 < sum(request["size"] for request in site.requests) < 252_000


def test_a_busy_or_broken_collector_is_asked_again_later(visit: Callable[..., Any], site: Site) -> None:
    """429 is asked again when it says, 5xx after a growing pause; messages keep their ids."""
    site.answers = [(429, {"Retry-After": "60"}), (503, {})]
    page = visit('data-auto="off"')
    page.evaluate("for (let n = 0; n < 20; n++) regulars('track', 'Tick', {n})")
    page.evaluate("regulars('track', 'Later')")
    statuses = []
    for seconds in (0, 50, 15, 0.3, 5):
        page.clock.fast_forward(seconds * 1_000)
        page.wait_for_timeout(200)
        statuses.append([request["status"] for request in site.requests])
    assert statuses == [[429], [429], [429, 503], [429, 503], [429, 503, 200]]
    first, *_, last = (request["body"]["batch"] for request in site.requests)
    assert last[:20] == first
    assert [named(m) for m in last[20:]] == ["Later"]
    assert keys(page) == ["regulars.anonymous", "regulars.session"]


def test_what_the_collector_refuses_is_not_sent_again(visit: Callable[..., Any], site: Site) -> None:
    """A 400 or 401 will not become better."""
    site.answers = [(401, {})]
    page = visit('data-auto="off"')
    page.evaluate("for (let n = 0; n < 20; n++) regulars('track', 'Refused', {n})")
    page.evaluate("regulars('track', 'Next')")
    assert [named(m) for m in events(page, site, 1)] == ["Next"]
    page.wait_for_timeout(50)
    assert any("refused 20 messages: 401" in text for text in page.warnings)


def test_nothing_is_kept_or_sent_before_consent(visit: Callable[..., Any], site: Site) -> None:
    """Consent required: calls wait in memory; the answer itself goes first, then what waited."""
    page = visit('data-consent="required" data-purposes="analytics, personalisation"')
    page.evaluate("regulars('identify', 'u1'); regulars('track', 'Product Viewed', {product_id: 'i01'})")
    silence(page)
    assert keys(page) == []
    assert site.requests == []
    page.evaluate("regulars('consent', {analytics: true}, {notice: '2026-1'})")
    messages = events(page, site, 4)
    assert [named(m) for m in messages] == [CONSENT, "page", "identify", "Product Viewed"]
    assert messages[0]["properties"] == {"notice": "2026-1"}
    preferences = {"analytics": True, "personalisation": False}
    assert all(m["context"]["consent"] == {"categoryPreferences": preferences} for m in messages)
    assert len({m["anonymousId"] for m in messages}) == 1
    assert keys(page) == ["regulars.anonymous", "regulars.consent", "regulars.session", "regulars.user"]
    page.goto(f"{site.shop}/next")
    assert events(page, site, 5)[4]["anonymousId"] == messages[0]["anonymousId"]


def test_who_refuses_first_leaves_only_the_refusal(visit: Callable[..., Any], site: Site) -> None:
    """The refusal goes under an id of the moment; nothing but the choice stays, also on the next page."""
    page = visit('data-consent="required"')
    page.evaluate("regulars('consent', {analytics: false}); regulars('track', 'Product Viewed')")
    page.wait_for_timeout(100)
    page.evaluate("localStorage.setItem('regulars.queue.stray', JSON.stringify([{type: 'track', event: 'Stray'}]))")
    page.goto(f"{site.shop}/next")
    silence(page)
    assert [named(m) for m in site.messages()] == [CONSENT]
    assert keys(page) == ["regulars.consent"]


def test_withdrawal_stops_at_once(visit: Callable[..., Any], site: Site) -> None:
    """The withdrawal names the visitor that is then forgotten, in every tab; consent again is somebody new."""
    page = visit("")
    first = events(page, site, 1)[0]
    second = page.context.new_page()
    second.goto(f"{site.shop}/next")
    events(second, site, 2)
    second.evaluate("regulars('track', 'Unsent in the other tab')")
    page.evaluate("regulars('track', 'Unsent'); regulars('consent', {analytics: false, marketing: false})")
    page.evaluate("regulars('track', 'After')")
    second.wait_for_timeout(200)
    second.evaluate("regulars('track', 'After, in the other tab')")
    silence(second)
    silence(page)
    withdrawal = site.messages()[-1]
    assert [named(m) for m in site.messages()] == ["page", "page", CONSENT]
    assert withdrawal["anonymousId"] == first["anonymousId"]
    assert withdrawal["context"]["consent"] == {"categoryPreferences": {"analytics": False, "marketing": False}}
    assert keys(page) == ["regulars.consent"]
    page.evaluate("regulars('consent', {analytics: true}); regulars('track', 'Again')")
    again = events(page, site, 5)[-1]
    assert named(again) == "Again"
    assert again["anonymousId"] != first["anonymousId"]


def test_what_was_under_way_at_the_withdrawal_is_not_repeated(visit: Callable[..., Any], site: Site) -> None:
    """The collector was busy when the visitor withdrew: the events it did not take are gone."""
    site.answers, site.delay = [(503, {})], 0.3
    page = visit('data-auto="off"')
    page.evaluate("for (let n = 0; n < 20; n++) regulars('track', 'Tick', {n})")
    page.wait_for_timeout(100)
    page.evaluate("regulars('consent', {analytics: false})")
    page.wait_for_timeout(800)
    silence(page)
    assert [request["status"] for request in site.requests] == [503, 200]
    assert [named(m) for m in site.messages()] == [CONSENT]


def test_a_withdrawal_made_offline_is_sent_later(visit: Callable[..., Any], site: Site) -> None:
    """It is the one message that a page without consent keeps, until the collector has it."""
    page = visit("")
    closed, watcher = page.context.new_page(), page.context.new_page()
    closed.goto(f"{site.shop}/next")
    watcher.goto(f"{site.shop}/plain")
    events(page, site, 1)
    events(closed, site, 2)
    page.context.set_offline(True)
    closed.evaluate("regulars('track', 'Left by a closed page')")
    leave(closed, watcher)
    page.evaluate("regulars('track', 'Unsent'); regulars('consent', {analytics: false})")
    assert [name[:14] for name in keys(page)] == ["regulars.conse", "regulars.queue"]
    leave(page, watcher)
    page.context.set_offline(False)
    page.goto(f"{site.shop}/next")
    site.wait(lambda messages: CONSENT in map(named, messages))
    # What the other page sent as it closed, before the withdrawal, may have found the network all the same.
    assert [named(m) for m in site.messages() if named(m) != "Left by a closed page"] == ["page", "page", CONSENT]


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
def test_a_privacy_signal_is_a_refusal_until_the_visitor_says_otherwise(
    visit: Callable[..., Any], site: Site, signal: str
) -> None:
    """Global Privacy Control and Do Not Track: only an explicit choice is sent."""
    value = {"globalPrivacyControl": "true", "doNotTrack": "'1'"}[signal]
    page = visit("", before=f"Object.defineProperty(navigator, '{signal}', {{get: () => {value}}})")
    page.evaluate("regulars('track', 'Product Viewed')")
    silence(page)
    assert site.requests == []
    assert keys(page) == []
    page.evaluate("regulars('consent', {analytics: true})")
    assert [named(m) for m in events(page, site, 3)] == [CONSENT, "page", "Product Viewed"]


def test_without_storage_or_https_it_still_works(visit: Callable[..., Any], site: Site) -> None:
    """Ids live in a cookie where localStorage is forbidden, and are made without `crypto.randomUUID`."""
    forbid = "Object.defineProperty(window, 'localStorage', {get: () => { throw new Error('forbidden') }})"
    page = visit("", before=forbid, shop=f"http://shop.example:{site.port}")
    assert page.evaluate("crypto.randomUUID") is None
    first = events(page, site, 1)[0]
    page.goto(f"http://shop.example:{site.port}/next")
    second = events(page, site, 2)[1]
    assert UUID.fullmatch(first["messageId"])
    assert first["anonymousId"] == second["anonymousId"]
    assert first["context"]["sessionId"] == second["context"]["sessionId"]
    (cookie,) = (c for c in page.context.cookies() if c["name"] == "regulars.anonymous")
    assert cookie["expires"] - time.time() == pytest.approx(390 * 86_400, abs=60)


def test_two_people_at_one_browser_are_two(visit: Callable[..., Any], site: Site) -> None:
    """Another user id, or `reset`, begins another anonymous id and session; `alias` names both ids."""
    page = visit('data-auto="off"')
    page.evaluate(
        """regulars('track', 'One'); regulars('identify', 'a'); regulars('identify', 'b'); regulars('track', 'Two');
        regulars('reset'); regulars('track', 'Three'); regulars('alias', 'c'); regulars('track', 'Four')"""
    )
    one, a, b, two, three, alias, four = events(page, site, 7)
    assert one["anonymousId"] == a["anonymousId"] != b["anonymousId"] == two["anonymousId"] != three["anonymousId"]
    assert [m.get("userId") for m in (one, a, b, two, three, alias, four)] == [None, "a", "b", "b", None, "c", "c"]
    assert alias["previousId"] == three["anonymousId"] == four["anonymousId"]
    assert one["context"]["sessionId"] != three["context"]["sessionId"]


def test_a_pause_of_half_an_hour_begins_a_new_session(visit: Callable[..., Any], site: Site) -> None:
    """29 minutes are a pause, 31 are another visit."""
    page = visit('data-auto="off"')
    for minutes in (0, 29, 31):
        page.clock.fast_forward(minutes * 60_000)
        page.evaluate("regulars('track', 'Tick')")
    first, second, third = (m["context"]["sessionId"] for m in events(page, site, 3))
    assert first == second != third


def test_nonsense_does_not_hurt_the_page(visit: Callable[..., Any], site: Site) -> None:
    """Wrong calls warn; what follows is sent."""
    page = visit('data-auto="off"')
    page.evaluate(
        """const ring = {}; ring.ring = ring;
        regulars(); regulars('fly'); regulars('toString'); regulars('track'); regulars('track', {}); regulars('alias');
        regulars('track', 'Ring', ring); regulars('track', 'Text', 'not an object'); regulars('identify', null);
        regulars('consent', null, null); regulars('track', 'Good', {n: 1})"""
    )
    assert [named(m) for m in events(page, site, 4)] == ["Text", "identify", CONSENT, "Good"]
    assert len([text for text in page.warnings if text.startswith("regulars.js")]) == 7
