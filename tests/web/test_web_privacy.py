"""The privacy API: consents, people's rights, masking, the assessment, noisy counts."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from regulars.core.rights import RightsRequest
from regulars.privacy.receipts import canonical

if TYPE_CHECKING:
    from litestar.testing import TestClient

RIDDLE = "https://id.example/7/"


def test_an_answer_is_recorded_and_the_newest_one_holds(home: TestClient) -> None:
    """PUT records, GET tells the answer in force and the history with source and notice."""
    put = home.put("/api/privacy/consents/anna", json={"answers": {"marketing": True}, "notice": "2026-1"})
    assert put.status_code == 200
    home.put("/api/privacy/consents/anna", json={"answers": {"marketing": False}})
    found = home.get("/api/privacy/consents/anna").json()
    (marketing,) = [one for one in found["consents"] if one["purpose"] == "marketing"]
    assert (marketing["given"], marketing["source"], marketing["notice"]) == (False, "api", "1")
    assert [(one["given"], one["notice"]) for one in found["history"]] == [(True, "2026-1"), (False, "1")]
    assert home.get("/api/privacy/consents/nobody").json() == {"consents": [], "history": []}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[]",
        b"{}",
        b'{"answers": {}}',
        b'{"answers": {"marketing": "false"}}',
        b'{"answers": {"marketing": 0}}',
        b'{"answers": {"marketing": null}}',
        b'{"answers": {"resale": true}}',
        b'{"answers": {"marketing": true}, "notce": "1"}',
        b'{"answers": {"marketing": true}, "notice": "a\\u0000b"}',
        b'{"answers": {"marketing": true}, "notice": "\\ud800"}',
        b'{"answers": {"marketing": true}, "notice": "\xff"}',
        b'{"answers": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
)
def test_what_is_no_answer_is_refused_and_records_nothing(home: TestClient, body: bytes) -> None:
    """A consent is never guessed: 400, and the history is as before."""
    before = home.get("/api/privacy/consents/ben").json()
    answer = home.put("/api/privacy/consents/ben", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert home.get("/api/privacy/consents/ben").json() == before


def test_a_copy_holds_what_the_shop_holds_and_is_noted(home: TestClient) -> None:
    """A ZIP with profile, events and consents; a request with a receipt; 404 for a stranger."""
    answer = home.get("/api/privacy/export/anna")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="export-')
    assert "anna" not in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        events = archive.read("events.csv").decode().splitlines()
        assert json.loads(archive.read("profile.json"))["id"] == "anna"
    assert len(events) == 4
    newest = home.get("/api/privacy/requests?limit=1").json()
    assert (newest[0]["kind"], newest[0]["status"]) == ("export", "done")
    assert home.get("/api/privacy/export/nobody").status_code == 404


def test_a_profile_is_corrected_field_by_field(home: TestClient) -> None:
    """Fields sent take the place of those known; null deletes; personal ones come back readable."""
    first = home.patch("/api/privacy/profile/anna", json={"email": "anna@example.com", "city": "Bonn"})
    assert first.json()["profile"] == {"email": "anna@example.com", "city": "Bonn"}
    second = home.patch("/api/privacy/profile/anna", json={"email": None, "city": "Kiel"})
    assert second.json()["profile"] == {"city": "Kiel"}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[1]",
        b'"text"',
        b'{"": 1}',
        b'{"a\\u0000": 1}',
        b'{"n": 123456789012345678901234567890}',
        b'{"deep": ' + b'{"x":' * 40 + b"1" + b"}" * 40 + b"}",
        b'{"list": ' + b"[" * 40 + b"]" * 40 + b"}",
        json.dumps({"long": "x" * 70_000}).encode(),
        json.dumps({"x" * 300: 1}).encode(),
    ],
)
def test_a_profile_that_cannot_be_kept_is_refused(home: TestClient, body: bytes) -> None:
    """400 with the field, never a 500 and nothing changed."""
    assert home.patch("/api/privacy/profile/ben", content=body).status_code == 400


def test_an_identifier_with_slashes_is_that_one_and_no_other(home: TestClient) -> None:
    """Two slashes stay two, and the last one stays: these are another person's otherwise."""
    answer = home.get(f"/api/privacy/export/{RIDDLE}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.read("events.csv").decode().splitlines()) == 2
    assert home.get("/api/privacy/export/https:/id.example/7").status_code == 404
    assert home.get(f"/api/customers/{RIDDLE}").json()["summary"]["subject"] == RIDDLE
    assert home.get(f"/dashboard/customers/{RIDDLE}").status_code == 200
    assert home.get(f"/api/privacy/consents/{'x' * 5_000}").status_code == 400


def test_an_erasure_ends_with_a_receipt_that_anyone_can_check(home: TestClient) -> None:
    """200, a signature that the published key verifies, and nothing left to hand over."""
    answer = home.post("/api/privacy/erase/ben")
    assert answer.status_code == 200
    request = answer.json()
    assert request["status"] == "done"
    counts = {(one["where"], one["what"]): one["count"] for one in request["receipt"]["removals"]}
    assert counts["tables/events", "events"] == 1
    said = home.get("/api/privacy/public-key").json()
    assert said["algorithm"] == "Ed25519"
    receipt = msgspec.convert(request, RightsRequest).receipt
    assert receipt is not None
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(said["public_key"]))
    key.verify(base64.b64decode(receipt.signature), canonical(receipt))
    assert home.get("/api/privacy/export/ben").status_code == 404
    assert home.get(f"/api/privacy/requests/{request['id']}").json() == request
    assert home.get("/api/privacy/requests/req_none").status_code == 404


def test_texts_are_masked_with_the_places_of_what_was_personal(home: TestClient) -> None:
    """Order is kept; offsets are characters of the original."""
    texts = ["电话 13812345678", "nothing here", ""]
    found = home.post("/api/privacy/mask", json={"texts": texts}).json()["texts"]
    assert [one["text"] for one in found] == ["电话 138****5678", "nothing here", ""]
    assert found[0]["spans"] == [{"start": 3, "end": 14, "kind": "phone"}]


@pytest.mark.parametrize(
    "body",
    [
        {"texts": ["x"] * 1_001},
        {"texts": ["x" * 65_537]},
        {"texts": ["字" * 30_000]},
        {"texts": [1]},
        {"texts": "x"},
        {},
        {"texts": [], "kind": "phone"},
    ],
)
def test_too_many_or_too_long_texts_are_refused(home: TestClient, body: dict[str, object]) -> None:
    """1,000 texts of 64 KB at most."""
    assert home.post("/api/privacy/mask", json=body).status_code == 400


def test_the_assessment_and_the_summary(home: TestClient) -> None:
    """Both laws in both languages; counts by purpose, rules, the key's place."""
    rows = home.get("/api/privacy/impact").json()
    assert {row["law"] for row in rows} == {"PIPL", "GDPR"}
    assert all(row["requirement"].keys() == row["answer"].keys() == {"en", "zh"} for row in rows)
    summary = home.get("/api/privacy/summary").json()
    assert summary["purposes"].keys() == {"analytics", "personalisation", "marketing", "service"}
    assert summary["master_key"] == "file"
    assert summary["open_requests"] == 0
    assert summary["budget"]["limit"] == 10


def test_noisy_counts_are_paid_from_a_budget(home: TestClient) -> None:
    """What is spent is gone; when nothing is left, nothing is said."""
    answer = home.post("/api/privacy/count", json={"epsilon": 4}).json()
    assert answer["count"] >= 0
    assert answer["budget_left"] == 6
    assert home.post("/api/privacy/count", json={"epsilon": 7}).status_code == 400
    assert home.get("/api/privacy/summary").json()["budget"]["spent"] == 4


@pytest.mark.parametrize(
    "body",
    [
        {"epsilon": 0},
        {"epsilon": 1e9},
        {"epsilon": "1"},
        {"day": "yesterday"},
        {"kind": "a\0b"},
        {"kind": "x" * 65},
        [],
    ],
)
def test_a_wrong_count_costs_nothing(home: TestClient, body: object) -> None:
    """400 before anything is spent."""
    before = home.get("/api/privacy/summary").json()["budget"]
    assert home.post("/api/privacy/count", json=body).status_code == 400
    assert home.get("/api/privacy/summary").json()["budget"] == before


def test_a_visitor_gets_a_slate(home: TestClient) -> None:
    """A device nobody knows gets what is popular; two wishes at once are refused."""
    slate = home.get("/api/recommendations?visitor=device-1&n=2").json()
    assert (slate["subject"], slate["fallback"], slate["personalised"]) == ("device-1", True, True)
    assert home.get("/api/recommendations?visitor=device-1&item=tea").status_code == 400
