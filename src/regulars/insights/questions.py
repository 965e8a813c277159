"""Every question by name: what it asks, its parameters, the function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from regulars.core.errors import NotFoundError
from regulars.core.settings import descriptions
from regulars.core.table import Table
from regulars.insights.activity import Run
from regulars.insights.days_active import DaysActiveParams, days_active
from regulars.insights.lifecycle import LifecycleParams, lifecycle
from regulars.insights.orders import OrdersParams, orders
from regulars.insights.params import Params, parse, type_name
from regulars.insights.retention import RetentionParams, retention
from regulars.insights.stickiness import StickinessParams, stickiness

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir


@dataclass(frozen=True)
class Question:
    """A question that a person, a page or a program can ask."""

    name: str
    title: str
    description: str
    params: type[Params]
    function: Callable[[ir.Table, Any, Run], Table]


_ALL = (
    Question(
        "stickiness",
        "Do customers come back often?",
        "Daily, weekly and monthly active customers, and daily ÷ monthly.",
        StickinessParams,
        stickiness,
    ),
    Question(
        "retention",
        "Do new customers come back?",
        "Share of each first-activity cohort that is active again in later periods.",
        RetentionParams,
        retention,
    ),
    Question(
        "lifecycle",
        "Do we win more customers than we lose?",
        "New, returning, resurrected and dormant customers in each period.",
        LifecycleParams,
        lifecycle,
    ),
    Question(
        "orders",
        "What do customers buy?",
        "Orders, buyers, revenue and average order value in each period.",
        OrdersParams,
        orders,
    ),
    Question(
        "days-active",
        "How regular are customers?",
        "On how many of the last days each customer was active.",
        DaysActiveParams,
        days_active,
    ),
)
QUESTIONS: dict[str, Question] = {question.name: question for question in _ALL}


def ask(name: str, events: ir.Table, raw_params: Mapping[str, Any], run: Run, snapshot: str = "") -> Table:
    """Answer a question.

    Parameters
    ----------
    name
        One of `QUESTIONS`.
    events
        A table with the columns of `regulars.core.schema.EVENTS`.
    raw_params
        Parameters as text, from a URL or a command line, or as values.
    run
        Computes an expression.
    snapshot
        The state of the shop, kept in the answer.

    Raises
    ------
    NotFoundError
        There is no such question.
    UsageError
        A parameter does not exist or has a value it cannot have.
    """
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFoundError(
            f"there is no question '{name[:80]}'",
            where="insights",
            fix=f"Ask one of: {', '.join(QUESTIONS)}.",
        )
    return replace(question.function(events, parse(question.params, raw_params), run), snapshot=snapshot)


def describe() -> dict[str, dict[str, Any]]:
    """Return every question's title, description and parameters (type, default, description)."""
    return {
        question.name: {
            "title": question.title,
            "description": question.description,
            "params": _describe_params(question.params),
        }
        for question in _ALL
    }


def _describe_params(kind: type[Params]) -> dict[str, dict[str, Any]]:
    explained = descriptions(kind)
    return {
        field.encode_name: {
            "type": type_name(field.type),
            "default": msgspec.to_builtins(field.default),
            "description": explained[field.name],
        }
        for field in msgspec.structs.fields(kind)
    }
