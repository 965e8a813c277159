"""Each customer in one line: how long here, how often, how much, and whether still in rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.insights.activity import active_days
from regulars.insights.orders import order_totals
from regulars.insights.periods import number_of

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

SEGMENTS = ("new", "regular", "slipping", "lost", "one-time")
NEW_DAYS = 28
ENOUGH_DAYS = 3
"""Active days from which a customer's own rhythm is trusted."""
GAP_BOUNDS = (14, 60)
"""Days. With a lower bound of 1, half of a grocer's 'lost' customers were back within four weeks; with 14, a third."""
DEFAULT_GAP = 28.0
"""Days between visits when no customer of the shop has a rhythm yet."""
SLIPPING_AFTER = 2
LOST_AFTER = 4


def customer_summaries(events: ir.Table, as_of: date) -> ir.Table:
    """Return one row a customer, as known on the evening of `as_of`.

    Columns: subject, first_day, last_day, active_days, orders, spend, typical_gap (median days between
    consecutive active days, null below two), days_since (as_of − last_day), segment. Customers to whom only
    the shop did something have no row. Orders are those of `order_totals`.

    Segments, the first rule that holds, where g is the customer's typical gap, or below three active days
    the median of the typical gaps of the customers that have one of their own (28 if none), bounded to
    14 to 60 days:

    - new: the first day is one of the last 28, `as_of` included
    - one-time: one active day
    - regular: days_since ≤ 2 g
    - slipping: days_since ≤ 4 g
    - lost: later
    """
    known = events.filter(_.day <= as_of)
    people = _rhythms(known)
    settled = people.filter(_.active_days >= ENOUGH_DAYS)
    shop = settled.aggregate([_.typical_gap.median().name("shop_gap")])
    people = people.cross_join(shop)
    people = people.mutate(
        days_since=number_of(as_of, "day") - _.last_day.epoch_days(),
        days_known=number_of(as_of, "day") - _.first_day.epoch_days(),
    )
    people = people.mutate(segment=_segment(people))
    totals = order_totals(known)
    bought = totals.group_by("subject").aggregate(orders=_.count(), spend=_.spend.sum())
    joined = people.left_join(bought, "subject")
    return joined.select(
        "subject",
        "first_day",
        "last_day",
        "active_days",
        "typical_gap",
        "days_since",
        "segment",
        orders=_.orders.fill_null(0),
        spend=_.spend.fill_null(0.0),
    ).select(
        "subject",
        "first_day",
        "last_day",
        "active_days",
        "orders",
        "spend",
        "typical_gap",
        "days_since",
        "segment",
    )


def _rhythms(known: ir.Table) -> ir.Table:
    active = active_days(known)
    days = active.mutate(number=_.day.epoch_days())
    order = ibis.window(group_by="subject", order_by="number")
    days = days.mutate(gap=_.number - _.number.lag().over(order))
    return days.group_by("subject").aggregate(
        first_day=_.day.min(),
        last_day=_.day.max(),
        active_days=_.count(),
        typical_gap=_.gap.median().cast("float64"),
    )


def _segment(people: ir.Table) -> ir.Value:
    own = (_.active_days >= ENOUGH_DAYS).ifelse(_.typical_gap, _.shop_gap)
    low, high = GAP_BOUNDS
    gap = own.fill_null(DEFAULT_GAP).clip(low, high)
    return ibis.cases(
        (_.days_known < NEW_DAYS, "new"),
        (_.active_days == 1, "one-time"),
        (_.days_since <= SLIPPING_AFTER * gap, "regular"),
        (_.days_since <= LOST_AFTER * gap, "slipping"),
        else_="lost",
    )
