"""The OpenAPI document: every route of the server, its keys, bodies and errors, and references that lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from regulars.web.collect import FLAGS, METRIC, ROUTES, SCRIPT

if TYPE_CHECKING:
    from litestar.testing import TestClient


@pytest.fixture(scope="module")
def document(home: TestClient) -> dict[str, Any]:
    """Return the document as it is served."""
    return home.get("/openapi.json").json()


def test_every_route_of_the_application_is_in_the_document(home: TestClient, document: dict[str, Any]) -> None:
    """The API's, the operators', and the collector's, which the router does not know; pages for people are not."""
    expected = {
        route.path_format
        for route in home.app.routes
        if route.path_format.startswith(("/api/", "/health/", "/metrics"))
    }
    collected = {*ROUTES, *FLAGS, METRIC, SCRIPT, "/v1/projects/{key}/settings"}
    assert document["paths"].keys() == expected | collected


def test_every_operation_says_which_key_it_takes_and_how_it_fails(document: dict[str, Any]) -> None:
    """Bearer for the API, bearer, basic or the body for the collector; 400, 401, 403, 429 and 503 where they occur."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            security, statuses = operation["security"], operation["responses"].keys()
            if path.startswith("/api/") or path == "/metrics":
                assert security == [{"bearer": []}]
                assert {"401", "403", "503"} <= statuses
            elif path in ROUTES:
                assert security == [{"bearer": []}, {"basic": []}, {}]
                assert {"200", "400", "401", "429", "503"} == statuses
                assert operation["requestBody"]["required"] is True
            else:
                assert security == []
    assert document["components"]["securitySchemes"].keys() == {"bearer", "basic"}


def test_names_are_unique_and_references_lead_somewhere(document: dict[str, Any]) -> None:
    """One operationId each; each $ref exists; errors are problem+json."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)))
    assert references <= document["components"]["schemas"].keys()
    for operation in operations:
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert answer["content"].keys() == {"application/problem+json"}


def test_what_the_document_allows_is_taken(home: TestClient, document: dict[str, Any]) -> None:
    """The record of a body and the check of it are one: a field more, and it is refused."""
    schema = document["components"]["schemas"]["KeyWish"]
    assert schema["properties"].keys() == {"role", "label", "rate", "burst", "days"}
    assert schema["additionalProperties"] is False
    full = {"role": "write", "label": "x", "rate": 1.5, "burst": 1, "days": 0.5}
    assert home.post("/api/keys", json=full).status_code == 201
    assert home.post("/api/keys", json=full | {"more": 1}).status_code == 400


def test_the_page_shows_the_collector_too(home: TestClient) -> None:
    """What it takes and what it answers."""
    page = home.get("/docs").text
    for words in ("/v1/batch", "/regulars.js", "Messages", "Captures", "KeyWish"):
        assert words in page
