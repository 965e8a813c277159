"""Products that are complained of more than before and more than their like: two exact tests, many products."""

from __future__ import annotations

from math import exp, lgamma
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from regulars.insights.intervals import wilson
from regulars.insights.reviews_scored import is_negative

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from regulars.insights.reviews_scored import Review

FALSE_ALARMS = 0.05
"""Of the products that raise an alert, at most this share is expected to do so by chance."""
COMPLAINTS = pa.schema(
    {
        "item": pa.string(),
        "title": pa.string(),
        "category": pa.string(),
        "reviews": pa.int64(),
        "negative": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "own_reviews": pa.int64(),
        "own_share": pa.float64(),
        "category_reviews": pa.int64(),
        "category_share": pa.float64(),
        "p": pa.float64(),
        "q": pa.float64(),
        "alert": pa.bool_(),
    }
)


class Count(NamedTuple):
    """How many of some reviews are negative."""

    negative: int
    reviews: int

    def without(self, other: Count) -> Count:
        """Return what is left when a part is taken away."""
        return Count(self.negative - other.negative, self.reviews - other.reviews)

    @property
    def share(self) -> float | None:
        """Negative ÷ all; None without reviews."""
        return self.negative / self.reviews if self.reviews else None


def at_least_as_many(recent: Count, reference: Count) -> float | None:
    """Return P(as many negative reviews or more among the recent ones, if recent and reference were alike).

    Fisher's exact test, one-sided: given how many are negative in all, the number among the recent ones is
    hypergeometric. Like the binomial test against the reference's share, except that the reference is known only
    from its own reviews. None where either has no reviews.
    """
    if not recent.reviews or not reference.reviews:
        return None
    negative, total = recent.negative + reference.negative, recent.reviews + reference.reviews
    most = min(recent.reviews, negative)
    whole = _log_choose(total, recent.reviews)
    terms = (
        exp(_log_choose(negative, k) + _log_choose(total - negative, recent.reviews - k) - whole)
        for k in range(recent.negative, most + 1)
        if recent.reviews - k <= total - negative
    )
    return min(sum(terms), 1.0)


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return each p-value's q: the share of false alarms expected among all at most as large.

    Benjamini and Hochberg (1995): q₍ᵢ₎ = min over j ≥ i of m · p₍ⱼ₎ ÷ j.
    """
    order = sorted(range(len(p_values)), key=lambda at: -p_values[at])
    found = [1.0] * len(p_values)
    least = 1.0
    for place, at in enumerate(order):
        least = min(least, p_values[at] * len(p_values) / (len(p_values) - place))
        found[at] = least
    return found


def complaints(found: Sequence[Review], aspect: str, since: date) -> list[dict[str, Any]]:
    """Return a row for each product with a review from a day on that could be read, the likeliest alert first.

    Parameters
    ----------
    found
        All reviews up to the last day.
    aspect
        What is complained of; 'any' for the review as a whole.
    since
        The first of the last days.
    """
    recent, before, everything, categories = (dict[str, Count]() for _part in range(4))
    category_of: dict[str, str] = {}
    for one in found:
        negative = is_negative(one.score, aspect)
        if negative is None or not one.item:
            continue
        category_of[one.item] = one.category
        for counts, key in (
            (recent if one.day >= since else before, one.item),
            (everything, one.item),
            (categories, one.category),
        ):
            known = counts.get(key, Count(0, 0))
            counts[key] = Count(known.negative + negative, known.reviews + 1)
    rows: list[dict[str, Any]] = []
    for item, now in sorted(recent.items()):
        past = before.get(item, Count(0, 0))
        others = categories[category_of[item]].without(everything[item])
        tests = [p for p in (at_least_as_many(now, past), at_least_as_many(now, others)) if p is not None]
        low, high = wilson(now.negative, now.reviews)
        row = {"item": item, "category": category_of[item], "reviews": now.reviews, "negative": now.negative}
        row |= {"share": now.share, "low": low, "high": high, "p": max(tests, default=None)}
        row |= {"own_reviews": past.reviews, "own_share": past.share}
        rows.append(row | {"category_reviews": others.reviews, "category_share": others.share})
    tested = [row for row in rows if row["p"] is not None]
    for row, q in zip(tested, adjusted([row["p"] for row in tested]), strict=True):
        row |= {"q": q, "alert": q <= FALSE_ALARMS}
    return sorted(rows, key=lambda row: (row.get("q", 2.0), row["p"] or 0.0, row["item"]))
