"""The collector over HTTP: what clients may send, what they are told, what reaches the tables."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from litestar.testing import TestClient

from regulars.core.errors import DamagedError
from regulars.core.settings import CollectSettings, Settings
from regulars.shop import Shop, compact
from regulars.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "http://127.0.0.1"


class Sender:
    """A shop, its application, and keys to it."""

    def __init__(self, directory: Path, client: TestClient, keys: dict[str, str]) -> None:
        self.directory = directory
        self.client = client
        self.keys = keys

    def post(self, path: str, body: Any, role: str = "write", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        return self.client.post(
            path, content=data, headers=given | {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def events(self) -> list[dict[str, Any]]:
        with Shop.open(self.directory) as shop:
            _ = compact(shop)
            return shop.store.run(shop.store.table("events")).to_pylist()


def make(directory: Path, **collect: Any) -> dict[str, str]:
    with Shop.create(directory, Settings(collect=CollectSettings(**collect))) as shop:
        return {role: shop.vault.api_keys.create(role).secret for role in ("write", "public", "secret")}


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    keys = make(tmp_path / "shop")
    with TestClient(create_app(tmp_path / "shop"), base_url=HOST) as client:
        yield Sender(tmp_path / "shop", client, keys)


def track(number: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "type": "track", "event": "Product Viewed", "messageId": f"m{number}", "userId": f"u{number}",
        "properties": {"product_id": "tea"}, **more,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import"])
def test_a_batch_is_in_the_tables_whole_and_once_however_often_it_is_sent(sender: Sender, path: str) -> None:
    body = {"batch": [track(n) for n in range(25)], "sentAt": "2026-01-01T00:00:00Z"}
    for _ in range(3):
        answer = sender.post(path, body)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert sorted(row["id"] for row in sender.events()) == sorted(f"m{n}" for n in range(25))


@pytest.mark.parametrize(
    ("path", "letter", "kind"),
    [("track", "t", "view"), ("identify", "i", "identify"), ("page", "p", "page"), ("screen", "s", "page")],
)
def test_each_call_has_a_long_and_a_short_route(sender: Sender, path: str, letter: str, kind: str) -> None:
    for number, name in enumerate((path, letter)):
        body = {k: v for k, v in track(number).items() if k != "type"}
        assert sender.post(f"/v1/{name}", body).status_code == 200
    assert [row["kind"] for row in sender.events()] == [kind, kind]


def test_the_key_is_found_in_basic_bearer_and_body_and_the_content_type_does_not_matter(sender: Sender) -> None:
    key = sender.keys["write"]
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    assert (
        sender.post("/v1/track", track(1), role="", authorization=basic, content_type="text/plain").status_code == 200
    )
    assert sender.post("/v1/track", track(2) | {"writeKey": key}, role="").status_code == 200
    posthog = {"api_key": key, "batch": [{"event": "$pageview", "distinct_id": "d", "uuid": "p1"}]}
    assert sender.post("/batch/", posthog, role="", content_type="application/octet-stream").status_code == 200
    packed = gzip.compress(json.dumps(track(3)).encode())
    # RudderStack's Node client sends gzip and calls it a form.
    answer = sender.post("/v1/track", packed, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert sorted(row["id"] for row in sender.events()) == ["m1", "m2", "m3", "p1"]


def test_flags_are_empty_and_settings_name_the_key(sender: Sender) -> None:
    assert sender.post("/flags/?v=4", {}, role="").json()["featureFlags"] == {}
    key = sender.keys["public"]
    settings = sender.client.get(f"/v1/projects/{key}/settings")
    assert settings.json()["integrations"] == {"Segment.io": {"apiKey": key}}
    assert sender.client.get("/v1/projects/nobody/settings").status_code == 404


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"batch": 3}', "list"),
        ({"batch": [track(0, properties={"x": "y" * 40_000})]}, "bytes"),
        ({"batch": [{"a": 1}] * 2_501}, "2501"),
        (b"x" * 600_000, "512,000"),
        (gzip.compress(b"0" * 100_000_000, mtime=0), "512,000"),
        (gzip.compress(b"{}", mtime=0)[:-6], "cut short"),
        (b"\x1f\x8bnonsense", "gzip"),
    ],
)
def test_what_cannot_be_used_is_400_with_its_reason(sender: Sender, body: Any, says: str) -> None:
    answer = sender.post("/v1/batch", body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert sender.events() == []


@pytest.mark.parametrize("key", ["", "rg_wAAAAAAAAAA_nonsense", "x" * 5000, "Ключ", "\x00"])
def test_without_a_valid_key_nothing_is_taken(sender: Sender, key: str) -> None:
    body = track() | {"writeKey": key}
    answer = sender.post("/v1/track", body, role="")
    assert answer.status_code == 401
    assert key not in answer.text or not key
    assert sender.events() == []


def test_a_revoked_key_is_refused(sender: Sender) -> None:
    with Shop.open(sender.directory) as shop:
        for key in shop.vault.api_keys.list():
            shop.vault.api_keys.revoke(key.id)
    time.sleep(0.5)
    assert sender.post("/v1/track", track()).status_code == 401


def test_a_page_of_another_origin_may_send(sender: Sender) -> None:
    preflight = sender.client.options("/v1/t", headers={"origin": "https://shop.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    allowed = preflight.headers["access-control-allow-headers"]
    assert {"authorization", "content-type", "x-retry-count"} <= set(allowed.split(", "))
    answer = sender.post("/v1/t", track(), "public", origin="https://shop.example")
    assert (answer.status_code, answer.headers["access-control-expose-headers"]) == (200, "retry-after")


def test_only_listed_origins_when_there_is_a_list(tmp_path: Path) -> None:
    make(tmp_path / "shop", origins=("https://shop.example",))
    with TestClient(create_app(tmp_path / "shop"), base_url=HOST) as client:
        ours = client.options("/v1/t", headers={"origin": "https://shop.example"})
        assert ours.headers["access-control-allow-origin"] == "https://shop.example"
        other = client.options("/v1/t", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_a_key_that_sends_too_much_is_told_when_to_try_again(sender: Sender) -> None:
    with Shop.open(sender.directory) as shop:
        sender.keys["slow"] = shop.vault.api_keys.create("write", rate=5, burst=10).secret
    body = {"batch": [track(n) for n in range(10)]}
    assert sender.post("/v1/batch", body, "slow").status_code == 200
    answer = sender.post("/v1/batch", body, "slow")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 2
    assert sender.post("/v1/batch", body).status_code == 200


def test_a_disk_that_refuses_is_503_and_nothing_was_acknowledged(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.store.log.disk import SystemDisk

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SystemDisk, "sync", full)
        answer = sender.post("/v1/track", track(1))
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "No space left" in answer.json()["detail"]
    assert sender.post("/v1/track", track(2)).status_code == 200
    assert [row["id"] for row in sender.events()] == ["m2"]


def test_a_full_queue_is_429(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    app: Any = sender.client.app
    writer = app.state.tenants.all[0].door._collector._writer
    monkeypatch.setattr(writer, "_waiting_bytes", 1 << 40)
    answer = sender.post("/v1/track", track(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_signals_and_refusals_keep_events_out_of_the_log_itself(sender: Sender) -> None:
    with Shop.open(sender.directory) as shop:
        shop.rights.set_consents("u1", {"analytics": False})
    time.sleep(0.5)
    assert sender.post("/v1/batch", {"batch": [track(0), track(1)]}).status_code == 200
    assert sender.post("/v1/track", track(2), sec_gpc="1").status_code == 200
    assert sender.post("/v1/track", track(3), dnt="1").status_code == 200
    written = b"".join(path.read_bytes() for path in (sender.directory / "log").rglob("*.log"))
    assert b'"m0"' in written
    assert all(f'"m{n}"'.encode() not in written for n in (1, 2, 3))
    assert [row["id"] for row in sender.events()] == ["m0"]


def test_an_explicit_agreement_wins_over_a_signal(sender: Sender) -> None:
    agreed = {"consent": {"categoryPreferences": {"Analytics": True}}}
    body = track(1, context=agreed, event="Segment Consent Preference Updated")
    assert sender.post("/v1/track", body, "public", sec_gpc="1").status_code == 200
    assert [row["kind"] for row in sender.events()] == ["consent"]
    time.sleep(0.5)
    assert sender.post("/v1/track", track(1) | {"messageId": "later"}, "public", sec_gpc="1").status_code == 200
    assert sorted(row["id"] for row in sender.events()) == ["p:later", "p:m1"]


def test_a_page_cannot_take_the_id_of_the_servers_order_nor_undo_a_refusal(sender: Sender) -> None:
    with Shop.open(sender.directory) as shop:
        shop.rights.set_consents("u1", {"marketing": False})
    agreed = {"consent": {"categoryPreferences": {"Marketing": True}}}
    assert sender.post("/v1/track", track(1, context=agreed), "public").status_code == 200
    assert sender.post("/v1/track", track(1)).status_code == 200
    assert sorted(row["id"] for row in sender.events()) == ["m1", "p:m1"]
    with Shop.open(sender.directory) as shop:
        assert [(one.purpose, one.given) for one in shop.rights.consents("u1")] == [("marketing", False)]


def test_an_answer_from_a_clock_ahead_can_be_withdrawn(sender: Sender) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    agreed = {"consent": {"categoryPreferences": {"Marketing": True}}}
    assert sender.post("/v1/track", track(1, context=agreed, timestamp=ahead), "public").status_code == 200
    assert len(sender.events()) == 1
    with Shop.open(sender.directory) as shop:
        assert shop.rights.consents("u1")[0].given
        assert not shop.rights.set_consents("u1", {"marketing": False})[0].given


def test_a_public_key_never_follows_a_visitor_to_a_customers_history(shop_directory: Path, tmp_path: Path) -> None:
    shutil.copytree(shop_directory, tmp_path / "shop")
    with Shop.open(tmp_path / "shop") as shop:
        public = shop.vault.api_keys.create("public").secret
        secret = shop.vault.api_keys.create("secret").secret
    with TestClient(create_app(tmp_path / "shop"), base_url=HOST) as client:
        said = {"userId": "c003", "anonymousId": "thief", "messageId": "x"}
        answer = client.post("/v1/identify", json=said, headers={"authorization": f"Bearer {public}"})
        assert answer.status_code == 200
        with Shop.open(tmp_path / "shop") as shop:
            _ = compact(shop)
        asked = "/api/recommendations?visitor=thief"
        theirs = client.get(asked, headers={"authorization": f"Bearer {public}"}).json()
        assert theirs["fallback"] is True
        assert "buy_again" not in {item["reason"]["code"] for item in theirs["items"]}
        ours = client.get(asked, headers={"authorization": f"Bearer {secret}"}).json()
        assert ours["fallback"] is False


def test_a_fault_of_the_server_is_503_and_says_nothing_of_its_paths(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = sender.client.app
    door = app.state.tenants.all[0].door

    def broken(*_: object, **__: object) -> None:
        raise DamagedError("cannot be read", where=str(sender.directory / "state.db"))

    monkeypatch.setattr(door, "accept", broken)
    answer = sender.post("/v1/track", track(1))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(sender.directory) not in answer.text


def test_unknown_routes_and_methods_are_told_so(sender: Sender) -> None:
    assert sender.post("/v1/nothing", {}).status_code == 404
    assert sender.client.get("/v1/batch").status_code == 405


def test_the_page_script_is_served_and_revalidated(sender: Sender) -> None:
    script = sender.client.get("/regulars.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    again = sender.client.get("/regulars.js", headers={"if-none-match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
