"""Signed-in people: a cookie that names a key and ends by itself, signed so that nobody can make one."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

import msgspec

from regulars.web.tenants import Visitor

if TYPE_CHECKING:
    from regulars.core.rights import KeyInfo
    from regulars.web.tenants import Tenant, Tenants

COOKIE = "regulars_session"
HOURS = 12


class _Session(msgspec.Struct, array_like=True):
    key: str
    until: int


def make_session(tenant: Tenant, key: KeyInfo) -> str:
    """Return the value of a cookie that signs its holder in with this key."""
    payload = msgspec.msgpack.encode(_Session(key.id, int(time.time()) + HOURS * 3600))
    return base64.urlsafe_b64encode(_signature(tenant, payload) + payload).decode().rstrip("=")


def read_session(tenants: Tenants, header: bytes) -> Visitor | None:
    """Return who is signed in; None: nobody, or no longer."""
    if COOKIE.encode() not in header:
        return None
    try:
        value = SimpleCookie(header.decode("latin-1"))[COOKIE].value
        data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        session = msgspec.msgpack.decode(data[32:], type=_Session)
    except (CookieError, KeyError, binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    for tenant in tenants.all:
        if not tenant.door.is_open:
            continue
        if hmac.compare_digest(_signature(tenant, data[32:]), data[:32]):
            key = tenant.door.key(session.key)
            # A key that was revoked or has expired signs nobody in any more.
            return Visitor(tenant, key) if key is not None and session.until > time.time() else None
    return None


def _signature(tenant: Tenant, payload: bytes) -> bytes:
    return hmac.digest(
        tenant.door.vault.master.derive(b"session"), tenant.door.vault.tenant.encode() + payload, "sha256"
    )
