"""Cohorts over HTTP: saved, counted, listed, forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from litestar.testing import TestClient


def test_a_cohort_from_its_rules_to_its_end(home: TestClient) -> None:
    wish = {"name": "often", "rules": ["purchase>=2"], "description": "Came twice"}
    made = home.post("/api/cohorts", json=wish)
    assert made.status_code == 201, made.text
    assert (made.json()["rules"], made.json()["version"]) == (["purchase >= 2"], 1)
    assert home.post("/api/cohorts", json=wish).status_code == 400
    assert home.post("/api/cohorts", json=wish | {"replace": True}).json()["version"] == 2
    assert [cohort["name"] for cohort in home.get("/api/cohorts").json()] == ["often"]
    found = home.get("/api/cohorts/often").json()
    assert (found["size"], found["customers"], found["members"]) == (1, 3, ["anna"])
    assert home.get("/api/cohorts/often", params={"limit": 1, "offset": 1}).json()["members"] == []
    narrowed = home.get("/api/insights/orders", params={"where": "cohort:often=in"}).json()
    assert narrowed["headline"]["orders"]["value"] == 3
    assert home.delete("/api/cohorts/often").status_code == 204
    assert home.get("/api/cohorts/often").status_code == 404
    assert home.delete("/api/cohorts/often").status_code == 404


def test_a_list_of_ids_is_taken_and_given_back(home: TestClient) -> None:
    assert home.post("/api/cohorts", json={"name": "list", "customers": ["ben", "anna"]}).json()["listed"] == 2
    assert sorted(home.get("/api/cohorts/list").json()["members"]) == ["anna", "ben"]
    assert home.delete("/api/cohorts/list").status_code == 204


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"rules": ["view"]}, ""),
        ({"name": "x", "rules": "view"}, "rules"),
        ({"name": "x", "rules": ["view", "bought tea"]}, "rules[1]"),
        ({"name": "x", "rules": ["purchase in 0 days"]}, "rules[0]"),
        ({"name": "x", "rules": ["view"] * 21}, "rules"),
        ({"name": "a b", "rules": ["view"]}, "name"),
        ({"name": "x", "customers": ["nobody"]}, "customers[0]"),
        ({"name": "x"}, "rules"),
        (["x"], ""),
        (None, ""),
    ],
)
def test_what_cannot_be_saved_is_refused_and_named(home: TestClient, body: Any, named: str) -> None:
    answer = home.post("/api/cohorts", json=body)
    assert answer.status_code == 400
    if named:
        assert answer.json()["errors"][0]["name"] == named
    assert home.get("/api/cohorts").json() == []


def test_only_a_secret_key_may_ask(away: TestClient, keys: dict[tuple[int, str], str]) -> None:
    for role, status in (("secret", 200), ("public", 403), ("write", 403)):
        headers = {"authorization": f"Bearer {keys[0, role]}"}
        assert away.get("/api/cohorts", headers=headers).status_code == status
    assert away.get("/api/cohorts").status_code == 401
