"""Deny by default: what each kind of key opens, on a server of two shops that nobody enters without one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from regulars.web.api.bodies import TAKES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar
    from litestar.testing import TestClient

OPEN = {"/health/live", "/health/ready", "/docs", "/openapi.json", "/sign-in", "/sign-out"}
BODIES: dict[str, Any] = {
    "/api/keys": {"role": "write"},
    "/api/privacy/consents/{customer}": {"answers": {"marketing": True}},
    "/api/privacy/profile/{customer}": {"city": "Bonn"},
    "/api/privacy/mask": {"texts": ["x"]},
    "/api/privacy/count": {"epsilon": 0.01},
}


def routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """Yield every method and address template of the application."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in handler.http_methods:
                if method != "OPTIONS":
                    yield method, route.path_format


def ask(client: TestClient, method: str, template: str, key: str = "") -> Any:
    """Send the request that the template stands for."""
    path = template
    for name in ("customer", "subject", "item_id", "request_id", "key_id", "name", "bundle", "version"):
        path = path.replace(f"{{{name}}}", "anna")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    body = json.dumps(BODIES[template]) if template in BODIES and method != "GET" else None
    return client.request(method, path, headers=headers, content=body, follow_redirects=False)


def test_nobody_gets_anything_without_a_key(away: TestClient, two_shops: Any) -> None:
    """Every route but those that tell nothing of a shop: 401, or the way to the sign-in."""
    for method, path in routes(away.app):
        if path in OPEN or path.startswith("/assets/"):
            continue
        answer = ask(away, method, path)
        if path == "/" or path.startswith("/dashboard"):
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in"), path
        else:
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", ["rg_sAAAAAAAAAA_" + "A" * 49, "x", "rg_s", "é", "a" * 10_000])
def test_a_wrong_key_never_falls_back_to_what_is_open_without_one(home: TestClient, key: str) -> None:
    """On the shop's own machine, where no key is needed, a wrong one is refused all the same."""
    answer = home.get("/api/status", headers={"authorization": f"Bearer {key}".encode()})
    assert answer.status_code == 401
    assert home.get("/api/status").status_code == 200


@pytest.mark.parametrize("role", ["write", "public"])
def test_a_key_that_sends_events_opens_no_other_route(
    away: TestClient, keys: dict[tuple[int, str], str], role: str
) -> None:
    """403 everywhere; a public key may ask for slates of items, baskets and visitors, and not of customers."""
    for method, path in routes(away.app):
        if path in OPEN or path.startswith("/assets/") or path == "/api/recommendations":
            continue
        assert ask(away, method, path, keys[0, role]).status_code == 403, (method, path)
    headers = {"authorization": f"Bearer {keys[0, role]}"}
    expected = 200 if role == "public" else 403
    for query in ("item=tea", "basket=tea,milk", "visitor=device-1"):
        assert away.get(f"/api/recommendations?{query}", headers=headers).status_code == expected
    for query in ("user=anna", "user=", "user=anna&visitor=device-1"):
        assert away.get(f"/api/recommendations?{query}", headers=headers).status_code == 403


def test_a_secret_key_opens_its_own_shop_and_no_other(away: TestClient, keys: dict[tuple[int, str], str]) -> None:
    """No route refuses it; answers come from the shop whose key it is."""
    # No key is named 'anna': none of them is revoked here.
    for method, path in routes(away.app):
        if path.startswith("/assets/") or path in OPEN:
            continue
        assert ask(away, method, path, keys[1, "secret"]).status_code not in (401, 403), (method, path)
    headers = [{"authorization": f"Bearer {keys[number, 'secret']}"} for number in (0, 1)]
    names = [away.get("/api/status", headers=one).json()["name"] for one in headers]
    assert names == ["Tea house", "Book shop"]
    away.put("/api/privacy/consents/anna", json={"answers": {"service": False}}, headers=headers[1])
    told = [away.get("/api/privacy/consents/anna", headers=one).json()["consents"] for one in headers]
    assert [[one["purpose"] for one in answers] for answers in told] == [[], ["service"]]


def test_a_form_of_another_site_is_refused(home: TestClient) -> None:
    """Where no key is needed, a page elsewhere must not be able to change anything with the visitor's browser."""
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        answer = home.post("/dashboard/privacy/consents", data={"customer": "anna"}, headers=headers)
        assert answer.status_code == 403
        assert home.delete("/api/keys/none", headers=headers).status_code == 403


def test_strangers_are_not_told_whose_server_it_is(away: TestClient) -> None:
    """The pages that are open to everybody name no shop."""
    for path in ("/sign-in", "/docs", "/openapi.json"):
        text = away.get(path).text
        assert "Tea house" not in text
        assert "Book shop" not in text


def test_every_handler_that_reads_a_body_says_so(away: TestClient) -> None:
    """What a handler takes is in the document, so that nobody has to guess."""
    document = away.get("/openapi.json").json()
    for route in away.app.routes:
        for handler in getattr(route, "route_handlers", []):
            if TAKES in handler.opt:
                operation = document["paths"][route.path_format][next(iter(handler.http_methods)).lower()]
                assert operation["requestBody"]["content"]["application/json"]["schema"]
