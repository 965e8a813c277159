"""Records of what people allowed, what they asked for, and who may send or read.

They are frozen and ready for JSON; every time carries its zone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from regulars.core.errors import UsageError

PURPOSES: tuple[str, ...] = ("analytics", "personalisation", "marketing", "service")
"""What data may be used for; consent is asked and withdrawn for each alone."""

Role = Literal["write", "public", "secret"]
"""`write` sends events from a server, `public` sends them from a page, `secret` reads and changes everything."""
RightsKind = Literal["erase", "export", "correct", "object"]
"""What a person can ask for: GDPR 17, 15 and 20, 16, 21; PIPL 47, 45, 46, 44."""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of one person for one purpose."""

    subject: str
    """Pseudonym of the person."""
    purpose: str
    """One of `PURPOSES`."""
    given: bool
    time: datetime
    source: str
    """Where the answer came from: `page`, `api`, `dashboard`, `import`, `cli` or `signal`."""
    notice: str = ""
    """Version of the notice that was shown."""


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an API key: everything but its secret."""

    id: str
    role: Role
    label: str
    created: datetime
    rate: float
    """Events per second that the key may send in the long run."""
    burst: int
    """Events that it may send at once."""
    last_used: datetime | None = None
    """To the minute."""
    expires: datetime | None = None
    revoked: datetime | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made; its secret is shown once and kept nowhere."""

    info: KeyInfo
    secret: str

    def __repr__(self) -> str:
        return f"NewKey(info={self.info!r}, secret=…)"  # a log line must not hold a secret


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a person's data one place gave up."""

    where: str
    what: str
    count: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Signed proof of what was done about a request; it names nobody."""

    id: str
    kind: RightsKind
    subject_hash: str
    requested: datetime
    finished: datetime
    removals: list[Removal] = []
    key_id: str = ""
    """Which key signed it: the start of the public key's SHA-256."""
    signature: str = ""
    """Ed25519 over the canonical form, in base64; empty until signed."""


class RightsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for, by when it is due and what came of it."""

    id: str
    kind: RightsKind
    subject_hash: str
    requested: datetime
    due: datetime
    status: Literal["open", "done", "failed"] = "open"
    finished: datetime | None = None
    receipt: Receipt | None = None
    detail: str = ""


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """One withdrawal from a privacy budget."""

    name: str
    epsilon: float
    time: datetime


class ImpactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the impact assessment: what the law asks, and what answers it."""

    law: Literal["PIPL", "GDPR"]
    article: str
    requirement: dict[str, str]
    """Language (`en`, `zh`) → what the article asks."""
    answer: dict[str, str]
    """Language → what meets it here, or what is left to do."""
    status: Literal["met", "partly", "yours"]
    """`yours`: no program can do it for the shop."""
    settings: list[str] = []
    """Settings that the status depends on."""


def in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC.

    Raises
    ------
    UsageError
        The moment has no time zone, so that nobody can say when it was; or it is outside the years 1 to 9999.
    """
    if moment.tzinfo is None:
        raise UsageError(f"the time {moment.isoformat()} has no time zone", fix="Give it one, such as UTC.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"the time {moment.isoformat()} cannot be told in UTC") from None
