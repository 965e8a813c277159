"""What each person allows, as far as the compactor needs it: kept in memory, followed as answers arrive.

In memory the same rule holds as in the register (the later answer; of two at one time the refusal), so that an event
meets the same answer whether the register has been read again since or not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from regulars.core.rights import PURPOSES, Consent
from regulars.privacy.consent import allowed, purposes_of
from regulars.privacy.masks import mask

if TYPE_CHECKING:
    from regulars.core.settings import PrivacySettings
    from regulars.events.wire import WireEvent
    from regulars.store.vault import Vault

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Agreements:
    """Consents by purpose, and the people of whom nothing is kept any more."""

    def __init__(self, vault: Vault, settings: PrivacySettings) -> None:
        self._vault = vault
        self._settings = settings
        self._version = -1
        self._answers: dict[str, dict[str, bool]] = {purpose: {} for purpose in PURPOSES}
        self._suppressed: frozenset[str] = frozenset()
        self._details: dict[tuple[str, str], tuple[int, str]] = {}
        """Purpose and person → when and how the answer in force was given, of those that had to be known."""
        self.new: list[Consent] = []
        self.moves: list[tuple[str, str]] = []
        """Visitors whose answers go to the customer they turned out to be."""

    def refresh(self) -> None:
        """Take in what other processes recorded."""
        version = self._vault.consents.version()
        if version == self._version:
            return
        consents = self._vault.consents
        for purpose in PURPOSES:
            self._answers[purpose] = dict.fromkeys(consents.given(purpose), True) | dict.fromkeys(
                consents.refused(purpose), False
            )
        self._details.clear()
        self._suppressed = consents.suppressed()
        self._version = version

    def gone(self, subject: str) -> bool:
        """Tell whether this person was erased."""
        return bool(self._suppressed) and self._vault.pseudonyms.suppressed(subject) in self._suppressed

    def may_count(self, subject: str, *, signal: bool) -> bool:
        """Tell whether this person's event may be kept."""
        return allowed(
            self._answers["analytics"].get(subject),
            self._settings.analytics,
            refused_by_signal=signal and self._settings.honour_signals,
        )

    def hear(self, event: WireEvent, subject: str, *, page: bool, received: int) -> None:
        """Note what an event says about consent, where it says anything new.

        An answer from the future is one of now: it could not be withdrawn before. Anybody can read a page's key, so
        that what a page says may restrict, but never undo what somebody refused elsewhere.
        """
        if not event.consent:
            return
        time, notice = min(event.time, received), event.properties.get("notice")
        for purpose, given in purposes_of(event.consent).items():
            if given and page and self._refused_elsewhere(subject, purpose):
                continue
            self.note(subject, purpose, given, time, "page" if page else "api", mask(str(notice)) if notice else None)

    def _refused_elsewhere(self, subject: str, purpose: str) -> bool:
        return self._answers[purpose].get(subject) is False and self._said(subject, purpose)[1] != "page"

    def note(self, subject: str, purpose: str, given: bool, time: int, source: str, notice: object = None) -> None:
        """Note one answer, unless it is the one in force."""
        if self._answers[purpose].get(subject) is given:
            return
        self._put(subject, purpose, given, (time, source))
        self.new.append(
            Consent(
                subject=subject,
                purpose=purpose,
                given=given,
                time=_EPOCH + timedelta(microseconds=time),
                source=source,
                notice=str(notice)[:64] if notice else self._settings.notice,
            )
        )

    def follow(self, anonymous: str, known: str) -> None:
        """Let what a visitor answered go with them when they become known."""
        theirs = {purpose: answers[anonymous] for purpose, answers in self._answers.items() if anonymous in answers}
        for purpose, given in theirs.items():
            self._put(known, purpose, given, self._said(anonymous, purpose))
            del self._answers[purpose][anonymous]
        if theirs:
            self.moves.append((anonymous, known))

    def taken(self) -> tuple[list[Consent], list[tuple[str, str]]]:
        """Return the answers and moves that are new since the last call."""
        new, self.new = self.new, []
        moves, self.moves = self.moves, []
        return new, moves

    def _put(self, subject: str, purpose: str, given: bool, said: tuple[int, str]) -> None:
        if subject in self._answers[purpose]:
            before, _ = self._said(subject, purpose)
            if said[0] < before or (said[0] == before and given):
                return
        self._answers[purpose][subject] = given
        self._details[purpose, subject] = said

    def _said(self, subject: str, purpose: str) -> tuple[int, str]:
        """Return when and how the answer in force was given; the register does not know those of this round yet."""
        found = self._details.get((purpose, subject))
        if found is None:
            answer = self._vault.consents.current(subject)[purpose]
            found = (answer.time - _EPOCH) // timedelta(microseconds=1), answer.source
            self._details[purpose, subject] = found
        return found
