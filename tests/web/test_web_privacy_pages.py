"""The Privacy pages, as plain forms without a script."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from litestar.testing import TestClient

PRIVACY = "/dashboard/privacy"


def test_consent_is_withdrawn_and_given_on_the_page(home: TestClient) -> None:
    """The form leads back to the customer, whose answer, source and time are shown."""
    form = {"customer": "anna", "purpose": "personalisation", "given": "no"}
    answer = home.post(f"{PRIVACY}/consents", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PRIVACY}?customer=anna&done=consents")
    page = home.get(f"{answer.headers['location']}&lang=en").text
    assert "The answer is recorded" in page
    assert "this dashboard" in page
    customer = home.get("/dashboard/customers/anna?lang=en").text
    assert f'href="{PRIVACY}?customer=anna"' in customer
    assert "Refused" in customer
    home.post(f"{PRIVACY}/consents", data=form | {"given": "yes"})
    found = home.get("/api/privacy/consents/anna").json()["consents"]
    assert [(one["purpose"], one["given"], one["source"]) for one in found] == [("personalisation", True, "dashboard")]


def test_a_copy_is_downloaded_and_a_field_corrected(home: TestClient) -> None:
    """An archive; a field that is there afterwards and gone after an empty value."""
    answer = home.post(f"{PRIVACY}/export", data={"customer": "anna"})
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    home.post(f"{PRIVACY}/profile", data={"customer": "anna", "field": "city", "value": "Bonn"})
    assert home.get("/api/customers/anna").json()["attributes"] == {"city": "Bonn"}
    home.post(f"{PRIVACY}/profile", data={"customer": "anna", "field": "city", "value": ""})
    assert home.get("/api/customers/anna").json()["attributes"] == {}
    assert home.post(f"{PRIVACY}/export", data={"customer": "nobody"}).status_code == 404


def test_an_erasure_takes_the_identifier_twice(home: TestClient) -> None:
    """Another one erases nothing and says so; the right one leads to the receipt, whose signature is checked."""
    wrong = home.post(f"{PRIVACY}/erase?lang=en", data={"customer": "ben", "confirm": "anna"})
    assert wrong.status_code == 400
    assert "nothing was erased" in wrong.text
    assert home.get("/api/customers/ben").status_code == 200
    right = home.post(f"{PRIVACY}/erase", data={"customer": "ben", "confirm": "ben"}, follow_redirects=False)
    assert right.status_code == 303
    receipt = home.get(right.headers["location"]).text
    assert "The signature is genuine." in receipt
    assert "ben" not in re.sub(r"<[^>]+>", " ", receipt).split()
    assert "Erasure" in home.get(PRIVACY).text
    gone = home.get(f"{PRIVACY}?customer=ben").text
    assert "They were erased" in gone


def test_a_text_is_masked_and_kept_nowhere(home: TestClient) -> None:
    """What was typed and what became of it, on the page that answers; markup is text."""
    page = home.post(f"{PRIVACY}/mask?lang=en", data={"text": "<b>call</b> 13812345678\r\nz.san@example.com"}).text
    assert "&lt;b&gt;call&lt;/b&gt; 138****5678\nz***@example.com" in page
    assert "phone number, e-mail address" in page
    assert f'href="{PRIVACY}?lang=zh"' in page


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("consents", {}),
        ("consents", {"customer": "anna"}),
        ("consents", {"customer": "anna", "given": "yes", "purpose": "resale"}),
        ("consents", {"customer": "anna", "given": "yes", "purpose": "marketing", "notice": "x" * 65}),
        ("consents", {"customer": "x" * 5_000, "given": "yes", "purpose": "marketing"}),
        ("profile", {"customer": "anna"}),
        ("profile", {"customer": "anna", "field": "a\0"}),
        ("profile", {"customer": "anna", "field": "a", "value": "x" * 2_001}),
        ("erase", {}),
        ("export", {"customer": "  "}),
        ("mask", {"text": "x" * 65_537}),
        ("mask", {f"f{n}": "x" for n in range(60)}),
    ],
)
def test_a_form_that_cannot_be_used_gets_a_page_with_the_reason(
    home: TestClient, path: str, form: dict[str, str]
) -> None:
    """400, HTML, and nothing done."""
    answer = home.post(f"{PRIVACY}/{path}", data=form)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_the_assessment_is_a_page_in_both_languages(home: TestClient) -> None:
    """Every row of the API's answer, in the page's language, with the settings it depends on."""
    for language in ("en", "zh"):
        page = home.get(f"{PRIVACY}/impact?lang={language}").text.replace("&#39;", "'").replace("&#34;", '"')
        for row in home.get("/api/privacy/impact").json():
            assert row["requirement"][language] in page
            assert row["article"] in page
    home.cookies.clear()


def test_a_shop_without_anything_has_a_page_that_says_what_to_do(home: TestClient) -> None:
    """A customer nobody knows is told apart from one with nothing to show."""
    page = home.get(f"{PRIVACY}?customer=nobody&lang=en").text
    assert "Is the identifier right?" in page
    assert home.get(f"{PRIVACY}/requests/none").status_code == 404
