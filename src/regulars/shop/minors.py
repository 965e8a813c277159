"""Customers that turn out to be children: what the shop's settings refuse on their behalf."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from regulars.core.rights import Consent
from regulars.privacy.personal import under_14

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from regulars.core.settings import Settings
    from regulars.store.vault import Vault

SOURCE = "under-14"


def refuse_for_minors(vault: Vault, settings: Settings, said: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Record that children refuse to be profiled and written to and, where the shop says so, to be counted.

    What they refuse already, and people who were erased, are passed over.

    Parameters
    ----------
    vault
        The shop's.
    settings
        Its settings: `privacy.under_14`, and the time zone in which birthdays come.
    said
        Pseudonyms, and the traits that may tell an age.
    """
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(settings.shop.time_zone)).date()
    purposes = ["personalisation", "marketing"]
    purposes += ["analytics"] if settings.privacy.under_14 == "refuse" else []
    gone = vault.consents.suppressed()
    answers: list[Consent] = []
    for subject, traits in said:
        if not under_14(traits, today) or (gone and vault.pseudonyms.suppressed(subject) in gone):
            continue
        current = vault.consents.current(subject)
        answers += [
            Consent(
                subject=subject, purpose=purpose, given=False, time=now, source=SOURCE, notice=settings.privacy.notice
            )
            for purpose in purposes
            if purpose not in current or current[purpose].given
        ]
    vault.consents.record(answers)
