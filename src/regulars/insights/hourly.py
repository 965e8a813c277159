"""What happened in every hour of a shop: the counts that alerts watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from regulars.insights.activity import shopper_events

if TYPE_CHECKING:
    from datetime import date, datetime

    import ibis.expr.types as ir

COUNTS: tuple[str, ...] = (
    "events", "shoppers", "buyers", "orders", "revenue", "searches", "empty_searches", "ratings", "bad_ratings",
)  # fmt: skip
_FOUND = r'"(results|results_count|result_count|num_results|total_results|hits)" *: *"?'
EMPTY_SEARCH, COUNTED_SEARCH = _FOUND + r'0(\.0*)?"? *[,}]', _FOUND + r"[0-9]"
"""How the properties of a search say that it found nothing, and that they say what it found."""
_RATING = r'"(rating|stars|score)" *: *"?'
BAD_RATING, RATING = _RATING + r'[12](\.0*)?"? *[,}]', _RATING + r"[0-9]"
"""How the properties of a rating or review say one or two stars, and any."""


def hourly_counts(events: ir.Table, first: date, since: datetime) -> ir.Table:
    """Return one row for each hour of UTC in which customers did something.

    Columns: hour (since 1970), and `COUNTS`. `orders` counts what one customer bought in one session (without a
    session: on one day) in the hour, so that an order that runs over the hour counts in both. `searches` and
    `ratings` are those whose properties say how many results they had and how many stars they gave.

    Parameters
    ----------
    events
        A table with the columns of `regulars.core.schema.EVENTS`.
    first
        Earlier days, in the shop's zone, are not read.
    since
        Earlier events are not counted.
    """
    rows = shopper_events(events, first=first).filter(_.time >= since)
    bought, searched = _.kind == "purchase", _.kind == "search"
    rated = _.kind.isin(["rate", "review"])
    text = _.properties.fill_null("")
    visit = _.session.fill_null(_.day.cast("string"))
    marked = rows.select(
        subject=_.subject,
        hour=(_.time.epoch_seconds() / 3600).floor().cast("int64"),
        buyer=bought.ifelse(_.subject, None),
        order=bought.ifelse(_.subject + "|" + visit, None),
        value=bought.ifelse(_.value, 0.0),
        search=(searched & text.re_search(COUNTED_SEARCH)).ifelse(1, 0),
        empty=(searched & text.re_search(EMPTY_SEARCH)).ifelse(1, 0),
        rating=(rated & text.re_search(RATING)).ifelse(1, 0),
        bad=(rated & text.re_search(BAD_RATING)).ifelse(1, 0),
    )
    return marked.group_by("hour").aggregate(
        events=_.count(),
        shoppers=_.subject.nunique(),
        buyers=_.buyer.nunique(),
        orders=_.order.nunique(),
        revenue=_.value.sum().fill_null(0.0),
        searches=_.search.sum(),
        empty_searches=_.empty.sum(),
        ratings=_.rating.sum(),
        bad_ratings=_.bad.sum(),
    )
