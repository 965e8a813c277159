"""What the behaviour model must beat: answers that need no layers, learned from the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.interactions import DAY
from regulars.interests.neural.behaviour_targets import days_of, days_to_next, last_whole_day, next_visit_buys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

SNAPSHOTS = 3
"""Earlier moments that the logistic regressions learn from, a horizon apart."""


def came_within(histories: Histories, now: int, days: int) -> NDArray[np.bool_]:
    """Return who did something in the `days` days from `now` on, bool (customers)."""
    later = (histories.times >= now) & (histories.times < now + days * DAY)
    return np.bincount(histories.owners[later], minlength=len(histories)) > 0


def rhythm(histories: Histories, now: int, offset: int) -> NDArray[np.float64]:
    """Return recency, visits and mean gap of each customer, days, float64 (customers × 3), one a row with events.

    Recency counts the whole days without a visit; the mean gap is NaN for one visit.
    """
    owners, day = histories.owners, days_of(histories.times, offset)
    first = np.ones(len(day), np.bool_)
    first[1:] = (owners[1:] != owners[:-1]) | (day[1:] != day[:-1])
    visits = np.bincount(owners[first], minlength=len(histories)).astype(np.float64)
    end, begin = day[histories.indptr[1:] - 1], day[histories.indptr[:-1]]
    recency = np.maximum(0, last_whole_day(now, offset) - end)
    gap = np.where(visits > 1, (end - begin) / np.maximum(visits - 1, 1), np.nan)
    return np.column_stack([recency, visits, gap])


def known_at(histories: Histories, now: int) -> tuple[NDArray[np.int64], Histories]:
    """Return the numbers and the histories, at `now`, of who was there before."""
    past = histories.keep(histories.times < now)
    rows = np.flatnonzero(past.lengths > 0)
    return rows, past.select(rows)


def return_baselines(train: Histories, now: int, days: int, offset: int) -> dict[str, NDArray[np.float64]]:
    """Return the chance of a visit in the `days` days from `now` on, float64 (customers with events), by baseline.

    constant rate
        The share that came within as many days, at the moment a horizon earlier.
    own mean gap
        1 − exp(−days ÷ mean gap), the mean gap with one gap of the average customer added.
    Kaplan–Meier
        1 − S(recency + days) ÷ S(recency), S the survival of all gaps together: it knows the recency alone.
    logistic regression
        On the logarithms of recency, visits and mean gap, at three earlier moments.
    """
    _, asked = known_at(train, now)
    features = rhythm(asked, now, offset)
    moments = [now - (back + 1) * days * DAY for back in range(SNAPSHOTS)]
    x: list[NDArray[np.float64]] = []
    y: list[NDArray[np.bool_]] = []
    for moment in moments:
        rows, past = known_at(train, moment)
        if len(rows):
            x.append(_logarithms(rhythm(past, moment, offset)))
            y.append(came_within(train, moment, days)[rows])
    usual = np.nanmean(features[:, 2])
    gap = (np.nan_to_num(features[:, 2]) * (features[:, 1] - 1) + usual) / features[:, 1]
    coefficients = logistic(np.concatenate(x), np.concatenate(y))
    survival = survival_of_gaps(train, now, offset, int(features[:, 0].max()) + days)
    recency = features[:, 0].astype(np.int64)
    return {
        "constant rate": np.full(len(asked), y[0].mean()),
        "own mean gap": 1 - np.exp(-days / np.maximum(gap, 1)),
        "Kaplan–Meier": 1 - survival[recency + days] / np.maximum(survival[recency], 1e-12),
        "logistic regression": answer(coefficients, _logarithms(features)),
    }


def survival_of_gaps(histories: Histories, now: int, offset: int, most: int) -> NDArray[np.float64]:
    """Return the share of gaps longer than d days for d = 0 … most (Kaplan and Meier, 1958), float64 (most + 1)."""
    days, came = days_to_next(histories, now, offset)
    asked = days >= 0
    visits = np.bincount(np.minimum(days[asked & came], most + 1), minlength=most + 2)[: most + 1]
    ends = np.bincount(np.minimum(days[asked], most + 1), minlength=most + 2)
    at_risk = ends[::-1].cumsum()[::-1][: most + 1]
    return np.cumprod(1 - visits / np.maximum(at_risk, 1), dtype=np.float64)


def logistic(x: NDArray[np.float64], y: NDArray[np.bool_], ridge: float = 1.0) -> NDArray[np.float64]:
    """Return the coefficients of a logistic regression, the constant first, by Newton's method (25 steps)."""
    x = np.column_stack([np.ones(len(x)), x])
    beta, penalty = np.zeros(x.shape[1]), ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + penalty
        beta += np.linalg.solve(curvature, x.T @ (y - p) - penalty @ beta)
    return beta


def answer(beta: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chances that a regression gives, float64 (rows)."""
    return 1 / (1 + np.exp(-np.clip(beta[0] + x @ beta[1:], -30, 30)))


def _logarithms(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ln(1 + ·) of each, and whether there is a mean gap at all (0 stands for none)."""
    known = ~np.isnan(features[:, 2])
    return np.column_stack([np.log1p(np.nan_to_num(features)), known.astype(np.float64)])


def purchase_baselines(
    train: Histories, asked: Histories, purchase: int, minutes: float
) -> dict[str, NDArray[np.float64]]:
    """Return the chance that the next visit holds a purchase, float64 (asked), by baseline.

    constant rate
        The share of visits that did, the first of each customer aside.
    logistic regression
        On ln(1 + events so far), ln(1 + purchases so far) and whether the last event is one.
    """
    if train.kinds is None or asked.kinds is None:
        return {}
    found = next_visit_buys(train, train.kinds == purchase, minutes)
    known = found >= 0
    beta = logistic(_counts(train, train.kinds == purchase)[known], found[known] == 1)
    last = asked.indptr[1:] - 1
    return {
        "constant rate": np.full(len(asked), found[known].mean()),
        "logistic regression": answer(beta, _counts(asked, asked.kinds == purchase)[last]),
    }


def _counts(histories: Histories, bought: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what a customer had done up to each event, float64 (events × 3)."""
    begin = histories.indptr[:-1][histories.owners]
    total = np.concatenate([[0], np.cumsum(bought)])
    events = np.arange(len(bought)) - begin + 1
    logarithms = np.log1p(np.column_stack([events, total[1:] - total[begin]]))
    return np.column_stack([logarithms, bought.astype(np.float64)])


def category_baselines(asked: Histories, categories: NDArray[np.int64], n: int) -> dict[str, NDArray[np.int64]]:
    """Return the category expected of each customer, int64 (asked): the most frequent of all, and of their own."""
    of_events = categories[asked.items]
    some = of_events >= 0
    overall = np.bincount(of_events[some], minlength=n)
    own = np.zeros((len(asked), n))
    np.add.at(own, (asked.owners[some], of_events[some]), 1)
    # Who has no category yet, or two alike, gets the more frequent one.
    own += overall / (1 + overall.sum())
    return {"most frequent": np.full(len(asked), overall.argmax()), "own most frequent": own.argmax(1)}
