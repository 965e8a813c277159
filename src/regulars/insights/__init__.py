"""What the events mean: one expression per question, whichever engine holds them."""

from regulars.insights.activity import Run, active_days
from regulars.insights.customers import SEGMENTS, customer_summaries
from regulars.insights.history import customer_history, top_categories
from regulars.insights.questions import QUESTIONS, Question, ask, describe

__all__ = [
    "QUESTIONS",
    "SEGMENTS",
    "Question",
    "Run",
    "active_days",
    "ask",
    "customer_history",
    "customer_summaries",
    "describe",
    "top_categories",
]
