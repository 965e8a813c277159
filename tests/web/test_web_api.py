"""The HTTP API: answers, refusals, and what never leaves the process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from regulars.core.errors import SettingsError
from regulars.shop import Shop
from regulars.web.app import create_app
from regulars.web.serve import check_address

from .doors import HOST, at_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def client(shop_directory: Path) -> Iterator[TestClient]:
    with TestClient(at_home(create_app(shop_directory)), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


def test_the_three_slates(client: TestClient) -> None:
    """A known customer, an item and an anonymous basket each get their slate, with a decision and reasons."""
    for query, kind in (("user=c003", "customer"), ("item=i05", "item"), ("basket=i05,i10", "basket")):
        answer = client.get(f"/api/recommendations?{query}&n=3")
        assert answer.status_code == 200
        slate = answer.json()
        assert slate["kind"] == kind
        assert slate["decision"].startswith("dec_")
        assert len(slate["items"]) == 3
        assert all(item["reason"]["code"] for item in slate["items"])


@pytest.mark.parametrize("query", ["", "user=c003&item=i05", "user=c003&n=0", "user=c003&n=many", "user=c003&n=500"])
def test_a_wrong_question_is_a_problem_with_its_parameter(client: TestClient, query: str) -> None:
    """400, RFC 9457, no traceback."""
    answer = client.get(f"/api/recommendations?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert "Traceback" not in answer.text


def test_an_item_nobody_knows_is_not_found_and_a_stranger_is_served(client: TestClient) -> None:
    """404 for the item; the customer gets what is popular, marked."""
    assert client.get("/api/recommendations?item=nothing").status_code == 404
    slate = client.get("/api/recommendations?user=nobody").json()
    assert slate["fallback"] is True


NOTHING_HERE = {"price-response", "promotion-response", "search", "reviews", "communities"}


def test_every_question_answers_as_rows_and_as_a_figure(client: TestClient) -> None:
    """All questions, in both languages; the figure differs in words."""
    questions = client.get("/api/insights").json()
    assert {"stickiness", "retention", "lifecycle", "orders", "days-active"} <= questions.keys()
    for name in questions:
        table = client.get(f"/api/insights/{name}").json()
        # This shop has purchases alone: nobody searched, viewed, shared or reviewed.
        assert table["rows"] or name in NOTHING_HERE
        assert table["headline"]
        english = client.get(f"/api/insights/{name}?as=figure&lang=en").json()
        chinese = client.get(f"/api/insights/{name}?as=figure&lang=zh").json()
        assert english["data"] or not table["rows"]
        assert english["layout"]["title"]["text"] != chinese["layout"]["title"]["text"]
    assert client.get("/api/insights/fortune").status_code == 404
    assert client.get("/api/insights/retention?period=fortnight").status_code == 400
    assert client.get("/api/insights/retention?no_such=1").status_code == 400


def test_customers_and_items(client: TestClient) -> None:
    """Lists, one customer, one item, and their absence."""
    page = client.get("/api/customers?limit=2&sort=orders").json()
    assert page["total"] == 120
    assert len(page["customers"]) == 2
    assert client.get("/api/customers/c003").json()["summary"]["subject"] == "c003"
    assert client.get("/api/customers/absent").status_code == 404
    assert client.get("/api/items?search=tea&limit=2").json()[0]["category"] == "Food > Tea"
    assert client.get("/api/items/absent").status_code == 404
    assert client.get("/api/customers?sort=nothing").status_code == 400


def test_the_openapi_document_lists_every_route_and_the_page_shows_it(client: TestClient) -> None:
    """Documented paths answer; /docs holds each of them and loads nothing from elsewhere."""
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    page = client.get("/docs").text
    for path, operations in document["paths"].items():
        assert path in page
        for operation in operations.values():
            assert operation.get("description") or operation.get("summary")
    assert "://" not in page.replace("http://www.w3.org", "")


def test_health_and_metrics(client: TestClient) -> None:
    """Live, ready, and counters by route template."""
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json()["learned"] is True
    client.get("/api/customers/c001")
    text = client.get("/metrics").text
    assert "regulars_http_requests_total" in text
    assert "/api/customers/{subject" in text
    assert "c001" not in text


def test_a_foreign_host_is_refused(client: TestClient) -> None:
    """A page of another site that rebinds its name to 127.0.0.1 gets nothing."""
    assert client.get("/api/status", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/api/status", headers={"host": "localhost:8000"}).status_code == 200


def test_pages_carry_the_guards(client: TestClient) -> None:
    """No inline script can run, no other site can frame the page or read its type wrong."""
    headers = client.get("/dashboard").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "script-src 'unsafe-inline'" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_access_logs_hold_no_identifier(shop_directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the path's id nor the query's reaches the log."""
    with TestClient(at_home(create_app(shop_directory)), base_url=HOST) as client:
        client.get("/api/customers/c042?events=1")
        client.get("/api/recommendations?user=c043")
    logged = capfd.readouterr().err
    assert "/api/customers/{subject" in logged
    assert "c042" not in logged
    assert "c043" not in logged


def test_hostile_names_are_shown_not_run(tmp_path: Path) -> None:
    """Ids and titles full of markup appear as text on every page, in both languages."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    rows = [{"user": evil, "item": evil, "time": f"2024-03-0{day}", "amount": 1} for day in (1, 2, 3)]
    (tmp_path / "e.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "i.jsonl").write_text(json.dumps({"item": evil, "title": evil, "category": evil}))
    with Shop.create(tmp_path / "shop") as shop:
        assert shop.import_files([tmp_path / "e.jsonl"]).added == 3
        assert shop.import_files([tmp_path / "i.jsonl"], table="items").added == 1
        shop.learn()
    with TestClient(at_home(create_app(tmp_path / "shop")), base_url=HOST) as client:
        name = quote(evil, safe="")
        for path in ("", "/customers", f"/customers/{name}", f"/recommendations?mode=item&item={name}"):
            for language in ("en", "zh"):
                answer = client.get(f"/dashboard{path}{'&' if '?' in path else '?'}lang={language}")
                assert answer.status_code == 200
                assert "<script>alert" not in answer.text
                assert "<img src=x" not in answer.text


def test_an_empty_shop_has_pages_that_say_what_to_do(tmp_path: Path) -> None:
    """No events, nothing learned: every page answers, slates say what is missing."""
    Shop.create(tmp_path / "shop").close()
    with TestClient(at_home(create_app(tmp_path / "shop")), base_url=HOST) as client:
        assert "regulars import" in client.get("/dashboard?lang=en").text
        assert client.get("/dashboard/customers").status_code == 200
        assert "regulars learn" in client.get("/dashboard/recommendations?lang=en").text
        assert client.get("/api/recommendations?user=a").status_code == 409
        assert client.get("/health/ready").json()["learned"] is False


def test_pages_in_the_language_asked_for(client: TestClient) -> None:
    """By parameter, then cookie, then the browser's wish."""
    assert 'lang="zh-CN"' in client.get("/dashboard?lang=zh").text
    client.cookies.clear()
    chinese = client.get("/dashboard", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}).text
    assert 'lang="zh-CN"' in chinese
    assert "顾客" in chinese
    client.cookies.clear()
    assert 'lang="en"' in client.get("/dashboard", headers={"accept-language": "fr"}).text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "shop.example"])  # noqa: S104 - refused, never bound
def test_other_machines_are_kept_out_unless_the_network_is_trusted(host: str) -> None:
    """There is no sign-in: an address that others can reach needs an explicit word."""
    with pytest.raises(SettingsError, match="other machines"):
        check_address(host, trust_network=False)
    check_address(host, trust_network=True)
    check_address("127.0.0.1", trust_network=False)
