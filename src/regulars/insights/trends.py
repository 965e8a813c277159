"""How anything that happens develops: counts by period, split, compared, smoothed, and calculated with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.dimensions import is_of_customers, with_group
from regulars.insights.formulas import read_formula
from regulars.insights.intervals import reading
from regulars.insights.params import ByPeriod, FromDay, Params, check_order, shown_from, understood
from regulars.insights.periods import Period, first_day, number_of, period_number
from regulars.insights.selection import ANY, selected
from regulars.insights.shown_groups import Breakdown, Top, renamed
from regulars.insights.trend_lines import Line, Shown, lines_of
from regulars.insights.trend_measures import ADDITIVE, MONEY, Measure, Trend, aggregate, countable, read_trend

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

LETTERS = "ABCDEFGH"
YEAR: dict[Period, int] = {"day": 364, "week": 52, "month": 12}
"""Periods in a year: whole weeks, so that Mondays are compared with Mondays."""
MOST_READINGS = 8
SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "series": pa.string(),
        "group": pa.string(),
        "value": pa.float64(),
        "smoothed": pa.float64(),
        "before": pa.float64(),
        "change": pa.float64(),
        "events": pa.int64(),
        "complete": pa.bool_(),
    }
)


class TrendsParams(Params, frozen=True, kw_only=True):
    """Parameters of `trends`."""

    from_: FromDay = None
    period: ByPeriod = "week"
    series: Annotated[
        tuple[str, ...],
        Meta(
            description="Up to eight series, joined with commas: a kind (view), one of several (cart|wish), with "
            "conditions view[category=Dairy], with a measure of its own purchase:value; * is any kind."
        ),
    ] = (ANY,)
    measure: Annotated[Measure, Meta(description="What to count of a series that does not say it itself.")] = "events"
    formula: Annotated[
        str,
        Meta(
            description="Calculate with the series: A is the first, B the second; numbers, + - * / and brackets, such "
            "as B / A. By default the series are shown themselves."
        ),
    ] = ""
    breakdown: Breakdown = ""
    top: Top = 5
    compare: Annotated[
        Literal["none", "previous", "year"],
        Meta(description="Compare with as many periods before, or with the year before (52 weeks, 12 months)."),
    ] = "none"
    smooth: Annotated[int, Meta(description="Mean over so many periods; 1 is none.", ge=1, le=52)] = 1
    cumulative: Annotated[bool, Meta(description="Add up the periods from the first shown on.")] = False

    def __post_init__(self) -> None:
        """Refuse what cannot be answered: series, formulas and dimensions that cannot be read, sums of people."""
        check_order(self.from_, self.to)
        if not 1 <= len(self.series) <= len(LETTERS):
            raise UsageError(f"1 to {len(LETTERS)} series, not {len(self.series)}", where="series")
        for trend in self.trends():
            if self.cumulative and trend.measure not in ADDITIVE:
                raise UsageError(
                    f"{trend.measure} of several periods cannot be added up: some would be counted twice",
                    where="cumulative",
                    fix=f"Count one of {', '.join(sorted(ADDITIVE))}.",
                )
        if self.cumulative and self.smooth > 1:
            raise UsageError("sums are smooth already", where="smooth", fix="Leave one of the two out.")
        if self.formula:
            _ = read_formula(self.formula, LETTERS[: len(self.series)])
        if self.breakdown:
            _ = is_of_customers(self.breakdown)

    def trends(self) -> list[Trend]:
        """Return the series, read."""
        return [read_trend(text, self.measure) for text in self.series]


def trends(sources: Sources, params: TrendsParams) -> Table:
    """Count what customers do in each period.

    Measures: `events`; distinct `customers`; distinct `sessions` by the sender's ids, without an id one a customer
    and day; `orders`, which are the sessions with a purchase, in the period of their first line; distinct `items`;
    `quantity`, where one that is not known is 1; `value`, where one that is not known is 0; `average_value` of the
    events that have one; `events_per_customer` and `value_per_customer`. `events` tells how many events (of `orders`:
    how many orders) a row counts.

    A period without events has 0, an average without events null; so has a formula that divides by 0 or by what is
    not known. `complete` is false for a period that reaches beyond either end of the data; it is not smoothed
    and has no change. `smoothed` is the mean of a period and those before it, null where one of them is not
    complete. `before` is the value of the period it is compared with, null where that is not all in the data;
    `change` is the ratio minus 1. Cumulative series add up from the first shown period on, those compared with
    from the first of theirs; a formula calculates with the sums.

    A breakdown shows the `top` largest groups, by the first series' total over the shown periods (equal ones by
    name), and all others as one, '…'. Customers in several groups count in each.
    """
    span = sources.span(params.to)
    if span is None:
        answer, shown = _rows([], params), understood(params, None)
        return Table("trends", answer, _plot(params), shown, headline=_headline([], params), columns=_columns(params))
    first = shown_from(params.from_, span, params.period)
    begin, end = number_of(first, params.period), number_of(span.last, params.period)
    shift = {"none": 0, "previous": end - begin + 1, "year": YEAR[params.period]}[params.compare]
    window = Shown(begin, end, shift, params.smooth, params.period, span, cumulative=params.cumulative)
    counts = sources.run(by_period(sources, params, span, window)).to_pylist()
    lines = lines_of(counts, params.trends(), params.formula, window, LETTERS)
    shown = understood(params, span, first)
    headline = _headline(lines, params)
    return Table("trends", _rows(lines, params), _plot(params), shown, headline=headline, columns=_columns(params))


def by_period(sources: Sources, params: TrendsParams, span: Span, window: Shown) -> ir.Table:
    """Return series, number (of the period), group, value, events: one expression."""
    rows = shopper_events(sources.events, last=span.bound)
    if window.earliest > number_of(span.first, params.period):
        rows = rows.filter(_.day >= first_day(window.earliest, params.period))
    # A day is its own key, and becomes a number when there are few of them.
    by_day = params.period == "day"
    rows = rows.mutate(number=_.day if by_day else period_number(_.day, params.period).cast("int64"))
    every = params.trends()
    chosen = [selected(sources, rows, one.selection, span.last) for one in every]
    keys = ["number"]
    if params.breakdown:
        keys.append("group")
        chosen = [with_group(sources, one, params.breakdown, span.last) for one in chosen]
        shown = countable(chosen[0], every[0].measure)
        shown = shown.filter(_.number >= (first_day(window.begin, "day") if by_day else window.begin))
        sizes = shown.group_by("group").aggregate(size=aggregate(every[0].measure))
        # An average of nothing has no size, and engines do not agree on where nulls sort.
        sizes = sizes.mutate(size=_.size.cast("float64").fill_null(0.0))
        chosen = [renamed(one, sizes, params.top) for one in chosen]
    parts: list[ir.Table] = []
    for at, (one, table) in enumerate(zip(every, chosen, strict=True)):
        counts = countable(table, one.measure).group_by(keys).aggregate(value=aggregate(one.measure), events=_.count())
        parts.append(
            counts.select(
                series=ibis.literal(at, "int64"),
                number=(_.number.epoch_days() if by_day else _.number).cast("int64"),
                group=_.group.cast("string") if params.breakdown else ibis.literal(""),
                value=_.value.cast("float64"),
                events=_.events.cast("int64"),
            )
        )
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _rows(lines: list[Line], params: TrendsParams) -> pa.Table:
    several = len({line.series for line in lines}) > 1 and params.breakdown
    rows = [
        {**point, "series": f"{line.series} · {line.group or '?'}" if several else line.series, "group": line.group}
        for line in lines
        for point in line.points
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    unused = [] if params.breakdown else ["group"]
    unused += [] if params.smooth > 1 else ["smoothed"]
    unused += [] if params.compare != "none" else ["before", "change"]
    return table.drop_columns(unused)


def _columns(params: TrendsParams) -> dict[str, Column]:
    money = not params.formula and all(trend.measure in MONEY for trend in params.trends())
    form = "money" if money else "number"
    return {
        "series": Column("Series", "text"),
        "value": Column("Value", form),
        "smoothed": Column("Mean over the window", form),
        "before": Column("Before", form),
        "change": Column("Change", "share"),
    }


def _headline(lines: list[Line], params: TrendsParams) -> dict[str, Any]:
    """Return each line's value in its last complete period, and its change against what it is compared with."""
    form = _columns(params)["value"].format
    headline: dict[str, Any] = {}
    for at, line in enumerate(lines[:MOST_READINGS], start=1):
        label = f"{line.series} · {line.group or '?'}" if params.breakdown else line.series
        last = next((point for point in reversed(line.points) if point["complete"]), None)
        value, n = (last["value"], last["events"]) if last else (None, None)
        headline[f"last_{at}"] = reading(value, n=n, unit="events", label=label, format=form)
        if params.compare != "none":
            change = last["change"] if last else None
            headline[f"change_{at}"] = reading(change, n=n, unit="events", label=f"{label}: Change", format="share")
    return headline


def _plot(params: TrendsParams) -> Plot:
    split = "group" if params.breakdown and (len(params.series) == 1 or params.formula) else "series"
    series = [Series(x="period", y="value", name="Value", split=split)]
    if params.smooth > 1:
        series.append(Series(x="period", y="smoothed", name="Mean over the window", split=split))
    if params.compare != "none":
        series.append(Series(x="period", y="before", name="Before", split=split))
    return Plot(title="What happens in the shop", series=series, x_title="Period from", y_title="Value")
