"""What senders who mean harm, or a broken neighbour, cannot do to the collector."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from regulars.shop import Shop
from regulars.web import collect
from regulars.web.app import create_app
from regulars.web.observe import Metrics
from regulars.web.tenants import Tenants

if TYPE_CHECKING:
    from pathlib import Path

HOST = "http://127.0.0.1"


async def nothing(*_: Any) -> None:
    raise AssertionError("passed on")


def ask(tenants: Tenants, messages: list[dict[str, Any]], headers: list[tuple[bytes, bytes]]) -> tuple[int, Any]:
    """Return status and answer to a request whose body arrives as `messages`, and then nothing more."""
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    door = collect.Collect(nothing, tenants, Metrics())
    scope: Any = {"type": "http", "path": "/v1/batch", "method": "POST", "headers": headers, "client": ("127.0.0.1", 1)}
    asyncio.run(door(scope, receive, send))
    assert door._in_flight == 0
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def tenants(tmp_path: Path):
    """Yield one shop whose keys can be checked."""
    Shop.create(tmp_path / "shop").close()
    found = Tenants([tmp_path / "shop"], Shop.open)
    found.all[0].door.open()
    yield found
    found.all[0].door.close()


def test_a_body_that_never_arrives_is_not_waited_for_and_holds_no_room(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "READ_SECONDS", 0.1)
    part = {"type": "http.request", "body": b"{", "more_body": True}
    status, answer = ask(tenants, [part], [(b"content-length", b"512000")])
    assert (status, answer["detail"]) == (408, "the body did not arrive within 0.1 seconds")


def test_bodies_under_way_are_counted_as_they_arrive(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunked or not: beyond the room there is, senders are told to wait."""
    monkeypatch.setattr(collect, "IN_FLIGHT_BYTES", 1000)
    parts = [{"type": "http.request", "body": b"x" * 600, "more_body": True} for _ in range(2)]
    status, answer = ask(tenants, parts, [])
    assert (status, answer["detail"]) == (429, "too many requests are being read")


def test_a_wrong_key_in_the_header_is_refused_before_the_body_is_read(tenants: Tenants) -> None:
    status, _ = ask(tenants, [], [(b"authorization", b"Bearer rg_wrong")])
    assert status == 401


def test_a_shop_that_cannot_be_opened_closes_no_other(tmp_path: Path) -> None:
    keys: dict[str, str] = {}
    for name in ("broken", "whole"):
        with Shop.create(tmp_path / name) as shop:
            keys[name] = shop.vault.api_keys.create("write").secret
            keys[f"{name} secret"] = shop.vault.api_keys.create("secret").secret
    (tmp_path / "broken" / "master.key").unlink()
    with TestClient(create_app(tmp_path / "broken", tmp_path / "whole"), base_url=HOST) as client:
        body = {"event": "x", "userId": "u"}
        answer = client.post("/v1/track", json=body, headers={"authorization": f"Bearer {keys['whole']}"})
        assert answer.status_code == 200
        status = client.get("/api/status", headers={"authorization": f"Bearer {keys['whole secret']}"})
        assert status.status_code == 200
        # Nobody is told that their key is wrong while nobody can know.
        refused = client.post("/v1/track", json=body, headers={"authorization": f"Bearer {keys['broken']}"})
        assert refused.status_code in {429, 503}


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-proto", "via", "forwarded", "cf-connecting-ip"])
def test_what_a_proxy_forwarded_is_not_this_machine(tmp_path: Path, name: str) -> None:
    Shop.create(tmp_path / "shop").close()
    app = create_app(tmp_path / "shop")

    async def local(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["client"] = ("127.0.0.1", 1)
        await app(scope, receive, send)

    with TestClient(local, base_url=HOST) as client:
        assert client.get("/api/status").status_code == 200
        assert client.get("/api/status", headers={name: "1"}).status_code == 401
        cross = client.get("/api/status", headers={"sec-fetch-site": "cross-site"})
        assert cross.status_code == 403
