"""Keys: made, shown once, replaced, stopped; by program and by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from litestar.testing import TestClient


def test_a_key_is_shown_once_and_works_until_it_is_stopped(home: TestClient) -> None:
    """201 with the secret; the list holds none; after DELETE the next request with it is refused."""
    answer = home.post("/api/keys", json={"role": "secret", "label": "Anna", "days": 1, "rate": 5, "burst": 7})
    assert answer.status_code == 201
    made = answer.json()
    assert made["secret"].startswith(f"rg_s{made['info']['id']}_")
    assert (made["info"]["rate"], made["info"]["burst"], made["info"]["label"]) == (5, 7, "Anna")
    assert made["secret"] not in home.get("/api/keys").text
    headers = {"authorization": f"Bearer {made['secret']}"}
    assert home.get("/api/status", headers=headers).status_code == 200
    assert home.delete(f"/api/keys/{made['info']['id']}").status_code == 204
    assert home.get("/api/status", headers=headers).status_code == 401
    assert home.delete("/api/keys/nothing").status_code == 404


def test_a_replaced_key_works_for_a_while_or_not_at_all(home: TestClient) -> None:
    """The new one takes over role and label; an overlap of 0 ends the old one at once."""
    old = home.post("/api/keys", json={"role": "secret", "label": "Job"}).json()
    new = home.post(f"/api/keys/{old['info']['id']}/rotate").json()
    assert (new["info"]["role"], new["info"]["label"]) == ("secret", "Job")
    for key in (old, new):
        assert home.get("/api/status", headers={"authorization": f"Bearer {key['secret']}"}).status_code == 200
    last = home.post(f"/api/keys/{new['info']['id']}/rotate", json={"overlap_hours": 0}).json()
    assert home.get("/api/status", headers={"authorization": f"Bearer {new['secret']}"}).status_code == 401
    assert home.get("/api/status", headers={"authorization": f"Bearer {last['secret']}"}).status_code == 200
    assert home.post(f"/api/keys/{new['info']['id']}/rotate").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "owner"},
        {"role": "write", "rate": 0},
        {"role": "write", "rate": "5"},
        {"role": "write", "burst": 1.5},
        {"role": "write", "burst": 10**12},
        {"role": "write", "days": -1},
        {"role": "write", "days": 1e300},
        {"role": "write", "label": "x" * 201},
        {"role": "write", "label": "a\0b"},
        {"role": "write", "colour": "red"},
        ["write"],
        None,
    ],
)
def test_a_key_that_cannot_be_made_is_refused(home: TestClient, body: Any) -> None:
    """400, and no key more than before."""
    before = home.get("/api/keys").json()
    assert home.post("/api/keys", json=body).status_code == 400
    assert home.get("/api/keys").json() == before


def test_the_page_makes_replaces_and_stops_keys(home: TestClient) -> None:
    """The secret is on the page that answers and in the snippets, and on no page after it."""
    page = home.post("/dashboard/settings/keys?lang=en", data={"role": "public", "label": "<b>Pages</b>", "days": ""})
    assert page.status_code == 200
    (secret,) = re.findall(r'id="secret"><code>(rg_p\w+)<', page.text)
    assert f'data-key="{secret}"' in page.text.replace("&#34;", '"')
    assert "<b>Pages" not in page.text
    assert secret not in home.get("/dashboard/settings").text
    key = secret[4:14]
    replaced = home.post(f"/dashboard/settings/keys/{key}/rotate")
    assert "works for 24 hours yet" in replaced.text
    stopped = home.post(f"/dashboard/settings/keys/{key}/revoke", follow_redirects=False)
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/dashboard/settings?done=revoked")
    states = {one["id"]: one["revoked"] for one in home.get("/api/keys").json()}
    assert states[key] is not None
    assert home.post("/dashboard/settings/keys/none/revoke").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"role": "owner"},
        {"role": "write", "days": "soon"},
        {"role": "write", "days": "nan"},
        {"role": "write", "label": "a\0"},
    ],
)
def test_a_form_that_makes_no_key_says_why(home: TestClient, form: dict[str, str]) -> None:
    """A page with the reason."""
    answer = home.post("/dashboard/settings/keys", data=form)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_the_settings_page_shows_how_to_send_and_what_is_set(home: TestClient) -> None:
    """Three snippets with this server's address; every section of the settings."""
    page = home.get("/dashboard/settings?lang=en").text
    for words in (
        "127.0.0.1/regulars.js",
        "segment-analytics-python",
        "@segment/analytics-node",
        "[collect]",
        "keep_days",
    ):
        assert words in page
    assert "设置" in home.get("/dashboard/settings?lang=zh").text
