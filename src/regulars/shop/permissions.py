"""Who allows what, for everything that uses data after it was collected: looked up again twice a second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import ibis

from regulars.core.ids import content_id
from regulars.privacy.consent import allowed

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.core.settings import PrivacySettings
    from regulars.store.vault import Vault

LOOK_SECONDS = 0.5


class Permissions:
    """The consent register as later uses need it.

    Parameters
    ----------
    vault, settings
        The shop's.
    """

    def __init__(self, vault: Vault, settings: PrivacySettings) -> None:
        self._vault = vault
        self._settings = settings
        self._looked = 0.0
        self._version = -1
        self._refused: dict[str, frozenset[str]] = {}
        self._given: dict[str, frozenset[str]] = {}

    def allows(self, subject: str, purpose: str) -> bool:
        """Tell whether this person's data may be used for this purpose now."""
        self._look(purpose)
        status = True if subject in self._given[purpose] else False if subject in self._refused[purpose] else None
        return allowed(status, getattr(self._settings, purpose))

    def keep(self, events: ir.Table, purpose: str) -> ir.Table:
        """Return the events of the people who allow this purpose."""
        self._look(purpose)
        if getattr(self._settings, purpose) == "if-agreed":
            given = [ibis.literal(subject) for subject in sorted(self._given[purpose])]
            return events.filter(events.subject.isin(given or [ibis.literal("")]))
        refused = [ibis.literal(subject) for subject in sorted(self._refused[purpose])]
        return events.filter(events.subject.notin(refused)) if refused else events

    def state(self, purpose: str) -> str:
        """Return a name for who allows this purpose now: equal people, equal name."""
        self._look(purpose)
        people = self._given if getattr(self._settings, purpose) == "if-agreed" else self._refused
        return content_id("|".join(sorted(people[purpose])))[:8] if people[purpose] else ""

    def _look(self, purpose: str) -> None:
        now = time.monotonic()
        if purpose in self._refused and now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        version = self._vault.consents.version()
        if version != self._version:
            self._refused, self._given, self._version = {}, {}, version
        if purpose not in self._refused:
            self._given[purpose] = self._vault.consents.given(purpose)
            self._refused[purpose] = self._vault.consents.refused(purpose)
