"""The shop's own ids at the door, pseudonyms inside: the one place that turns the one into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from regulars.privacy.sealing import is_sealed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from regulars.store import Store
    from regulars.store.vault import Vault


class Names:
    """Who is who in one shop.

    Parameters
    ----------
    store, vault
        The shop's.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def subject(self, user: str, known: Collection[str] = ()) -> str:
        """Return the pseudonym of a customer, given as the shop's own id or, if it is in `known`, as a pseudonym.

        Anonymous visitors have no other name than their pseudonym.
        """
        own = self._vault.pseudonyms.subject(user)
        # A customer who was merged into another is that other one, once their rows are joined.
        latest = self._store.manifest.latest(own)
        return next((name for name in (latest, own, user) if name in known), latest)

    def person(self, user: str, known: Collection[str] = ()) -> str:
        """Return who a customer is by now, for whatever concerns all of a person: consents, rights."""
        return self._store.manifest.latest(self.subject(user, known))

    def device(self, anonymous: str) -> str:
        """Return the pseudonym of a device itself."""
        return self._vault.pseudonyms.anonymous(anonymous)

    def visitor(self, anonymous: str) -> str:
        """Return the pseudonym of a device: the customer's, once it is known whose it is."""
        return self._store.manifest.latest(self.device(anonymous))

    def all_of(self, subject: str) -> list[str]:
        """Return every pseudonym of one person: their own, their devices', those of accounts merged into theirs."""
        return [subject, *self._store.manifest.linked(subject)]

    def everyone(self, subjects: frozenset[str]) -> frozenset[str]:
        """Return these people under every pseudonym they have."""
        return subjects | self._store.manifest.linked_all(subjects)

    def version(self) -> str:
        """Return a name that changes when somebody may have turned out to be somebody else."""
        return self._store.version("events")

    def opened(self, subject: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a person with the sealed ones opened; what can no longer be opened is left out."""
        everyone = self.all_of(subject)
        found: dict[str, Any] = {}
        for name, value in fields.items():
            if is_sealed(value):
                text = self._vault.unseal(everyone, name, value)
                if text is not None:
                    found[name] = msgspec.json.decode(text)
            else:
                found[name] = value
        return found

    def of(self, subjects: Iterable[str]) -> dict[str, str]:
        """Return the shop's own ids of these people, as far as there are any."""
        return {subject: name for subject, name in self._vault.keys.names(subjects).items() if name}

    def name(self, subject: str) -> str:
        """Return the shop's own id of one person, else the pseudonym."""
        return self._vault.keys.name(subject) or subject
