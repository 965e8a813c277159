"""What customers look for, and whether they find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import ByPeriod, FromDay, Params, check_order, shown_from, understood
from regulars.insights.periods import first_day, last_day, number_of
from regulars.insights.queries import Query, merged, suggestions
from regulars.insights.search_counts import ACTIONS, search_counts

if TYPE_CHECKING:
    from regulars.insights.activity import Span
    from regulars.insights.sources import Sources

_SHARES = [
    ("searches", pa.int64()),
    ("known", pa.int64()),
    ("no_result", pa.int64()),
    *((f"no_result_share{end}", pa.float64()) for end in ("", "_low", "_high")),
    ("left", pa.int64()),
    *((f"left_share{end}", pa.float64()) for end in ("", "_low", "_high")),
]
BY_QUERY = pa.schema([("query", pa.string()), *_SHARES, ("suggestion", pa.string())])
BY_PERIOD = pa.schema([("period", pa.date32()), *_SHARES, ("complete", pa.bool_())])
COLUMNS = {
    "query": Column("Searched for", "text"),
    "searches": Column("Searches"),
    "known": Column("Searches whose results were counted"),
    "no_result": Column("Searches without a result"),
    "no_result_share": Column("Without a result", "share"),
    "no_result_share_low": Column("Without a result, interval from", "share"),
    "no_result_share_high": Column("Without a result, interval to", "share"),
    "left": Column("Searches nothing followed"),
    "left_share": Column("Nothing followed", "share"),
    "left_share_low": Column("Nothing followed, interval from", "share"),
    "left_share_high": Column("Nothing followed, interval to", "share"),
    "suggestion": Column("What is found under a like name", "text"),
}
Sort = Literal["searches", "no_result", "left"]


class SearchParams(Params, frozen=True, kw_only=True):
    """Parameters of `search`."""

    from_: FromDay = None
    by: Annotated[Literal["query", "period"], Meta(description="One row for each query or for each period.")] = "query"
    period: ByPeriod = "week"
    sort: Annotated[
        Sort,
        Meta(
            description="Which queries come first: the most searches, the most without a result, or the most that "
            "nothing followed."
        ),
    ] = "searches"
    minutes: Annotated[
        int, Meta(description="Minutes within which an action counts as following a search.", ge=1, le=1440)
    ] = 30
    actions: Annotated[
        tuple[str, ...], Meta(description="Kinds of event that show that something was found, joined with commas.")
    ] = ACTIONS
    min_searches: Annotated[int, Meta(description="Searches that a shown query needs.", ge=1)] = 1
    limit: Annotated[int, Meta(description="How many queries are shown.", ge=1, le=1000)] = 20

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def search(sources: Sources, params: SearchParams) -> Table:
    """Count searches, those without a result, and those that nothing followed, by query or by period.

    A search is one customer's `search` event. The same text again within `minutes` of the last time, with no other
    text between, is the same search (a next page, a reload). What is searched for is the property `query`,
    `search_term`, `term`, `keyword` or `q`, the first that is not empty; case, widths of letters and spaces do not
    matter, but for masked and sealed texts, which stay as they are stored. Searches without such a property count
    in the headline and by period.

    The number of results is a property (`results`, `results_count`, `result_count`, `number_of_results`,
    `total_results`) or the list `products`; of the searches where it is `known`, those with 0 are without a result.
    Nothing followed a search when the customer did none of `actions` within `minutes` before searching for
    something else. Shares have Wilson's 95% intervals; searches of one customer count as independent.

    `suggestion`: the most searched of the queries that differ by a letter or two (digits being the same) and are
    left surely less often: the intervals do not touch. Queries beyond the 100,000 most frequent count in the headline
    alone. Ties go by searches, then by the text.
    """
    by_query = params.by == "query"
    schema = BY_QUERY if by_query else BY_PERIOD
    span = sources.span(params.to)
    if span is None:
        empty = schema.empty_table()
        return Table(
            "search", empty, _plot(params), understood(params, None), headline=_headline(None), columns=COLUMNS
        )
    first = shown_from(params.from_, span, "day" if by_query else params.period)
    number = number_of(first, params.period)
    if not by_query:
        first = max(first_day(number, params.period), span.first)
    events = sources.events.filter(_.day >= first, _.day <= span.last)
    actions = [kind for kind in params.actions if kind not in BY_SHOP]
    period = None if by_query else params.period
    counts = sources.run(search_counts(events, params.minutes, actions, period)).to_pylist()
    rows = _query_rows(counts, params) if by_query else _period_rows(counts, params, span, number)
    return Table(
        "search",
        pa.Table.from_pylist(rows, schema=schema),
        _plot(params),
        understood(params, span, first),
        headline=_headline(counts[0] if counts else None),
        columns=COLUMNS,
    )


def _query_rows(counts: list[dict[str, Any]], params: SearchParams) -> list[dict[str, Any]]:
    queries = merged(counts)
    chosen = [query for query in queries if query.searches >= params.min_searches and query.text]
    chosen.sort(key=lambda query: (-getattr(query, params.sort), -query.searches, query.text))
    shown = chosen[: params.limit]
    found = suggestions(shown, queries)
    return [{"query": query.text, **_shares(query), "suggestion": found.get(query.text)} for query in shown]


def _period_rows(counts: list[dict[str, Any]], params: SearchParams, span: Span, first: int) -> list[dict[str, Any]]:
    """Return a row for each period, those without a search too."""
    by_number = {
        row["number"]: Query("", row["searches"], row["known"], row["no_result"], row["left"]) for row in counts
    }
    rows: list[dict[str, Any]] = []
    for number in range(first, number_of(span.last, params.period) + 1):
        start, end = first_day(number, params.period), last_day(number, params.period)
        shares = _shares(by_number.get(number, Query("", 0, 0, 0, 0)))
        rows.append({"period": start, **shares, "complete": span.covers(start, end)})
    return rows


def _shares(query: Query) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(query, name) for name in ("searches", "known", "no_result", "left")}
    for name, yes, of in (("no_result", query.no_result, query.known), ("left", query.left, query.searches)):
        low, high = wilson(yes, of)
        row |= {f"{name}_share": yes / of if of else None, f"{name}_share_low": low, f"{name}_share_high": high}
    return row


def _headline(totals: dict[str, Any] | None) -> dict[str, Any]:
    """Return the sums over all searches, which every row of the counts carries."""
    names = ("all_searches", "all_known", "all_no_result", "all_left")
    searches, known, none, left = (int(totals[name] or 0) if totals else 0 for name in names)
    found: dict[str, Any] = {"searches": reading(searches, n=searches, unit="searches", label="Searches")}
    for name, label, yes, of in (
        ("no_result", "Searches without a result", none, known),
        ("left", "Searches nothing followed", left, searches),
    ):
        low, high = wilson(yes, of)
        share = yes / of if of else None
        found[name] = reading(share, low=low, high=high, n=of, unit="searches", label=label, format="share")
    return found


def _plot(params: SearchParams) -> Plot:
    kind = "hbar" if params.by == "query" else "line"
    x = "query" if params.by == "query" else "period"
    return Plot(
        title="What is searched for and not found",
        series=[
            Series(x=x, y=f"{name}_share", name=title, kind=kind, low=f"{name}_share_low", high=f"{name}_share_high",
                   format=".0%")
            for name, title in (("left", "Nothing followed"), ("no_result", "Without a result"))
        ],
        x_title="Share of searches" if params.by == "query" else "Period from",
        y_title="" if params.by == "query" else "Share of searches",
    )  # fmt: skip
