"""How an API key is written: `rg_`, a letter for its role, its id, `_`, its secret and a checksum.

The prefix lets scanners of code find a leaked key; the checksum turns a mistyped one away before any look-up.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from typing import TYPE_CHECKING, NamedTuple

from regulars.core.errors import UsageError
from regulars.privacy.pseudonyms import ALPHABET

if TYPE_CHECKING:
    from regulars.core.rights import Role

LETTERS: dict[Role, str] = {"write": "w", "public": "p", "secret": "s"}
ID_LETTERS = 10
"""59 bits: an id is no secret and need only be unique."""
SECRET_LETTERS = 43
"""32 bytes in base 62."""
CHECK_LETTERS = 6
"""32 bits in base 62."""

_SHAPE = re.compile(
    rf"(rg_[wps]([0-9A-Za-z]{{{ID_LETTERS}}})_([0-9A-Za-z]{{{SECRET_LETTERS}}}))([0-9A-Za-z]{{{CHECK_LETTERS}}})"
)


class MadeKey(NamedTuple):
    """A new key: its id, the text to show once, and the hash to keep."""

    id: str
    text: str
    hash: bytes


def new(role: Role) -> MadeKey:
    """Return a new random key.

    Raises
    ------
    UsageError
        There is no such role.
    """
    if role not in LETTERS:
        raise UsageError(f"'{role}' is not a role of a key", fix=f"Use one of {', '.join(LETTERS)}.")
    name = "".join(secrets.choice(ALPHABET) for _ in range(ID_LETTERS))
    secret = _base62(int.from_bytes(secrets.token_bytes(32), "big"), SECRET_LETTERS)
    head = f"rg_{LETTERS[role]}{name}_{secret}"
    return MadeKey(name, head + _checksum(head), hash_of(secret))


def parse(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key, or None for what was never one.

    The letter of the role is for people: what a key may do is what was stored when it was made.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or _checksum(shape[1]) != shape[4]:
        return None
    return shape[2], shape[3]


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret: its SHA-256, 32 bytes.

    Slow hashes (Argon2, bcrypt) make guessing dear where people choose the secret. This one is 256 random bits:
    no number of guesses finds it, however fast each is, and a slow hash would only slow the collector down.
    """
    return hashlib.sha256(secret.encode("ascii")).digest()


def matches(secret: str, kept: bytes) -> bool:
    """Tell whether the secret is the one whose hash was kept, in a time that says nothing of how near it was."""
    return hmac.compare_digest(hash_of(secret), kept)


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode("ascii")), CHECK_LETTERS)


def _base62(number: int, width: int) -> str:
    letters: list[str] = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    return "".join(reversed(letters))
