"""The dashboard as a person meets it: a real Chromium, both languages, both themes, the keyboard, axe."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser
PAGES = {
    "overview": "/dashboard",
    "live": "/dashboard/live",
    "insights": "/dashboard/insights",
    "question": "/dashboard/insights/rfm",
    "asked": "/dashboard/insights/stickiness?breakdown=segment&asked=how+often",
    "sql": "/dashboard/sql",
    "cohorts": "/dashboard/cohorts",
    "customers": "/dashboard/customers",
    "customer": "/dashboard/customers/c003",
    "recommendations": "/dashboard/recommendations?mode=user&user=c003",
    "basket": "/dashboard/recommendations?mode=basket&basket=i05&basket=i10",
    "privacy": "/dashboard/privacy",
    "person": "/dashboard/privacy?customer=c003&done=consents",
    "impact": "/dashboard/privacy/impact",
    "settings": "/dashboard/settings",
    "sign-in": "/sign-in",
    "docs": "/docs",
}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def address(shop_directory: Path) -> Iterator[str]:
    """Serve the small shop in a process of its own, as a person does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "serve", str(shop_directory), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/health/ready", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not get ready")
        yield url
    finally:
        server.terminate()
        assert server.wait(20) == 0, "the server did not stop cleanly"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """Start one Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


def _open(browser: Any, url: str, *, width: int = 1280, bypass_csp: bool = False) -> tuple[Any, list[str]]:
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=bypass_csp)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url, wait_until="load")
    if page.locator("[data-figure]").count():
        page.locator("[data-figures=drawn]").wait_for(state="attached")
    return page, errors


def _at(address: str, path: str, language: str, theme: str) -> str:
    return f"{address}{path}{'&' if '?' in path else '?'}lang={language}&theme={theme}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_load_without_an_error_and_fit_their_width(
    browser: Any, address: str, name: str, language: str, theme: str, tmp_path: Path
) -> None:
    """On a desk and on a phone of 360 pixels: nothing in the console, nothing beside the screen."""
    for width in (1280, 360):
        page, errors = _open(browser, _at(address, PAGES[name], language, theme), width=width)
        folder = Path(os.environ.get("REGULARS_SCREENSHOTS", tmp_path))
        page.screenshot(path=folder / f"{name}-{language}-{theme}-{width}.png", full_page=True)
        assert errors == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing(browser: Any, address: str, axe: Path, language: str, theme: str) -> None:
    """Every page, WCAG and best practice rules."""
    found: list[str] = []
    for name, path in PAGES.items():
        page, _ = _open(browser, _at(address, path, language, theme), bypass_csp=True)
        page.evaluate(axe.read_text("utf-8"))
        violations = page.evaluate("axe.run()")["violations"]
        found += [f"{name}: {one['id']}: {one['nodes'][0]['html'][:120]}" for one in violations]
        page.context.close()
    assert found == []


def test_figures_are_drawn_and_have_a_table(browser: Any, address: str) -> None:
    """Each plot holds a drawing, a text for those who do not see it, and the same numbers as rows."""
    page, _ = _open(browser, f"{address}/dashboard?lang=en")
    page.locator("[data-figures=drawn]").wait_for(state="attached")
    plots = page.locator("[data-figure]")
    assert plots.count() == 5
    for number in range(5):
        plot = plots.nth(number)
        assert plot.locator("svg").count() > 0
        assert len(plot.get_attribute("aria-label") or "") > 30
    tables = page.locator("details")
    tables.first.locator("summary").click()
    assert tables.first.locator("tbody tr").count() > 10


def test_the_keyboard_reaches_everything(browser: Any, address: str) -> None:
    """Skip link first; g and a letter go to pages; / searches; arrows and Enter choose a suggestion; ? explains."""
    page, _ = _open(browser, f"{address}/dashboard?lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/dashboard/customers")
    page.keyboard.press("/")
    page.keyboard.type("c00")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=c00**")
    assert page.locator("tbody tr").count() == 10
    for letter, path in (("p", "privacy"), ("s", "settings")):
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"**/dashboard/{path}")
    page.goto(f"{address}/dashboard/recommendations?mode=item")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.keyboard.type("dairy")
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator("#suggestions [aria-selected=true]").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**item=i**")
    assert page.locator(".slate li").count() == 10
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_pages_work_without_scripts(browser: Any, address: str) -> None:
    """Searching and choosing are plain forms and links."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/dashboard/recommendations?mode=item&lang=en")
    page.locator("input[type=search]").fill("i05")
    page.locator("form.ask button").click()
    assert page.locator(".slate li").count() == 10
    page.goto(f"{address}/dashboard/privacy?lang=en")
    page.locator("#customer").fill("c003")
    page.locator("form[role=search] button").click()
    page.wait_for_url("**customer=c003")
    assert page.locator(".person form").count() == 7
    page.locator("textarea").fill("13812345678")
    page.locator("form:has(textarea) button").click()
    assert page.locator(".masked").inner_text() == "138****5678"
    context.close()
