"""Signing in with a secret key: whose dashboard is shown, how the cookie is guarded, how often may be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from regulars.shop import Shop
from regulars.web.app import create_app
from regulars.web.sessions import COOKIE
from regulars.web.tries import ALLOWED, Tries

from .doors import HOST, abroad, at_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def fresh(two_shops: tuple[Path, Path], keys: Any) -> Iterator[TestClient]:
    """Yield a client with no cookies of a server that counts tries from nothing."""
    with TestClient(abroad(create_app(*two_shops)), base_url=HOST) as client:
        client.follow_redirects = False
        yield client


def test_each_key_shows_the_dashboard_of_its_own_shop(fresh: TestClient, keys: dict[tuple[int, str], str]) -> None:
    """303 to the page that was wanted; the name in the header; out again, and the page is closed."""
    asked = fresh.get("/dashboard/customers/a%2Fb%3Fc")
    assert asked.status_code == 303
    form = fresh.get(asked.headers["location"])
    assert 'value="/dashboard/customers/a/b%3Fc"' in form.text
    for number, name, other in ((0, "Tea house", "Book shop"), (1, "Book shop", "Tea house")):
        answer = fresh.post("/sign-in", data={"key": f" {keys[number, 'secret']} ", "to": "/dashboard/privacy"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/privacy")
        page = fresh.get("/dashboard/privacy?lang=en").text
        assert name in page
        assert other not in page
        assert "Sign out" in page
        assert fresh.get("/sign-in").status_code == 303
        left = fresh.post("/sign-out")
        assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
        assert fresh.get("/dashboard").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(
    fresh: TestClient, keys: dict[tuple[int, str], str]
) -> None:
    """HttpOnly, SameSite=Strict, the whole site; Secure where the page is."""
    answer = fresh.post("/sign-in", data={"key": keys[0, "secret"]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie.replace(COOKIE, "")
    assert keys[0, "secret"].lower() not in cookie
    headers = {"origin": "https://127.0.0.1"}
    behind_tls = fresh.post("/sign-in", data={"key": keys[0, "secret"]}, headers=headers)
    assert "secure" in behind_tls.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("key", "status", "words"),
    [("", 401, "unknown"), ("rg_sAAAAAAAAAA_" + "A" * 49, 401, "unknown"), ("\0é" * 9_000, 401, "unknown")],
)
def test_a_wrong_key_gets_a_page_that_says_so(fresh: TestClient, key: str, status: int, words: str) -> None:
    """401 with the form again, and no cookie."""
    answer = fresh.post("/sign-in?lang=en", data={"key": key})
    assert answer.status_code == status
    assert words in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


def test_a_key_that_only_sends_signs_nobody_in(fresh: TestClient, keys: dict[tuple[int, str], str]) -> None:
    """403, with the reason."""
    for role in ("write", "public"):
        answer = fresh.post("/sign-in?lang=en", data={"key": keys[0, role]})
        assert answer.status_code == 403
        assert "takes a secret key" in answer.text


def test_too_many_wrong_keys_have_to_wait_and_the_right_one_never(
    fresh: TestClient, keys: dict[tuple[int, str], str]
) -> None:
    """429 with Retry-After; behind a proxy everyone has one address, and must not be locked out by others."""
    for _ in range(ALLOWED):
        assert fresh.post("/sign-in", data={"key": "wrong"}).status_code == 401
    assert fresh.post("/sign-in", data={"key": keys[0, "secret"]}, follow_redirects=False).status_code == 303
    answer = fresh.post("/sign-in", data={"key": "wrong"})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    tries: Tries = fresh.app.state.tries
    assert tries.wait("203.0.113.9") > 0
    assert tries.wait("203.0.113.10") == 0


def test_tries_are_counted_by_network_and_forgotten() -> None:
    """A /64 of IPv6 is one machine; memory is bounded."""
    tries = Tries()
    for number in range(ALLOWED):
        tries.count(f"2001:db8::{number:x}")
    assert tries.wait("2001:db8::ffff") > 0
    assert tries.wait("2001:db8:0:1::1") == 0
    for number in range(10_001):
        tries.count(f"client {number}")
    assert tries.wait("2001:db8::ffff") == 0


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/dashboard/\\evil",
        "/dashboard/\r\nx: y",
        "/api/keys",
        "javascript:1",
    ],
)
def test_signing_in_leads_nowhere_else(fresh: TestClient, keys: dict[tuple[int, str], str], to: str) -> None:
    """An address that is no page of the dashboard is not followed."""
    answer = fresh.post("/sign-in", data={"key": keys[0, "secret"], "to": to})
    assert answer.headers["location"] == "/dashboard"


def test_a_session_ends_with_its_key_and_cannot_be_made_up(
    fresh: TestClient, keys: dict[tuple[int, str], str], two_shops: tuple[Path, Path]
) -> None:
    """A revoked key signs nobody in; a cookie that was changed names nobody."""
    with Shop.open(two_shops[0]) as shop:
        made = shop.keyring.create("secret", "for a day")
    fresh.post("/sign-in", data={"key": made.secret})
    cookie = fresh.cookies[COOKIE]
    assert fresh.get("/dashboard").status_code == 200
    for changed in (cookie[:-2], cookie[:10] + ("A" if cookie[10] != "A" else "B") + cookie[11:], "", "é", "=" * 99):
        fresh.cookies.clear()
        answer = fresh.get("/dashboard", headers={"cookie": f"{COOKIE}={changed}".encode()})
        assert answer.status_code == 303
    wrong = {"cookie": f"{COOKIE}={cookie}", "authorization": "Bearer x"}
    with Shop.open(two_shops[0]) as shop:
        shop.keyring.revoke(made.info.id)
    assert fresh.get("/dashboard", headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 303
    assert fresh.get("/dashboard", headers=wrong).status_code == 401


def test_keys_are_asked_for_at_home_too_where_the_shop_says_so(make_shop: Any) -> None:
    """serve.access = "keys": this machine is a machine like any other."""
    with TestClient(at_home(create_app(make_shop("Vault", "keys"))), base_url=HOST) as client:
        assert client.get("/api/status").status_code == 401
        assert client.get("/dashboard", follow_redirects=False).headers["location"] == "/sign-in"
        assert client.get("/sign-in").status_code == 200
