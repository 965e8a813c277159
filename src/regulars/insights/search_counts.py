"""What is counted of searches: results, and what customers did next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.insights.periods import Period, period_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

QUERIES = ("query", "search_term", "term", "keyword", "q")
"""Properties that hold what was searched for; the first in the event that is not empty."""
RESULTS = ("results", "results_count", "result_count", "number_of_results", "total_results")
"""Properties that hold how many results there were; the first in the event."""
ACTIONS = ("click", "view", "wish", "cart", "purchase")
MOST = 100_000
"""So many distinct texts leave the engine."""
COUNTS = ("searches", "known", "no_result", "left")


def search_counts(events: ir.Table, minutes: int, actions: Sequence[str], period: Period | None) -> ir.Table:
    """Count searches by their text as it is stored, or by period.

    Parameters
    ----------
    events
        The events to look at.
    minutes
        Within how many minutes an action follows and the same text is the same search.
    actions
        Kinds of event that show that something was found.
    period
        Count by period; None by text.

    Returns
    -------
    counts
        `text` (as JSON: in quotes unless it is a number) or `number` (of the period), searches, known, no_result,
        left; and the sums of these over everything, as all_searches and so on, in every row.
    """
    rows = _searches(events.filter(_.kind == "search"), minutes)
    done = events.filter(_.kind.isin(list(actions)))
    empty = {"text": ibis.null("string"), "number_found": ibis.null("float64"), "starts": ibis.literal(0, "int64")}
    done = done.select("subject", "time", "id", "day", **empty, acted=ibis.literal(True))
    steps = ibis.union(rows.mutate(acted=ibis.literal(False)), done)
    # Every search begins a stretch, which lasts to the customer's next search.
    running = ibis.window(group_by="subject", order_by=["time", "id"], preceding=None, following=0)
    stretches = steps.mutate(stretch=_.starts.sum().over(running)).filter(_.stretch > 0)
    each = stretches.group_by(["subject", "stretch"]).aggregate(
        begun=_.time.min(),
        day=_.day.min(),
        text=_.text.max(),
        found=_.number_found.max(),
        acted_at=_.time.min(where=_.acted),
    )
    in_time = (_.acted_at <= _.begun + ibis.interval(minutes=minutes)).fill_null(False)
    each = each.mutate(known=_.found.notnull(), none=(_.found == 0).fill_null(False), left=~in_time)
    if period:
        key = "number"
        each = each.mutate(number=period_number(_.day, period))
    else:
        key = "text"
    counts = each.group_by(key).aggregate(
        searches=_.count(), known=_.known.sum(), no_result=_.none.sum(), left=_.left.sum()
    )
    totals = counts.aggregate([_[name].sum().name(f"all_{name}") for name in COUNTS])
    most = counts.order_by(ibis.desc("searches"), key).limit(MOST)
    return totals.cross_join(most)


def _searches(rows: ir.Table, minutes: int) -> ir.Table:
    """Return each search event with its text, its number of results and whether it starts a search (1) or not (0).

    subject, time, id, day, text, number_found (null where nothing says), starts.
    """
    # One regular expression for all names, which every engine reads alike; an empty text is none.
    text = r'("(?:[^"\\]|\\.)+"|-?[0-9][0-9.]*)'
    number = '"?([0-9]+(?:[.][0-9]+)?)'
    rows = rows.mutate(
        text=_.properties.re_extract(_named(QUERIES) + text, 1).fill_null(""),
        counted=_.properties.re_extract(_named(RESULTS) + number, 1).fill_null(""),
    )
    listed = _.properties.contains('"products":[').fill_null(False)
    empty = _.properties.contains('"products":[]').fill_null(False)
    shown = listed.ifelse(empty.ifelse(0.0, 1.0), ibis.null("float64"))
    rows = rows.mutate(number_found=_.counted.try_cast("float64").fill_null(shown))
    own = ibis.window(group_by="subject", order_by=["time", "id"])
    rows = rows.mutate(before=_.text.lag().over(own), last_time=_.time.lag().over(own))
    same = (_.before == _.text) & (_.time <= _.last_time + ibis.interval(minutes=minutes))
    rows = rows.mutate(starts=same.fill_null(False).ifelse(0, 1).cast("int64"))
    return rows.select("subject", "time", "id", "day", "text", "number_found", "starts")


def _named(names: Sequence[str]) -> str:
    """Return the part of a regular expression that finds a field of a JSON object by one of its names."""
    return f'"(?:{"|".join(names)})"[ \t]*:[ \t]*'
