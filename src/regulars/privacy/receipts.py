"""Receipts: signed so that anybody with the public key can tell that none was made up or changed.

Ed25519 (RFC 8032) over the canonical form: the record as JSON with sorted names and no spaces, times in UTC, and
without the signature and what is empty; so a field that is added later does not invalidate a receipt of today.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from regulars.core.rights import in_utc

if TYPE_CHECKING:
    from regulars.core.rights import Receipt


def canonical(receipt: Receipt) -> bytes:
    """Return the bytes that are signed: the same for the same receipt, whatever it went through.

    Raises
    ------
    UsageError
        One of its times has no zone.
    """
    plain = msgspec.structs.replace(
        receipt, requested=in_utc(receipt.requested), finished=in_utc(receipt.finished), signature=""
    )
    fields = msgspec.to_builtins(plain)
    return msgspec.json.encode({name: value for name, value in fields.items() if value not in ("", [])}, order="sorted")


def sign(receipt: Receipt, private_key: bytes) -> Receipt:
    """Return the receipt with the key's id and a signature.

    Parameters
    ----------
    receipt
        What was done.
    private_key
        Ed25519 seed, 32 bytes.
    """
    named = msgspec.structs.replace(receipt, key_id=key_id(public_key(private_key)))
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(canonical(named))
    return msgspec.structs.replace(named, signature=base64.b64encode(signature).decode("ascii"))


def verify(receipt: Receipt, public_key: bytes) -> bool:
    """Tell whether the receipt is what the holder of the key signed."""
    try:
        signature = base64.b64decode(receipt.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical(receipt))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def public_key(private_key: bytes) -> bytes:
    """Return the 32 bytes that verify what the private key signs; they may be published."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def key_id(public_key: bytes) -> str:
    """Return the name of a key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]
