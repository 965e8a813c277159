"""Personal fields, encrypted so that deleting one small key makes them unreadable everywhere.

AES-256 in Galois/counter mode (NIST SP 800-38D) with a random 96-bit nonce. Tenant, subject, field and version are
authenticated with it: a sealed phone number moved to another person or another field does not open.
"""

from __future__ import annotations

import binascii
import os
import re
from base64 import urlsafe_b64encode
from typing import TypeGuard

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regulars.core.errors import DamagedError, UsageError

VERSION = "1"
PREFIX = f"sealed:{VERSION}:"
KEY_BYTES = 32
NONCE_BYTES = 12
# A nonce and an authentication tag make 28 bytes, 38 letters of base 64, before the first letter of text.
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{38,}}")


def new_key() -> bytes:
    """Return a new random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, text: str, *, tenant: str, subject: str, field: str) -> str:
    """Return the text sealed for one field of one person: `sealed:1:` and URL-safe base 64 without padding.

    Parameters
    ----------
    key
        The subject's 32 bytes.
    text
        Any text, '' included.
    tenant, subject, field
        Where it belongs; opening it needs the same three.

    Raises
    ------
    UsageError
        The key has not 32 bytes.
    """
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher(key).encrypt(nonce, text.encode("utf-8", "surrogatepass"), bound(tenant, subject, field, VERSION))
    return PREFIX + urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode("ascii")


def unseal(key: bytes, token: str, *, tenant: str, subject: str, field: str) -> str:
    """Return the text that was sealed.

    Raises
    ------
    DamagedError
        The token was changed, belongs to another person or field, or was sealed with another key.
    """
    if not is_sealed(token):
        raise DamagedError("is not a sealed value", where=field)
    body = token[len(PREFIX) :]
    try:
        data = binascii.a2b_base64(body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4))
    except binascii.Error:
        raise _damaged(field) from None
    # Base 64 has spare bits at its end: only one spelling of the same bytes is the one that was written.
    if urlsafe_b64encode(data).rstrip(b"=") != body.encode("ascii"):
        raise _damaged(field)
    try:
        opened = cipher(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound(tenant, subject, field, VERSION))
    except InvalidTag:
        raise _damaged(field) from None
    return opened.decode("utf-8", "surrogatepass")


def is_sealed(value: object) -> TypeGuard[str]:
    """Tell whether a value has the form of a sealed one; only opening it proves that it is."""
    return isinstance(value, str) and _SHAPE.fullmatch(value) is not None


def wrap(master: bytes | AESGCM, key: bytes, subject: str, *, tenant: str = "") -> bytes:
    """Return a subject's key, encrypted by the master key: 60 bytes.

    Random nonces keep one master key safe for 2³² keys (SP 800-38D, 8.3).

    Parameters
    ----------
    master
        32 bytes, or the cipher made of them where many keys are wrapped in a row.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher(master).encrypt(nonce, key, bound(tenant, subject, "key", VERSION))


def unwrap(master: bytes | AESGCM, wrapped: bytes, subject: str, *, tenant: str = "") -> bytes:
    """Return the subject's key.

    Raises
    ------
    DamagedError
        It was wrapped by another master key or for another subject, or was changed.
    """
    try:
        return cipher(master).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound(tenant, subject, "key", VERSION)
        )
    except (InvalidTag, ValueError):
        raise DamagedError(
            "a subject's key does not open",
            where=f"subject {subject}",
            fix="Is this the master key that the shop was made with? Otherwise restore keys.db from a backup.",
        ) from None


def cipher(key: bytes | AESGCM) -> AESGCM:
    """Return the cipher of a key; a cipher is its own.

    Raises
    ------
    UsageError
        The key has not 32 bytes: a shorter one would quietly mean weaker AES.
    """
    if isinstance(key, AESGCM):
        return key
    if len(key) != KEY_BYTES:
        raise UsageError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return AESGCM(key)


def bound(*parts: str) -> bytes:
    """Return texts as bytes in which no two lists are alike: each behind its length of four bytes."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join([len(data).to_bytes(4, "big") + data for data in encoded])


def _damaged(field: str) -> DamagedError:
    return DamagedError(
        "a sealed value does not open: it was changed, moved, or sealed with another key",
        where=field,
        fix="Restore it from a backup, or send the value again.",
    )
