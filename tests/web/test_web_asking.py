"""Questions in plain words over the API and in the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient


def test_the_api_says_which_question_is_meant(home: TestClient[Litestar]):
    said = home.get("/api/ask", params={"q": "weekly retention, follow for 6 weeks"}).json()
    assert (said["name"], said["params"]) == ("retention", {"period": "week", "periods": "6"})
    assert said["by"] == "rules"
    assert ["weekly", "period=week"] in said["reading"]
    assert said["others"]
    answer = home.get(f"/api/insights/{said['name']}", params=said["params"])
    assert answer.status_code == 200
    assert answer.json()["params"]["periods"] == 6


def test_the_api_reads_chinese(home: TestClient[Litestar]):
    said = home.get("/api/ask", params={"q": "经常一起购买的商品，按支持度排序"}).json()
    assert (said["name"], said["params"]) == ("affinity", {"sort": "support"})


def test_the_api_names_what_it_could_be_where_nothing_fits(home: TestClient[Litestar]):
    said = home.get("/api/ask", params={"q": "tell me a joke"}).json()
    assert said["name"] is None
    assert len(said["others"]) == 3


@pytest.mark.parametrize("q", [None, "", "x" * 501])
def test_the_api_wants_a_question_of_some_length(home: TestClient[Litestar], q: str | None):
    assert home.get("/api/ask", params={"q": q} if q is not None else {}).status_code == 400


def test_the_dashboard_leads_to_the_question(home: TestClient[Litestar]):
    asked = "How many orders per month in March 2024?"
    found = home.get("/dashboard/insights", params={"q": asked}, follow_redirects=False)
    assert found.status_code == 303
    address = urlsplit(found.headers["location"])
    assert address.path == "/dashboard/insights/orders"
    assert parse_qs(address.query) == {
        "period": ["month"], "from": ["2024-03-01"], "to": ["2024-03-31"], "asked": [asked],
    }  # fmt: skip
    assert home.get(found.headers["location"]).status_code == 200


def test_the_dashboard_stays_where_no_question_fits(home: TestClient[Litestar]):
    found = home.get("/dashboard/insights", params={"q": "<b>hello</b>"}, follow_redirects=False)
    assert found.status_code == 200
    assert "<b>hello</b>" not in found.text
    assert "&lt;b&gt;hello" in found.text
