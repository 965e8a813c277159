"""What is counted of each product, category or brand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.insights.activity import shopper_events
from regulars.insights.dimensions import with_group
from regulars.insights.units import Unit, with_unit

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.activity import Span
    from regulars.insights.sources import Sources

VIEWS = ("view", "click")
RATINGS = ("rate", "review")
KINDS = (*VIEWS, "cart", "purchase", "refund", *RATINGS)


def product_counts(sources: Sources, by: Unit, span: Span, before: Span, again_days: int) -> ir.Table:
    """Return a row for each unit with events in `span`.

    Parameters
    ----------
    sources
        The tables.
    by
        What counts as one.
    span, before
        The days that count, and those they are compared with.
    again_days
        Within how many days buying counts as again.

    Returns
    -------
    counts
        unit; customers, viewers, carters, buyers, view_carters, view_buyers, cart_buyers, refunders (of the
        buyers), buyers_before; revenue, quantity, refunded, revenue_before; ratings, rating_sum, reviews; followed
        and again, 0 without buyers.
    """
    events = shopper_events(sources.events, KINDS, before.first, span.last).filter(_.item.notnull())
    rows = with_unit(sources, events, by, span.last)
    rows = with_group(sources, rows, "property:rating", span.last)
    rated = _.kind.isin(RATINGS).ifelse(_.group.try_cast("float64"), ibis.null("float64"))
    rows = rows.mutate(now=_.day >= span.first, rating=rated)
    counts = _units(_people(rows))
    again = _again(rows.filter(_.now, _.kind == "purchase"), span, again_days)
    joined = counts.left_join(again, "unit").drop("unit_right")
    return joined.mutate(followed=_.followed.fill_null(0), again=_.again.fill_null(0)).filter(_.customers > 0)


def _people(rows: ir.Table) -> ir.Table:
    """Return what each customer did with each unit."""
    bought = (_.kind == "purchase") & _.now
    return rows.group_by(["unit", "subject"]).aggregate(
        now=_.now.any(),
        viewed=(_.kind.isin(VIEWS) & _.now).any(),
        carted=((_.kind == "cart") & _.now).any(),
        bought=bought.any(),
        gave_back=((_.kind == "refund") & _.now).any(),
        bought_before=((_.kind == "purchase") & ~_.now).any(),
        revenue=_.value.sum(where=bought),
        quantity=_.quantity.sum(where=bought),
        refunded=_.value.sum(where=(_.kind == "refund") & _.now),
        revenue_before=_.value.sum(where=(_.kind == "purchase") & ~_.now),
        ratings=_.rating.count(where=_.now),
        rating_sum=_.rating.sum(where=_.now),
        reviews=(_.kind == "review").sum(where=_.now),
    )


def _units(people: ir.Table) -> ir.Table:
    return people.group_by("unit").aggregate(
        customers=_.now.sum(),
        viewers=_.viewed.sum(),
        carters=_.carted.sum(),
        buyers=_.bought.sum(),
        view_carters=(_.viewed & _.carted).sum(),
        view_buyers=(_.viewed & _.bought).sum(),
        cart_buyers=(_.carted & _.bought).sum(),
        refunders=(_.bought & _.gave_back).sum(),
        buyers_before=_.bought_before.sum(),
        revenue=_.revenue.sum().fill_null(0.0),
        quantity=_.quantity.sum().fill_null(0.0),
        refunded=_.refunded.sum().fill_null(0.0),
        revenue_before=_.revenue_before.sum().fill_null(0.0),
        ratings=_.ratings.sum(),
        rating_sum=_.rating_sum.sum(),
        reviews=_.reviews.sum().fill_null(0),
    )


def _again(bought: ir.Table, span: Span, again_days: int) -> ir.Table:
    """Return, of each unit, the buyers that can be followed and those who bought on a later day in time."""
    days = bought.select("unit", "subject", "day").distinct()
    own = ibis.window(group_by=["unit", "subject"], order_by="day")
    first = days.mutate(place=ibis.row_number().over(own), later=_.day.lead().over(own)).filter(_.place == 0)
    first = first.filter(_.day <= span.last - timedelta(days=again_days))
    in_time = _.later.epoch_days() - _.day.epoch_days() <= again_days
    return first.group_by("unit").aggregate(followed=_.count(), again=in_time.fill_null(False).sum())
