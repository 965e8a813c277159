"""Records of saved groups of customers."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class Cohort(msgspec.Struct, frozen=True, kw_only=True):
    """A group of customers that has a name: who belongs to it is found anew whenever somebody asks."""

    name: str
    rules: list[str] = []
    """All of them hold for a member; see `regulars.insights.cohort_rules`."""
    description: str = ""
    listed: int | None = None
    """How many customers its fixed list holds; None: it has none."""
    version: int = 1
    """Grows when the definition is replaced."""
    created: datetime
    changed: datetime


class CohortMembers(msgspec.Struct, frozen=True, kw_only=True):
    """A cohort with who belongs to it now."""

    cohort: Cohort
    as_of: date | None
    """The last day with activity, at whose evening the rules are looked at."""
    size: int
    """Members who allow analytics and have been active."""
    customers: int
    """All such customers, members or not."""
    members: list[str]
    """A page of them, by the shop's own ids where there are any."""
