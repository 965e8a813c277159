"""The keys of one shop, as a person looks after them: made, listed, replaced, stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from regulars.core.rights import KeyInfo, NewKey, Role
    from regulars.core.settings import CollectSettings
    from regulars.store.vault import Vault

OVERLAP_HOURS = 24.0
"""How long a key that was replaced goes on working, so that no sender has to change at one instant."""


class Keyring:
    """Keys of one shop.

    Parameters
    ----------
    vault
        Where they are kept.
    collect
        What a key may send when nobody says.
    """

    def __init__(self, vault: Vault, collect: CollectSettings) -> None:
        self._keys = vault.api_keys
        self._collect = collect

    def list(self) -> list[KeyInfo]:
        """Return every key, oldest first, those that no longer work too."""
        return self._keys.list()

    def create(
        self,
        role: Role,
        label: str = "",
        *,
        rate: float | None = None,
        burst: int | None = None,
        days: float | None = None,
    ) -> NewKey:
        """Make a key; its secret is in the answer and nowhere else.

        Parameters
        ----------
        role
            `write`, `public` or `secret`.
        label
            What a person calls it.
        rate, burst
            Events a second in the long run, and at once; None: what the settings say.
        days
            Until it stops working; None: never.

        Raises
        ------
        UsageError
            There is no such role, or a limit is not above 0.
        """
        return self._keys.create(
            role,
            label,
            rate=self._collect.rate if rate is None else rate,
            burst=self._collect.burst if burst is None else burst,
            expires=None if days is None else datetime.now(UTC) + timedelta(days=days),
        )

    def rotate(self, key: str, overlap_hours: float = OVERLAP_HOURS) -> NewKey:
        """Make a key that takes over from another, which works for `overlap_hours` yet.

        Raises
        ------
        NotFoundError
            There is no key of this id.
        UsageError
            It works no longer.
        """
        return self._keys.rotate(key, overlap_hours * 3600)

    def revoke(self, key: str) -> None:
        """Stop a key for good.

        Raises
        ------
        NotFoundError
            There is no key of this id.
        """
        self._keys.revoke(key)


def state_of(key: KeyInfo) -> Literal["valid", "expired", "revoked"]:
    """Tell whether a key still works."""
    if key.revoked is not None:
        return "revoked"
    return "expired" if key.expires is not None and key.expires <= datetime.now(UTC) else "valid"
