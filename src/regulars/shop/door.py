"""What a server opens of a shop before anything else: its keys and its log, so that no event waits for a model."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.core.errors import BusyError
from regulars.core.settings import load_settings
from regulars.shop.collecting import Collector
from regulars.shop.keyring import Keyring
from regulars.store.manifest import Manifest
from regulars.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.core.errors import DiskError
    from regulars.core.rights import KeyInfo


class Door:
    """Where one shop's events come in.

    Parameters
    ----------
    directory
        The shop.
    settle
        Called in another thread with tokens of `accept`, once they are durable or the disk refused them.
    """

    def __init__(self, directory: Path | str, settle: Callable[[list[Any], DiskError | None], None]) -> None:
        self.directory = Path(directory)
        self.settings = load_settings(self.directory)
        self._settle = settle
        self._lock = threading.Lock()
        self._vault: Vault | None = None
        self._collector: Collector | None = None

    def open(self) -> None:
        """Open keys and log.

        Raises
        ------
        RegularsError
            The shop is damaged, or its master key is missing.
        """
        with self._lock:
            if self._vault is None:
                self._vault = open_vault(self.directory)
            if self._collector is None:
                self._collector = Collector(self.directory, self.settings, self._vault, self._settle)

    @property
    def vault(self) -> Vault:
        """The shop's keys and consents.

        Raises
        ------
        BusyError
            They are not open yet.
        """
        if self._vault is None:
            raise BusyError("the shop is not open yet", fix="Ask again in a moment.")
        return self._vault

    @property
    def keyring(self) -> Keyring:
        """Who may send events and who may ask: what changes here holds in this process at once."""
        return Keyring(self.vault, self.settings.collect)

    @property
    def is_open(self) -> bool:
        """Whether keys can be checked."""
        return self._vault is not None

    def check(self, key: str) -> KeyInfo | None:
        """Return what a key may do; None: it is not this shop's, or no longer valid."""
        return self.vault.api_keys.check(key)

    def key(self, key_id: str) -> KeyInfo | None:
        """Return a key by its id; None: it is not this shop's, or no longer valid."""
        return self.vault.api_keys.find(key_id)

    def accept(self, route: str, body: bytes, key: KeyInfo, *, signal: bool, address: str, token: Any) -> bool:
        """Take in one body, as `Collector.accept` does."""
        if self._collector is None:
            raise BusyError("the shop is not open yet", fix="Send it again in a second.")
        return self._collector.accept(route, body, key, signal=signal, address=address, token=token)

    def close(self) -> None:
        """Make everything taken in durable, and let go."""
        with self._lock:
            collector, self._collector = self._collector, None
            vault, self._vault = self._vault, None
        if collector is not None:
            collector.close()
        if vault is not None:
            vault.close()


def open_vault(directory: Path) -> Vault:
    """Open the vault of the shop in `directory`."""
    manifest = Manifest(directory / "tables" / "manifest.db")
    try:
        tenant = str(manifest.meta("tenant"))
    finally:
        manifest.close()
    return Vault(directory, tenant)
