"""Sealed fields: published answers, and every way in which one must not open."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.errors import DamagedError, UsageError
from regulars.privacy.sealing import cipher, is_sealed, new_key, seal, unseal, unwrap, wrap

KEY = bytes(range(32))
PLACE = {"tenant": "shop", "subject": "Ab3dEf6hIj9l", "field": "phone"}


def test_the_cipher_gives_the_published_answer_of_aes_256_gcm():
    # McGrew and Viega, The Galois/Counter Mode of Operation, test case 14.
    expected = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    assert cipher(bytes(32)).encrypt(bytes(12), bytes(16), b"") == expected


@settings(deadline=None)
@given(st.text())
def test_what_is_sealed_opens_again(text: str):
    token = seal(KEY, text, **PLACE)
    assert is_sealed(token)
    assert unseal(KEY, token, **PLACE) == text


def test_a_token_is_nonce_and_ciphertext_bound_to_its_place():
    token = seal(KEY, "13812345678", **PLACE)
    assert token.startswith("sealed:1:")
    data = urlsafe_b64decode(token.removeprefix("sealed:1:") + "==")
    bound = b"\0\0\0\4shop" + b"\0\0\0\x0cAb3dEf6hIj9l" + b"\0\0\0\5phone" + b"\0\0\0\x011"
    assert AESGCM(KEY).decrypt(data[:12], data[12:], bound) == b"13812345678"
    assert len(data) == 12 + 11 + 16


def test_the_same_text_is_never_sealed_alike():
    assert len({seal(KEY, "x", **PLACE) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("part", ["tenant", "subject", "field"])
def test_a_token_moved_elsewhere_does_not_open(part: str):
    token = seal(KEY, "13812345678", **PLACE)
    with pytest.raises(DamagedError, match="does not open"):
        unseal(KEY, token, **(PLACE | {part: "another"}))


def test_places_do_not_run_together():
    token = seal(KEY, "x", tenant="a", subject="bc", field="d")
    with pytest.raises(DamagedError):
        unseal(KEY, token, tenant="ab", subject="c", field="d")


def test_another_key_does_not_open_it():
    with pytest.raises(DamagedError, match="another key"):
        unseal(new_key(), seal(KEY, "x", **PLACE), **PLACE)


@pytest.mark.parametrize("text", ["1381234567", "13812345678", "138123456789"], ids=len)
def test_a_token_with_any_letter_changed_does_not_open(text: str):
    # Of three lengths, because base 64 has two, no or four spare bits at its end, which decoding overlooks.
    token = seal(KEY, text, **PLACE)
    for position in range(len(token)):
        for letter in "ABCDEFGHQgw_":
            changed = token[:position] + letter + token[position + 1 :]
            if changed != token:
                with pytest.raises(DamagedError):
                    unseal(KEY, changed, **PLACE)


@pytest.mark.parametrize("cut", [1, 4, 20])
def test_a_shortened_token_does_not_open(cut: int):
    with pytest.raises(DamagedError):
        unseal(KEY, seal(KEY, "13812345678", **PLACE)[:-cut], **PLACE)


@pytest.mark.parametrize(
    "value", ["", "sealed:1:", "sealed:1:short", "sealed:2:" + "A" * 40, "13812345678", 7, None, "sealed:1:" + "é" * 40]
)
def test_other_values_are_not_taken_for_sealed(value: object):
    assert not is_sealed(value)


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_key_of_another_size_is_refused(size: int):
    with pytest.raises(UsageError, match="32 bytes"):
        seal(bytes(size), "x", **PLACE)


def test_a_wrapped_key_opens_with_its_master_and_its_subject_alone():
    master, key = new_key(), new_key()
    wrapped = wrap(master, key, "one", tenant="shop")
    assert len(wrapped) == 60
    assert unwrap(master, wrapped, "one", tenant="shop") == unwrap(cipher(master), wrapped, "one", tenant="shop") == key
    for wrong in (
        lambda: unwrap(new_key(), wrapped, "one", tenant="shop"),
        lambda: unwrap(master, wrapped, "two", tenant="shop"),
        lambda: unwrap(master, wrapped, "one", tenant="other"),
        lambda: unwrap(master, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "one", tenant="shop"),
        lambda: unwrap(master, b"", "one", tenant="shop"),
    ):
        with pytest.raises(DamagedError, match="does not open"):
            wrong()
