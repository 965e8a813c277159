"""The form of API keys: mistyped ones are told before any look-up."""

from __future__ import annotations

import hashlib
import re
import zlib

import pytest

from regulars.core.errors import UsageError
from regulars.privacy import key_format
from regulars.privacy.pseudonyms import ALPHABET


@pytest.mark.parametrize(("role", "letter"), [("write", "w"), ("public", "p"), ("secret", "s")])
def test_a_key_is_prefix_id_secret_and_checksum(role, letter: str):
    made = key_format.new(role)
    assert re.fullmatch(rf"rg_{letter}[0-9A-Za-z]{{10}}_[0-9A-Za-z]{{49}}", made.text)
    parsed = key_format.parse(made.text)
    assert parsed is not None
    assert parsed[0] == made.id
    assert made.hash == hashlib.sha256(parsed[1].encode()).digest()
    assert key_format.matches(parsed[1], made.hash)
    assert not key_format.matches(parsed[1][:-1] + "-", made.hash)


def test_the_checksum_is_crc_32_in_base_62():
    text = key_format.new("write").text
    number = 0
    for letter in text[-6:]:
        number = number * 62 + ALPHABET.index(letter)
    assert number == zlib.crc32(text[:-6].encode())


def test_a_key_with_any_letter_changed_or_swapped_is_refused():
    text = key_format.new("secret").text
    for position in range(len(text)):
        for letter in "aZ0_":
            changed = text[:position] + letter + text[position + 1 :]
            assert changed == text or key_format.parse(changed) is None
        swapped = text[:position] + text[position : position + 2][::-1] + text[position + 2 :]
        assert swapped == text or key_format.parse(swapped) is None


@pytest.mark.parametrize("text", ["", "rg_", "Bearer x", "rg_w" + "é" * 60, "rg_wAAAAAAAAAA_" + "A" * 49])
def test_what_was_never_a_key_is_refused(text: str):
    assert key_format.parse(text) is None


def test_white_space_around_a_key_is_not_part_of_it():
    text = key_format.new("write").text
    assert key_format.parse(text + "\n") is None


def test_secrets_and_ids_do_not_repeat():
    made = [key_format.new("write") for _ in range(2000)]
    assert len({key.id for key in made}) == len({key.hash for key in made}) == 2000


def test_an_unknown_role_is_refused():
    with pytest.raises(UsageError, match="not a role"):
        key_format.new("admin")  # pyright: ignore[reportArgumentType]
