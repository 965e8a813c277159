"""The shops of one server: separate directories, separate keys, and a key opens one of them."""

from __future__ import annotations

import asyncio
import base64
import binascii
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from regulars.core.errors import DiskError, RegularsError
from regulars.shop.door import Door
from regulars.web.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from litestar import Litestar

    from regulars.core.rights import KeyInfo
    from regulars.shop import Shop

KNOWN = 10_000


class Tenant:
    """One shop of this server: the open shop for questions, the door for events."""

    def __init__(self, directory: Path, open_shop: Callable[[Path], Shop]) -> None:
        self.directory = directory
        self.desk = Desk(directory, self._open)
        self._open_shop = open_shop
        self._loop: asyncio.AbstractEventLoop | None = None
        self.door = Door(directory, self._settle)

    @asynccontextmanager
    async def tending(self, app: Litestar) -> AsyncGenerator[None]:
        """Take in events from the start, and answer questions once the shop is open."""
        self._loop = asyncio.get_running_loop()
        # A shop that cannot be opened is tried again with every look of the desk.
        with suppress(RegularsError):
            self.door.open()
        try:
            async with self.desk.tending(app):
                yield
        finally:
            # Whatever was taken in is durable before the process ends.
            await asyncio.to_thread(self.door.close)

    def _open(self, directory: Path) -> Shop:
        """Open the door, if it is not yet, and the shop behind it."""
        self.door.open()
        return self._open_shop(directory)

    def _settle(self, tokens: list[Any], error: DiskError | None) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_answer, tokens, error)


def _answer(tokens: list[asyncio.Future[None]], error: DiskError | None) -> None:
    for token in tokens:
        # A client that went away cancelled its own.
        if not token.done():
            if error is None:
                token.set_result(None)
            else:
                token.set_exception(error)


class Visitor(NamedTuple):
    """Who asks: which shop's key, and what it may do."""

    tenant: Tenant
    key: KeyInfo | None
    """None: this machine's own back office."""

    @property
    def role(self) -> str:
        """Return `write`, `public` or `secret`."""
        return self.key.role if self.key else "secret"


class Tenants:
    """Every shop of this server."""

    def __init__(self, directories: Sequence[Path], open_shop: Callable[[Path], Shop]) -> None:
        self.all = [Tenant(directory, open_shop) for directory in directories]
        self._of_key: dict[str, Tenant] = {}

    @property
    def only(self) -> Tenant | None:
        """The shop, where there is one alone."""
        return self.all[0] if len(self.all) == 1 else None

    def visitor(self, text: str) -> Visitor | None:
        """Return whose key this is; None: nobody's, or no longer."""
        known = self._of_key.get(text)
        failure: RegularsError | None = None
        for tenant in [known] if known else self.all:
            try:
                info = tenant.door.check(text)
            except RegularsError as error:
                # A shop that cannot be opened closes no other.
                failure, info = error, None
            if info is not None:
                if len(self._of_key) > KNOWN:
                    self._of_key.clear()
                self._of_key[text] = tenant
                return Visitor(tenant, info)
        if failure is not None:
            # Nobody is told that their key is wrong while it may be that shop's.
            raise failure
        return None

    @asynccontextmanager
    async def tending(self, app: Litestar) -> AsyncGenerator[None]:
        """Open all of them while the server runs."""
        async with AsyncExitStack() as stack:
            for tenant in self.all:
                await stack.enter_async_context(tenant.tending(app))
            yield


def presented(header: bytes | str) -> str:
    """Return the key in an Authorization header: Bearer, or the user name of Basic; '' when there is none."""
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    scheme, _, value = text.strip().partition(" ")
    scheme, value = scheme.lower(), value.strip()
    if scheme == "bearer":
        return value
    if scheme != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode("latin-1").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
