"""Pseudonyms: what they are made of, that they stay, and that nothing runs together."""

from __future__ import annotations

import hashlib
import hmac
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.errors import UsageError
from regulars.privacy.pseudonyms import ALPHABET, Pseudonyms, normalised

PEPPER = bytes(range(32))


def by_the_book(pepper: bytes, tenant: str, kind: str, identifier: str) -> str:
    """Compute a pseudonym from its definition, with the standard library's HMAC."""
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (tenant, kind))
    digest = hmac.new(pepper, message + identifier.encode(), hashlib.sha256).digest()
    letters = ""
    for start in range(0, 24, 4):
        high, low = divmod(int.from_bytes(digest[start : start + 4], "big") % 62**2, 62)
        letters += ALPHABET[high] + ALPHABET[low]
    return letters


@pytest.mark.parametrize("pepper", [PEPPER, bytes(64), bytes(range(200))], ids=["short", "a block", "longer"])
@pytest.mark.parametrize("identifier", ["42", "", "张三", "x" * 1000])
def test_a_pseudonym_is_the_hmac_of_its_definition(pepper: bytes, identifier: str):
    names = Pseudonyms(pepper, "shop")
    assert names.subject(identifier) == by_the_book(pepper, "shop", "user", identifier)
    assert names.anonymous(identifier) == by_the_book(pepper, "shop", "anonymous", identifier)


def test_pseudonyms_never_change_between_versions():
    names = Pseudonyms(PEPPER, "shop")
    assert (names.subject("42"), names.anonymous("42")) == GOLDEN[:2]
    assert names.blind("phone", "13812345678") == GOLDEN[2]
    assert names.suppressed("0123456789ab") == GOLDEN[3]


GOLDEN = ("pIzXl9BTTxCv", "cdRHjthLDaWC", "821c8fd70dd15bfd91c711185f8d3b52", "171c5e14f0ff58f11ac76895f567a643")


@settings(deadline=None)
@given(st.text(max_size=50))
def test_a_pseudonym_has_twelve_letters_and_digits(identifier: str):
    assert re.fullmatch("[0-9A-Za-z]{12}", Pseudonyms(PEPPER, "shop").subject(identifier))


def test_tenant_kind_and_id_do_not_run_together():
    assert Pseudonyms(PEPPER, "a|b").subject("c") != Pseudonyms(PEPPER, "a").subject("b|c")
    assert Pseudonyms(PEPPER, "shop").subject("42") != Pseudonyms(PEPPER, "shop").anonymous("42")
    assert Pseudonyms(PEPPER, "shopu").blind("x", "ser") != Pseudonyms(PEPPER, "shop").blind("xu", "ser")
    assert Pseudonyms(PEPPER, "one").subject("42") != Pseudonyms(PEPPER, "two").subject("42")
    assert Pseudonyms(bytes(32), "one").subject("42") != Pseudonyms(PEPPER, "one").subject("42")


def test_many_gives_what_one_by_one_gives_and_collides_nowhere():
    names = Pseudonyms(PEPPER, "shop")
    identifiers = [f"c{number}" for number in range(50_000)]
    found = names.many(identifiers)
    assert found[:3] == [names.subject(identifier) for identifier in identifiers[:3]]
    assert len(set(found)) == 50_000
    assert names.many(["x"], "anonymous") == [names.anonymous("x")]


def test_letters_of_a_pseudonym_are_evenly_spread():
    text = "".join(Pseudonyms(PEPPER, "shop").many(str(number) for number in range(20_000)))
    expected = len(text) / 62
    chi_square = sum((text.count(letter) - expected) ** 2 / expected for letter in ALPHABET)
    assert chi_square < 110  # 61 degrees of freedom: exceeded once in 10,000


def test_a_lone_surrogate_has_a_pseudonym_too():
    assert len(Pseudonyms(PEPPER, "shop").subject("\ud800")) == 12


def test_a_short_pepper_and_an_unknown_kind_are_refused():
    with pytest.raises(UsageError, match="can be guessed"):
        Pseudonyms(b"salt", "shop")
    with pytest.raises(UsageError, match="not a kind"):
        Pseudonyms(PEPPER, "shop").many(["x"], "device")


@pytest.mark.parametrize(
    "value",
    [
        "13812345678",
        "+86 138-1234-5678",
        "008613812345678",
        "86 138 1234 5678",
        "１３８１２３４５６７８",
        " 138 1234 5678 ",
    ],
)
def test_spellings_of_a_mobile_have_one_blind_index(value: str):
    names = Pseudonyms(PEPPER, "shop")
    assert names.blind("phone", value) == names.blind("phone", "13812345678")


def test_blind_indexes_tell_kinds_apart_and_fold_e_mail():
    names = Pseudonyms(PEPPER, "shop")
    assert names.blind("email", " Zhang@Example.CN ") == names.blind("email", "zhang@example.cn")
    assert names.blind("id", "13812345678") != names.blind("phone", "13812345678")
    assert re.fullmatch("[0-9a-f]{32}", names.blind("email", "a@b.cn"))
    assert names.blind("phone", " - ") == names.blind("phone", "+") == ""


@settings(deadline=None)
@given(st.sampled_from(["phone", "email", "id"]), st.text(max_size=20))
def test_normalising_twice_changes_nothing_for_addresses(kind: str, value: str):
    once = normalised(kind, value)
    assert normalised("phone", normalised("phone", value)) == normalised("phone", value)
    assert kind == "phone" or once == once.strip()


@pytest.mark.parametrize("value", ["+1 (415) 555-0100", "010-6555 1234"])
def test_other_numbers_keep_their_digits(value: str):
    assert normalised("phone", value) == {"+": "+14155550100", "0": "01065551234"}[value[0]]


def test_suppression_is_by_another_hash_than_the_pseudonym():
    names = Pseudonyms(PEPPER, "shop")
    subject = names.subject("42")
    assert re.fullmatch("[0-9a-f]{32}", names.suppressed(subject))
    assert names.suppressed(subject) != names.suppressed(names.anonymous("42"))
    assert names.suppressed(subject) != Pseudonyms(bytes(32), "shop").suppressed(subject)


def test_a_pseudonym_costs_less_than_two_and_a_half_microseconds():
    names, identifiers = Pseudonyms(PEPPER, "shop"), [f"customer-{number}" for number in range(20_000)]
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for identifier in identifiers:
            names.subject(identifier)
        best = min(best, time.process_time() - start)
    assert best / len(identifiers) < 2.5e-6
