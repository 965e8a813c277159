"""What a shop can show about how it treats personal data (GDPR 5(2), PIPL 9): counts, deadlines, an assessment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from regulars.core.rights import PURPOSES
from regulars.privacy.impact import assessment

if TYPE_CHECKING:
    from regulars.core.rights import ImpactRow
    from regulars.shop.facade import Shop


class PurposeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How people answered about one purpose."""

    given: int
    refused: int
    basis: str
    """What holds without an answer: `unless-refused` or `if-agreed`."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Differential privacy of the current month, as ε."""

    month: str
    spent: float
    limit: float


class PrivacySummary(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shop stands."""

    purposes: dict[str, PurposeSummary]
    notice: str
    """Version of the privacy notice in force."""
    controller: str
    contact: str
    open_requests: int
    overdue_requests: int
    next_due: datetime | None
    """When the first open request must be answered."""
    people: int
    """People with a key of their own."""
    erased: int
    """Keys destroyed so far: customers and the devices they were known on."""
    keep_days: int
    """0: for as long as nobody asks."""
    keep_days_by_kind: dict[str, int]
    master_key: str
    """Where the master key came from: `environment` or `file`."""
    budget: Budget


class Accountability:
    """What one shop can show.

    Parameters
    ----------
    shop
        The shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def summary(self) -> PrivacySummary:
        """Return counts by purpose, open requests, what is kept for how long, and where the master key is."""
        vault, privacy = self._shop.vault, self._shop.settings.privacy
        counts, waiting, now = vault.consents.counts(), vault.requests.open_ones(), datetime.now(UTC)
        month = now.strftime("%Y-%m")
        return PrivacySummary(
            purposes={
                purpose: PurposeSummary(**counts[purpose], basis=getattr(privacy, purpose)) for purpose in PURPOSES
            },
            notice=privacy.notice,
            controller=privacy.controller,
            contact=privacy.contact,
            open_requests=len(waiting),
            overdue_requests=sum(one.due < now for one in waiting),
            next_due=min((one.due for one in waiting), default=None),
            people=vault.keys.count(),
            erased=vault.keys.forgotten(),
            keep_days=privacy.keep_days,
            keep_days_by_kind=privacy.keep_days_by_kind,
            master_key=vault.master.source,
            budget=Budget(month=month, spent=vault.budget.spent(month), limit=privacy.epsilon_budget),
        )

    def impact(self) -> list[ImpactRow]:
        """Return the assessment of impacts, drawn up from the settings in force."""
        return assessment(self._shop.settings)
