"""The keys of the shop: who may send events and who may ask."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import PathParameter, RawBody
from msgspec import Meta

from regulars.core.rights import KeyInfo, NewKey, Role
from regulars.shop.keyring import OVERLAP_HOURS
from regulars.web.api.bodies import TAKES, Body, Line, read
from regulars.web.desk import OpenKeyring

TAGS = ["keys"]
KeyId = Annotated[str, PathParameter(description="The key's id, as /api/keys lists it.")]


class KeyWish(Body, frozen=True, kw_only=True):
    """A key to make."""

    role: Annotated[Role, Meta(description="write: a server sends events; public: a page does; secret: everything.")]
    label: Annotated[Line, Meta(description="What you call it.")] = ""
    rate: Annotated[float, Meta(gt=0, le=1e9, description="Events a second for long.")] | None = None
    burst: Annotated[int, Meta(ge=1, le=10**9, description="Events at once.")] | None = None
    days: Annotated[float, Meta(gt=0, le=36_500, description="Days until it stops working.")] | None = None


class Rotation(Body, frozen=True, kw_only=True):
    """How a key is replaced."""

    overlap_hours: Annotated[float, Meta(ge=0, le=8_760, description="Hours that the old key works yet.")] = (
        OVERLAP_HOURS
    )


class ShownKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made; the secret is shown this once."""

    info: KeyInfo
    secret: str


@get("/keys", summary="List the keys", tags=TAGS, sync_to_thread=True)
def keys(keyring: OpenKeyring) -> list[KeyInfo]:
    """Return every key without its secret, oldest first, those that no longer work too."""
    return keyring.list()


@post("/keys", summary="Make a key", tags=TAGS, sync_to_thread=True, opt={TAKES: KeyWish})
def make_key(keyring: OpenKeyring, body: RawBody) -> ShownKey:
    """Make a key and return its secret, which is kept nowhere."""
    wish = read(body, KeyWish)
    return shown(keyring.create(wish.role, wish.label, rate=wish.rate, burst=wish.burst, days=wish.days))


@post("/keys/{key_id:str}/rotate", summary="Replace a key", tags=TAGS, sync_to_thread=True, opt={TAKES: Rotation})
def rotate_key(keyring: OpenKeyring, key_id: KeyId, body: RawBody) -> ShownKey:
    """Make a key that takes over from this one, which works for a while yet; the body may be left out."""
    return shown(keyring.rotate(key_id, read(body or b"{}", Rotation).overlap_hours))


@delete("/keys/{key_id:str}", summary="Stop a key", tags=TAGS, sync_to_thread=True)
def revoke_key(keyring: OpenKeyring, key_id: KeyId) -> None:
    """Stop a key for good: here at once, in the server's other processes within a second."""
    keyring.revoke(key_id)


def shown(made: NewKey) -> ShownKey:
    """Return a new key as it is shown."""
    return ShownKey(info=made.info, secret=made.secret)


KEYS: list[Any] = [keys, make_key, rotate_key, revoke_key]
