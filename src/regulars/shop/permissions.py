"""Who allows what, for everything that uses data after it was collected: looked up again twice a second."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import ibis

from regulars.core.ids import content_id
from regulars.core.rights import PURPOSES
from regulars.privacy.consent import allowed

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.core.settings import PrivacySettings
    from regulars.shop.names import Names
    from regulars.store.vault import Vault

LOOK_SECONDS = 0.5
SLOW_SECONDS = 0.02
"""A register that takes longer to read is read beside the requests, not in one of them."""


class _Answers(NamedTuple):
    state: tuple[int, str]
    refused: dict[str, frozenset[str]]
    given: dict[str, frozenset[str]]
    names: dict[str, str]
    """Purpose → a name for who allows it: equal people, equal name."""


class Permissions:
    """The consent register as later uses need it: an answer covers everyone a person was, their devices too.

    Parameters
    ----------
    vault, names, settings
        The shop's.
    """

    def __init__(self, vault: Vault, names: Names, settings: PrivacySettings) -> None:
        self._vault = vault
        self._names = names
        self._settings = settings
        self._answers: _Answers | None = None
        self._looked = 0.0
        self._slow = False
        self._reading = threading.Lock()

    def allows(self, subject: str, purpose: str) -> bool:
        """Tell whether this person's data may be used for this purpose now."""
        answers = self._look()
        given, refused = subject in answers.given[purpose], subject in answers.refused[purpose]
        return allowed(False if refused else True if given else None, getattr(self._settings, purpose))

    def keep(self, events: ir.Table, purpose: str) -> ir.Table:
        """Return the events of the people who allow this purpose."""
        answers = self._look()
        if getattr(self._settings, purpose) == "if-agreed":
            given = [ibis.literal(subject) for subject in sorted(answers.given[purpose] - answers.refused[purpose])]
            return events.filter(events.subject.isin(given or [ibis.literal("")]))
        refused = [ibis.literal(subject) for subject in sorted(answers.refused[purpose])]
        return events.filter(events.subject.notin(refused)) if refused else events

    def state(self, purpose: str) -> str:
        """Return a name for who allows this purpose now: equal people, equal name."""
        return self._look().names[purpose]

    def _look(self) -> _Answers:
        now, answers = time.monotonic(), self._answers
        if answers is not None and now - self._looked < LOOK_SECONDS:
            return answers
        idle, self._looked = now - self._looked, now
        # After a pause nobody has followed the register: whoever comes first reads it, however long that takes.
        if answers is not None and self._slow and idle < 2 * LOOK_SECONDS:
            if not self._reading.locked():
                threading.Thread(target=self._read, name="permissions", daemon=True).start()
            return answers
        return self._read()

    def _read(self) -> _Answers:
        with self._reading:
            started = time.monotonic()
            # Who was whom changes without an answer, with the tables.
            state = (self._vault.consents.version(), self._names.version())
            before = self._answers
            if before is not None and before.state == state:
                return before
            consents = self._vault.consents
            refused = {purpose: self._names.everyone(consents.refused(purpose)) for purpose in PURPOSES}
            given = {purpose: self._names.everyone(consents.given(purpose)) for purpose in PURPOSES}
            names: dict[str, str] = {}
            for purpose in PURPOSES:
                counted = given if getattr(self._settings, purpose) == "if-agreed" else refused
                names[purpose] = content_id("|".join(sorted(counted[purpose])))[:8] if counted[purpose] else ""
            self._answers = _Answers(state, refused, given, names)
            self._slow = time.monotonic() - started > SLOW_SECONDS
            return self._answers
