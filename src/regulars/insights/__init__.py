"""What the events mean: one expression per question, whichever engine holds them."""

from regulars.insights.activity import active_days
from regulars.insights.customers import SEGMENTS, customer_summaries
from regulars.insights.dimensions import dimension_names
from regulars.insights.divisions import PROVINCES_ONLY, load_divisions
from regulars.insights.engines import sources_from
from regulars.insights.history import customer_history, top_categories
from regulars.insights.questions import GROUPS, QUESTIONS, ask, describe
from regulars.insights.sources import Sources

__all__ = [
    "GROUPS",
    "PROVINCES_ONLY",
    "QUESTIONS",
    "SEGMENTS",
    "Sources",
    "active_days",
    "ask",
    "customer_history",
    "customer_summaries",
    "describe",
    "dimension_names",
    "load_divisions",
    "sources_from",
    "top_categories",
]
