"""Splitting an answer by what customers are known by: the parameters, and what is refused."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from regulars.core.errors import UsageError
from regulars.insights.dimensions import is_of_customers

ByCustomers: TypeAlias = Annotated[
    str,
    Meta(
        description="Rows for each value of this dimension of customers, such as first_channel, first_month or "
        "cohort:NAME. 'segment' and 'rfm' look back from the last day: they repeat who came."
    ),
]
Groups: TypeAlias = Annotated[int, Meta(description="How many values to show; the others are one group.", ge=1, le=20)]


def check_of_customers(name: str) -> None:
    """Refuse a dimension that has more than one value a customer; '' is none.

    Raises
    ------
    UsageError
        There is no such dimension, or it belongs to events.
    """
    if name and not is_of_customers(name):
        fix = "" if name.startswith("property:") else f"Use first_{name}."
        raise UsageError(f"'{name}' belongs to events, not to customers", where="breakdown", fix=fix)
