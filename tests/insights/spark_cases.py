"""What is asked of two engines: every question, the ways of asking it, and the tables that pages are made of."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tests.insights.eventful_shop import ODD

from regulars.insights import QUESTIONS, customer_history, customer_summaries, top_categories
from regulars.insights.cohort_rules import read_rules
from regulars.insights.cohorts import cohort_members
from regulars.insights.dimensions import OF_CUSTOMERS, OF_EVENTS, with_group
from regulars.insights.history import customer_kinds, favourite_items, top_brands
from regulars.insights.rfm import rfm_scores
from regulars.insights.rhythm import waits_by_rhythm

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    from regulars.insights import Sources

AS_OF = date(2024, 5, 9)
LOW = {"min_orders": 2, "min_customers": 1}
"""Enough for a small shop to have an answer at all."""

WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stickiness", {"breakdown": "first_channel", "window": 7, "groups": 2}),
    ("stickiness", {"where": "country=CN|中国,device!=desktop", "kinds": "view,purchase"}),
    ("retention", {"variant": "recurring", "period": "month"}),
    ("retention", {"variant": "unbounded", "breakdown": "segment"}),
    ("retention", {"cohort_kinds": "view", "return_kinds": "purchase", "settling_days": 0, "period": "day"}),
    ("lifecycle", {"period": "month", "kinds": "purchase"}),
    ("lifecycle", {"where": "cohort:茶客=in", "to": "2024-04-03"}),
    ("lifecycle", {"where": [f"campaign={ODD}|", "channel!=Search"]}),
    ("orders", {"period": "day"}),
    ("orders", {"where": "value>=2,category=Food,brand!="}),
    ("days-active", {"breakdown": "attribute:tier", "window": 60}),
    ("time-to-return", {"after": "each", "breakdown": "device"}),
    ("time-to-return", {"breakdown": "first_month", "settling_days": 0}),
    ("rfm", {"show": "segments", "days": 90}),
    ("rfm", {"where": "region=广东|上海市"}),
    ("places", {"level": "province", "min_customers": 1}),
    ("places", {"level": "city_division", "min_customers": 1}),
    ("places", {"level": "distance", "min_customers": 1, "from": "2024-02-01"}),
    ("places", {"level": "city", "top": 3}),
    ("affinity", LOW),
    ("affinity", {"by": "subcategory", "sort": "confidence", **LOW}),
    ("affinity", {"by": "brand", "item": "Own", "sort": "support", **LOW}),
    ("price-response", {"by": "item", "min_weeks": 4}),
    ("price-response", {"by": "brand", "min_weeks": 4, "min_move": 0}),
    ("products", {"by": "category", "sort": "buyers"}),
    ("products", {"sort": "buy_rate", "again_days": 14, "limit": 100, "where": "kind!=refund"}),
    ("influence", {"ties": "households", "min_ties": 10, "permutations": 99}),
    ("influence", {"min_ties": 10, "days": 60, "permutations": 99}),
    ("households", {"fields": "attribute:household,property:terminal", "min_customers": 1}),
    ("sessions", {"boundary": "channel", "starts": "search", "breakdown": "category"}),
    ("sessions", {"boundary": "sender", "view": "duration"}),
    ("sessions", {"boundary": "campaign", "view": "depth", "timeout": 5}),
    ("sessions", {"breakdown": "first_month", "top": 2, "period": "day"}),
    ("channels", {"touch": "first", "across": "device"}),
    ("channels", {"by": "campaign", "lookback": 7, "top": 2}),
    ("promotion-response", {"by": "item", "min_weeks": 4, "settling_days": 0, "threshold": 0.3}),
    ("promotion-response", {"by": "brand", "campaign": True, "min_weeks": 4, "settling_days": 0}),
    ("promotion-response", {"marks": "discount", "min_weeks": 4, "settling_days": 0}),
    ("social", {"invites": "share,store_visit"}),
    ("funnel", {"order": "strict", "window": "1h", "breakdown": "channel"}),
    ("funnel", {"order": "any", "steps": "view,search,cart|wish,purchase", "unit": "session"}),
    ("funnel", {"exclude": "uncart,refund", "breakdown": "first_device", "steps": "page,view[category=Food],purchase"}),
    ("search", {"by": "period", "period": "day"}),
    ("search", {"sort": "no_result", "minutes": 5, "limit": 100, "actions": "purchase"}),
    ("communities", {"min_customers": 1, "most_buyers": 60}),
    ("paths", {"view": "paths", "depth": 8, "collapse": False, "boundary": "sender"}),
    ("paths", {"view": "matrix", "by": "category", "top": 4}),
    ("paths", {"start": "search", "by": "kind"}),
    ("paths", {"end": "purchase", "view": "paths", "boundary": "campaign"}),
    ("trends", {"series": "view:customers,purchase:value,purchase:orders", "formula": "B / C", "breakdown": "city"}),
    ("trends", {"series": "*:sessions,cart|wish[brand=Own]:items", "compare": "previous", "from": "2024-04-01"}),
    ("trends", {"series": "purchase:average_value,*:events_per_customer", "smooth": 3, "period": "day"}),
    ("trends", {"series": "purchase", "measure": "quantity", "cumulative": True, "breakdown": "rfm"}),
    ("trends", {"series": "purchase:value_per_customer", "period": "month", "breakdown": "cohort:茶客"}),
    ("reviews", {"show": "products", "breakdown": "category"}),
    ("reviews", {"show": "aspects"}),
    ("reviews", {"show": "complaints", "recent_days": 56}),
)
"""Question and parameters, beside the defaults."""

RULES = (
    ["purchase >= 3 in 60 days", "no refund in 30 days"],
    ["spend >= 20", "first seen 2024-01-01..2024-02-15"],
    ["spend < 10 in 90 days", "country=CN|中国"],
    ["country!=DE", "value>=3", "attribute:tier=gold|silver"],
    ["segment=regular|slipping", "activity >= 5 in 2024-02-01..2024-04-30"],
    ["rfm=Champions|At risk", "cohort:茶客=in"],
)


def _dimension(name: str) -> Callable[[Sources], ir.Table]:
    def rows(sources: Sources) -> ir.Table:
        grouped = with_group(sources, sources.events, name, AS_OF)
        return grouped.group_by(["kind", "group"]).aggregate(n=grouped.count(), people=grouped.subject.nunique())

    return rows


def _history(sources: Sources) -> ir.Table:
    return customer_history(sources.events, sources.items, "客000", 50, offset=3)


def _members(rules: list[str]) -> Callable[[Sources], ir.Table]:
    return lambda sources: cohort_members(sources, read_rules(rules), AS_OF)


NAMED = ("property:query", "property:rating", "property:$at.x y", "attribute:tier", "attribute:名")
TABLES: dict[str, Callable[[Sources], ir.Table]] = {
    "customer_summaries": lambda sources: customer_summaries(sources.events, AS_OF),
    "waits_by_rhythm": lambda sources: waits_by_rhythm(sources.events, AS_OF),
    "rfm_scores": lambda sources: rfm_scores(sources, AS_OF),
    "customer_kinds": lambda sources: customer_kinds(sources.events, "客000"),
    "members of a list": lambda sources: cohort_members(sources, [], AS_OF, ["客000", "c001", "nobody"]),
    **{f"members: {', '.join(rules)}": _members(rules) for rules in RULES},
    **{name: _dimension(name) for name in (*OF_EVENTS, *OF_CUSTOMERS, *NAMED)},
}
"""Tables whose rows have no order of their own."""
ORDERED: dict[str, Callable[[Sources], ir.Table]] = {
    "customer_history": _history,
    "favourite_items": lambda sources: favourite_items(sources.events, sources.items, "c001"),
    "top_categories": lambda sources: top_categories(sources.events, sources.items, "客000"),
    "top_brands": lambda sources: top_brands(sources.events, sources.items, "客000"),
}
"""Tables whose order is part of the answer."""

DEFAULTS: tuple[tuple[str, dict[str, Any]], ...] = tuple((name, {}) for name in QUESTIONS)
ASKED = (*DEFAULTS, *(way for way in WAYS if way[0] in QUESTIONS))
