"""Two shops on one server: thousands of tries, made from the OpenAPI document, to reach one with the other's keys."""

from __future__ import annotations

import csv
import itertools
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop
from regulars.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "http://127.0.0.1"
MARK = "ZQX9"
"""In every name, title and attribute of the other shop, and in nothing that is asked."""
ENOUGH = 5_000


class Two:
    """Our shop and the other one, served together."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.other = folder / "ours", folder / "other"
        self.keys = self._make(self.ours, "own", "Tea")
        self.theirs = self._make(self.other, "guest", MARK)
        with Shop.open(self.other) as shop:
            shop.rights.correct("guest-3", {"plan": f"{MARK} gold", "email": f"{MARK}@example.org"})
            shop.rights.export("guest-3")
            self.ids = {
                "subject": "guest-3", "customer": "guest-3", "user": "guest-3", "visitor": "guest-device",
                "item": "guest-i1", "item_id": "guest-i1", "basket": "guest-i1,guest-i2", "search": "guest",
                "request_id": shop.rights.requests()[0].id, "key_id": shop.vault.api_keys.list()[2].id,
                "pseudonym": shop.names.subject("guest-3"), "key": shop.vault.api_keys.list()[0].id,
            }  # fmt: skip

    @staticmethod
    def _make(directory: Path, prefix: str, title: str) -> dict[str, str]:
        events, items = directory.parent / f"{prefix}.csv", directory.parent / f"{prefix}-items.csv"
        with events.open("w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["user", "item", "time", "kind", "amount"])
            for person, day in itertools.product(range(12), range(1, 25, 3)):
                row = [f"{prefix}-{person}", f"{prefix}-i{(person + day) % 9}", f"2024-01-{day:02d}T09:00:00"]
                writer.writerow([*row, "purchase", 2.5])
        with items.open("w", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["item", "title", "category", "brand"])
            writer.writerows([f"{prefix}-i{n}", f"{title} {n}", f"{title} > x", title] for n in range(9))
        with Shop.create(directory, Settings(shop=ShopSettings(name=f"{title} shop"))) as shop:
            shop.import_files([events])
            shop.import_files([items], table="items")
            shop.learn(models=["popularity", "covisitation", "knn"])
            make = shop.vault.api_keys.create
            return {role: make(role, rate=1e9, burst=10**9).secret for role in ("write", "public", "secret")}

    def state_of_the_other(self) -> dict[str, Any]:
        """Return everything that a successful try would change."""
        with Shop.open(self.other) as shop:
            log = {str(p): p.stat().st_size for p in (self.other / "log").rglob("*.log")}
            return {
                "snapshot": shop.store.snapshot,
                "consents": shop.vault.consents.version(),
                "keys": [(key.id, key.expires, key.revoked) for key in shop.vault.api_keys.list()],
                "requests": len(shop.rights.requests()),
                "people": shop.vault.keys.count(),
                "budget": shop.vault.budget.spent(time.strftime("%Y-%m", time.gmtime())),
                "log": log,
            }


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    return Two(tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def client(two: Two) -> Iterator[TestClient]:
    with TestClient(create_app(two.ours, two.other), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


def credentials(two: Two) -> dict[str, dict[str, str]]:
    """Return every way to present oneself without a key of the other shop."""
    ours, key = two.keys, two.ids["key"]
    body = ours["secret"].split("_", 2)
    return {
        "nobody": {},
        "our write key": {"authorization": f"Bearer {ours['write']}"},
        "our public key": {"authorization": f"Bearer {ours['public']}"},
        "our secret key": {"authorization": f"Bearer {ours['secret']}"},
        "their key's id with our secret": {"authorization": f"Bearer rg_s{key}_{body[-1]}"},
        "a cut key of theirs": {"authorization": f"Bearer {two.theirs['secret'][:-4]}"},
        "a made-up session": {"cookie": f"regulars_session={key}"},
        "an empty key": {"authorization": "Bearer "},
    }


TRICKS: list[dict[str, str]] = [
    {},
    {"x-forwarded-host": "other", "x-forwarded-for": "127.0.0.1"},
    {"x-shop": "other", "x-tenant": "other", "x-regulars-shop": "other"},
]


def values(two: Two, name: str) -> list[str]:
    """Return what to put into a parameter: the other shop's ids, as they are and dressed up."""
    ids = two.ids
    own = ids.get(name, "guest-3")
    return [own, ids["pseudonym"], f"../other/{own}", f"other/{own}", f"{own}' OR '1'='1"]


BODIES: list[Any] = [
    {"answers": {"marketing": False, "analytics": False}, "shop": "other"},
    {"email": "a@example.org", "shop": "other"},
    {"texts": ["guest-3"]},
    {"role": "secret", "label": "mine", "shop": "other"},
    {"kind": "purchase", "epsilon": 0.001},
    {"userId": "guest-3", "event": "Product Viewed", "properties": {"product_id": "guest-i1"}, "shop": "other"},
]


def requests_of(document: dict[str, Any], two: Two) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """Yield (method, path, query, body) for each operation and each way to name the other shop's things."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            names = [p["name"] for p in parameters if p["in"] == "path"]
            asked = [p["name"] for p in parameters if p["in"] == "query"]
            texts = [name for name in asked if name in two.ids]
            has_body = method in {"post", "put", "patch", "delete"}
            slow = "erase" in path
            for tried in values(two, (names or texts or ["subject"])[0])[: 2 if slow else None]:
                full = path
                for name in names:
                    full = full.replace("{" + name + "}", tried)
                for body in BODIES[: 1 if slow else None] if has_body else [None]:
                    for query in [{}] if slow else [{}, {"shop": "other"}, *({name: tried} for name in texts)]:
                        yield method, full, query, body


def test_no_key_of_one_shop_reaches_the_other(client: TestClient, two: Two) -> None:
    """Nothing of the other shop is told, and nothing in it changes."""
    document = client.get("/openapi.json").json()
    assert "/v1/batch" in document["paths"]
    before = two.state_of_the_other()
    tries, answered, told = 0, 0, []
    for method, path, query, body in requests_of(document, two):
        for who, headers in credentials(two).items():
            tricks = TRICKS if "erase" not in path and method == "get" else TRICKS[:1]
            if method != "get" and who in {"our write key", "an empty key", "a cut key of theirs"} and tries % 2:
                continue
            for trick in tricks:
                content = None if body is None else json.dumps(body)
                answer = client.request(
                    method.upper(), path, params=query, content=content, headers=headers | trick, follow_redirects=False
                )
                tries += 1
                answered += answer.status_code < 300
                assert answer.status_code < 500 or answer.status_code == 503, (method, path, who, answer.text)
                if MARK in answer.text or (answer.content and MARK.encode() in answer.content):
                    told.append((method, path, query, who))
    assert told == []
    assert two.state_of_the_other() == before
    assert tries >= ENOUGH
    # Tries with our own secret key are answered, from our own shop: the test would see a leak.
    assert answered > 100


def test_the_mark_is_seen_with_the_right_key(client: TestClient, two: Two) -> None:
    """What must not be told above is told to the one it belongs to."""
    headers = {"authorization": f"Bearer {two.theirs['secret']}"}
    for path in ("/api/items", "/api/customers/guest-3", "/api/status", "/api/recommendations?user=guest-3"):
        assert MARK in client.get(path, headers=headers).text, path


def test_an_event_lands_in_the_shop_of_its_key_whatever_the_body_says(client: TestClient, two: Two) -> None:
    """The header's key decides; a body that names another shop's key changes nothing there."""
    before = two.state_of_the_other()
    body = {"event": "x", "userId": "u", "writeKey": two.theirs["write"]}
    answer = client.post("/v1/track", json=body, headers={"authorization": f"Bearer {two.keys['write']}"})
    assert answer.status_code == 200
    assert two.state_of_the_other() == before


def test_a_page_of_one_shop_shows_that_shop(client: TestClient, two: Two) -> None:
    """Without a key the dashboard asks to sign in; with one it shows its own shop."""
    assert client.get("/dashboard", follow_redirects=False).status_code in {302, 303}
    page = client.get("/dashboard", headers={"authorization": f"Bearer {two.keys['secret']}"})
    assert page.status_code == 200
    assert MARK not in page.text
    assert "Tea shop" in page.text
