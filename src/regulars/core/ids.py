"""Identifiers: derived from content where the same thing must get the same name, random elsewhere."""

from __future__ import annotations

import hashlib
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def content_id(text: str) -> str:
    """Return 32 hexadecimal digits of BLAKE2b: equal text, equal id.

    128 bits keep the chance of a collision among 10^12 events under 10^-14.
    """
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def new_id(prefix: str) -> str:
    """Return a new id that sorts by time: prefix, 9 characters of milliseconds, 13 of randomness."""
    number = (time.time_ns() // 1_000_000) << 65 | secrets.randbits(65)
    letters: list[str] = []
    for _ in range(22):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(letters))}"
