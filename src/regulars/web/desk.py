"""The open shop that requests are answered from: opened once, looked after while the server runs."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation
from litestar.types import Scope

from regulars.core.errors import DamagedError, RegularsError
from regulars.shop import Shop
from regulars.shop.keyring import Keyring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from litestar import Litestar

    from regulars.web.tenants import Visitor

VISITOR = "regulars.visitor"
"""Where the scope of a request says who asks."""
ASKED = "regulars.asked"
"""Where it holds the path as it was asked for, before the router made two slashes one."""
LOOK_EVERY_SECONDS = 5.0


class Desk:
    """Holds the shop of this process and keeps it current.

    A shop that cannot be opened does not stop the server: requests are told why (503), and opening is
    tried again with every look, so that repairing the shop is enough.
    """

    def __init__(self, directory: Path, open_shop: Callable[[Path], Shop]) -> None:
        self.directory = directory
        self._open_shop = open_shop
        self._shop: Shop | None = None
        self._failure: RegularsError | None = None
        self._looked = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    @property
    def shop(self) -> Shop:
        """The open shop.

        Raises
        ------
        DamagedError
            The shop is not open, with what opening it said.
        """
        if self._shop is None:
            raise DamagedError(
                f"the shop is not open: {self._failure.message}" if self._failure else "the shop is not open yet",
                fix=self._failure.fix if self._failure else "Ask again in a moment.",
            )
        return self._shop

    def look(self) -> None:
        """Open the shop, or see what another process imported or learned since the last look."""
        try:
            opened = self._shop is None
            if self._shop is None:
                self._shop = self._open_shop(self.directory)
            if self._shop.refresh() or opened:
                _settle()
            self._failure = None
        except RegularsError as error:
            self._failure = error

    @asynccontextmanager
    async def tending(self, _: Litestar) -> AsyncGenerator[None]:
        """Open the shop, and look again every few seconds; requests about it wait in `looked`, events do not."""
        task = asyncio.create_task(self._tend())
        try:
            yield
        finally:
            # A thread that is still opening the shop would leave it open; one that asks it would find it closed.
            self._closing = True
            await self._looked.wait()
            await self._idle.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._close()

    def _close(self) -> None:
        """Let go of the shop, and of what was kept out of the garbage collector's rounds."""
        gc.unfreeze()
        shop, self._shop = self._shop, None
        if shop is not None:
            shop.close()
        _ = gc.collect()

    async def _tend(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            self._looked.set()
            await self._renew()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _renew(self) -> None:
        """Get the answers ready that people look at; what goes wrong there is told to whoever asks next."""
        shop = self._shop
        if shop is None or self._closing:
            return
        self._idle.clear()
        try:
            with suppress(RegularsError):
                await asyncio.to_thread(shop.renew, lambda: self._closing)
        finally:
            self._idle.set()

    async def looked(self) -> None:
        """Return once the shop has been opened, or opening it has failed, for the first time."""
        await self._looked.wait()


def _settle() -> None:
    """Take what was just loaded out of the garbage collector's rounds.

    A round over a catalogue of a hundred thousand items stops every request for 50 ms and never finds anything.
    """
    gc.unfreeze()
    _ = gc.collect()
    gc.freeze()


def provide_shop(scope: Scope) -> Shop:
    """Return the open shop of whoever asks to a handler that asks for `shop`."""
    visitor: Visitor = scope[VISITOR]  # type: ignore[literal-required] - put there before any route is found
    return visitor.tenant.desk.shop


def provide_keyring(scope: Scope) -> Keyring:
    """Return the keys of the shop of whoever asks to a handler that asks for `keyring`."""
    visitor: Visitor = scope[VISITOR]  # type: ignore[literal-required] - put there before any route is found
    return visitor.tenant.door.keyring


SHOP = Provide(provide_shop, sync_to_thread=False)
KEYRING = Provide(provide_keyring, sync_to_thread=False)
OpenShop = NamedDependency[SkipValidation[Shop]]
OpenKeyring = NamedDependency[SkipValidation[Keyring]]
