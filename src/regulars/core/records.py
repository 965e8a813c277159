"""Records that cross a room's border: frozen, typed, and ready for JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was set aside, and why."""

    file: str
    line: int
    column: str
    reason: str
    excerpt: str = ""


class ImportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did: every row read is added, a duplicate, or rejected."""

    files: list[str]
    table: str
    read: int
    added: int
    duplicates: int
    rejected: int
    rejects_file: str | None = None
    reasons: dict[str, int] = {}
    seconds: float = 0.0


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an item is shown: a code that a page words in its own language, and what fills it.

    Codes: `buy_again` (times, every_days, days_ago), `bought_next` (item, title: followers of that item),
    `bought_with` (item, title), `similar_customers`, `popular` (days), `seasonal`.
    """

    code: str
    facts: dict[str, Any] = {}


class SlateItem(msgspec.Struct, frozen=True, kw_only=True):
    """One recommended item."""

    item: str
    title: str
    score: float
    reason: Reason
    category: str = ""
    brand: str = ""
    price: float | None = None
    currency: str = ""
    parts: dict[str, float] = {}
    """What each model part added to the score."""


class Slate(msgspec.Struct, frozen=True, kw_only=True):
    """What to show, in order, and which decision this was."""

    decision: str
    kind: str
    """`customer`, `item` or `basket`."""
    subject: str | None
    policy: str
    items: list[SlateItem]
    fallback: bool = False
    """True when nothing was known about the customer and the slate is what is popular."""
    personalised: bool = True
    """False when the customer does not allow personalisation: the same slate is shown to everyone."""


class CustomerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the customer list."""

    subject: str
    segment: str
    first_day: date
    last_day: date
    active_days: int
    orders: int
    spend: float
    typical_gap: float | None
    """Median days between active days; None below two active days."""
    days_since: int


class CustomerPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of customers and how many match in all."""

    total: int
    customers: list[CustomerSummary]


class HistoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event as a person reads it."""

    time: datetime
    kind: str
    item: str | None
    title: str
    category: str
    quantity: float | None
    value: float | None
    session: str | None
    campaign: str | None


class ReturnChance(msgspec.Struct, frozen=True, kw_only=True):
    """The chance that a customer is back within some days, from customers who came as often."""

    days: int
    share: float
    low: float
    high: float
    """95% interval."""
    n: int
    """Waits of that rhythm that had lasted as long as this customer's."""


class Favourite(msgspec.Struct, frozen=True, kw_only=True):
    """An item a customer bought on several days."""

    item: str
    title: str
    days: int


class CustomerProfile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a page shows about one customer, without recommendations."""

    summary: CustomerSummary
    attributes: dict[str, Any]
    top_categories: list[tuple[str, float]]
    """Category and its share of the spend, largest first."""
    history: list[HistoryLine]
    """Newest first, at most the asked number of lines."""
    history_total: int
    """Events of the kinds asked for."""
    kinds: dict[str, int] = {}
    """Kind → events of it, the commonest first."""
    active: list[date] = []
    """Days of the last half year on which they came, oldest first."""
    favourites: list[Favourite] = []
    """What they bought on the most days."""
    top_brands: list[tuple[str, float]] = []
    """Brand and its share of the spend, largest first."""
    rfm: str = ""
    """Segment by recency, frequency and money; '' for who bought nothing."""
    cohorts: list[str] = []
    """Saved cohorts that they belong to."""
    chances: list[ReturnChance] = []
    messages: list[HistoryLine] = []
    """What the shop sent them and how they answered, newest first."""


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A product of the catalogue."""

    item: str
    title: str = ""
    category: str = ""
    brand: str = ""
    price: float | None = None
    currency: str = ""
    text: str = ""
    stock: float | None = None
    image: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing `doctor` looked at."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a piece of work took."""

    cpu_seconds: float = 0.0
    """Processor time, child processes included."""
    wall_seconds: float = 0.0
    peak_bytes: int = 0
    """The most memory this process held during the work."""
    watt_hours: float = 0.0
    energy: Literal["measured", "estimated"] = "estimated"
    """Read from the processor's counters, or processor time × an assumed power of a core."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """How a learned version came of an earlier one."""

    weighed_in: str
    """The version that was learned from the start: the weights of the blend and the figures are from there."""
    went_on_from: str = ""
    """The version whose models learned on; empty when none did."""
    erased: int = 0
    """Customers who were erased since everything was learned from the start."""
    recounted_at: datetime | None = None
    """When the last of them were taken out of all that is counted."""
    forget_later: list[str] = []
    """Models in which sums over everyone still show those customers a little, until they learn from the start."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """A learned model: what it is, what it learned from, how well it did on held-out days."""

    name: str
    version: str
    trained_at: datetime
    snapshot: str
    customers: int
    items: int
    interactions: int
    fit_seconds: float
    settings: dict[str, Any] = {}
    quality: dict[str, Any] = {}
    cost: Cost | None = None
    """What its learning took; None on cards of earlier versions, and for baselines."""
    lineage: Lineage | None = None
    """None: learned from the start, and nobody was erased since."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop holds now."""

    name: str
    path: str
    snapshot: str
    events: int
    customers: int
    items: int
    first_day: date | None
    last_day: date | None
    models: list[ModelCard] = []


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """What a question in plain words was taken to mean."""

    name: str | None
    """The question it is; None when none fits."""
    params: dict[str, str] = {}
    """Its parameters, as text."""
    reading: list[tuple[str, str]] = []
    """The words that said so, and the parameter or question that they were taken for."""
    others: list[str] = []
    """Questions that it could be instead, the likeliest first."""
    confidence: float = 0.0
    """Between 0 and 1."""
    by: str = "rules"
    """`rules` or `model`."""
