"""What customers write of products: how many are unhappy, about what, and with which product all of a sudden."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.errors import UsageError
from regulars.core.table import Plot, Series, Table
from regulars.insights.dimensions import is_of_customers, top_groups, with_group
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import ByPeriod, FromDay, Params, check_order, shown_from, understood
from regulars.insights.periods import Period, period_start
from regulars.insights.reviews_complaints import COMPLAINTS, complaints
from regulars.insights.reviews_scored import Review, Tally, read_review, scored
from regulars.language.aspect_words import ASPECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

COUNTS = pa.schema(
    {
        "reviews": pa.int64(),
        "stars": pa.float64(),
        "judged": pa.int64(),
        "negative": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        **dict.fromkeys(ASPECTS, pa.float64()),
    }
)
KEYS: dict[str, dict[str, pa.DataType]] = {
    "periods": {"period": pa.date32()},
    "products": {"item": pa.string(), "title": pa.string()},
    "aspects": {"aspect": pa.string()},
}
COLUMNS = {
    "aspect": Column("Aspect", "text"),
    "reviews": Column("Reviews"),
    "stars": Column("Mean stars"),
    "judged": Column("Reviews that could be read"),
    "negative": Column("Negative"),
    "share": Column("Share negative", "share"),
    "quality": Column("On quality", "share"),
    "price": Column("On price", "share"),
    "delivery": Column("On delivery", "share"),
    "service": Column("On service", "share"),
    "other": Column("On something else", "share"),
    "category": Column("Category", "text"),
    "own_reviews": Column("Own reviews before"),
    "own_share": Column("Negative before", "share"),
    "category_reviews": Column("Reviews of its category"),
    "category_share": Column("Negative in its category", "share"),
    "p": Column("p-value", "number", 4),
    "q": Column("False alarms expected", "share"),
    "alert": Column("Alert", "flag"),
}


class ReviewsParams(Params, frozen=True, kw_only=True):
    """Parameters of `reviews`."""

    from_: FromDay = None
    period: ByPeriod = "month"
    show: Annotated[
        Literal["periods", "products", "aspects", "complaints"],
        Meta(
            description="What a row is: a period, a product, an aspect, or a product with reviews in the last days "
            "against its own past and its category (complaints)."
        ),
    ] = "periods"
    item: Annotated[str, Meta(description="Only reviews of this product. By default of all.")] = ""
    aspect: Annotated[
        Literal["any", "quality", "price", "delivery", "service", "other"],
        Meta(description="Only reviews that speak of this; negative then means: speaks badly of it."),
    ] = "any"
    breakdown: Annotated[
        str,
        Meta(description="Rows for each value of a dimension, such as item, category, brand, channel or segment."),
    ] = ""
    top: Annotated[
        int, Meta(description="How many products or groups to show; groups beyond are one.", ge=1, le=1000)
    ] = 20
    recent_days: Annotated[int, Meta(description="Days that complaints are looked for in.", ge=1, le=365)] = 28

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins, and a breakdown of what cannot be split."""
        check_order(self.from_, self.to)
        if self.breakdown:
            _known = is_of_customers(self.breakdown)
            if self.show == "complaints":
                raise UsageError("complaints are of products", where="breakdown", fix="Leave it out.")


def reviews(sources: Sources, params: ReviewsParams) -> Table:
    """Count reviews with a text, and how many of them speak badly, by the models of `regulars.language`.

    A review is an event of kind `review` with a text in its properties (`review_body`, `text`, …) up to the last
    day; it is read as it is stored, masked. Negative: P(positive) below one half; the share is of the reviews that
    could be read (`judged`: Chinese or English, with a known word), with Wilson's 95% interval. Aspects: the share
    of those that speak of each; a review may speak of several. Stars: the mean of those that have 1 to 5. A period
    without reviews has no row. Products are those with most reviews, equal ones by name.

    `complaints` compares the product's last `recent_days` with its own reviews before them, and with all reviews
    of the other products of its category up to the same day, by one-sided exact tests (`at_least_as_many`),
    whatever `from` says. Both have to hold: p is the larger; without one's reviews it is the other. q expects how
    many alerts are false, over all products compared (Benjamini-Hochberg); an alert is q ≤ .05. Reviews are taken as
    independent: a campaign of one group of people is not told from a fault.
    """
    span = sources.span(params.to)
    if span is None:
        return _table(params, [], understood(params, None), _headline([], params, []))
    # Complaints need the product's whole past; everything else only what is shown.
    first = span.first if params.show == "complaints" else shown_from(params.from_, span, params.period)
    since = period_start(first, params.period) if params.show != "complaints" else first
    found = _read(sources.run(review_rows(sources, params, since, span.last)).to_pylist())
    if params.aspect != "any":
        found = [one for one in found if params.aspect in one.score.aspects]
    if params.show == "complaints":
        rows = complaints(found, params.aspect, span.last - timedelta(days=params.recent_days - 1))
        rows = [row for row in rows if params.item in ("", row["item"])]
    else:
        rows = _counted(found, params)
    titles = _titles(sources, {row["item"] for row in rows if "item" in row})
    for row in rows:
        if "item" in row:
            row["title"] = titles.get(row["item"], "")
    headline = _headline(found, params, rows)
    shown = rows[: params.top] if params.show == "complaints" else rows
    return _table(params, shown, understood(params, span, first), headline)


def review_rows(sources: Sources, params: ReviewsParams, first: date, last: date) -> ir.Table:
    """Return id, day, item, properties, group and category of the reviews of some days, by day, then id."""
    rows = sources.events.filter(_.kind == "review", _.day >= first, _.day <= last, _.properties.notnull())
    # A product is compared with its like: complaints read all of them, and show the one asked for.
    if params.item and params.show != "complaints":
        rows = rows.filter(_.item == params.item)
    rows = with_group(sources, rows, "category", last).rename(category="group")
    split = with_group(sources, rows, params.breakdown, last) if params.breakdown else rows.mutate(group=_.kind)
    return split.select("id", "day", "item", "properties", "group", "category").order_by("day", "id")


def _read(rows: list[dict[str, Any]]) -> list[Review]:
    read = [(row, read_review(row["properties"])) for row in rows]
    with_text = [(row, review) for row, review in read if review.text]
    scores = scored([(row["id"], review.text) for row, review in with_text])
    return [
        Review(row["day"], row["item"] or "", row["group"], row["category"], review.stars, score)
        for (row, review), score in zip(with_text, scores, strict=True)
    ]


def _counted(found: list[Review], params: ReviewsParams) -> list[dict[str, Any]]:
    groups = top_groups(_sizes(one.group for one in found), params.top)
    cells: dict[tuple[Any, str], Tally] = {}
    for one in found:
        for key in _keys(params.show, params.period)(one):
            tally = cells.setdefault((key, groups[one.group] if params.breakdown else ""), Tally())
            tally.add(one, str(key) if params.show == "aspects" else params.aspect)
    name = next(iter(KEYS[params.show]))
    rows = [
        {name: key, **({"group": group} if params.breakdown else {}), **_cells(cells[key, group])}
        for key, group in sorted(cells)
    ]
    if params.show == "products":
        sizes = _sizes(one.item for one in found)
        best = set(sorted(sizes, key=lambda item: (-sizes[item], item))[: params.top])
        rows = sorted((row for row in rows if row["item"] in best), key=lambda row: -sizes[row["item"]])
    return rows


def _keys(show: str, period: Period) -> Callable[[Review], Iterable[Any]]:
    if show == "products":
        return lambda one: (one.item,)
    if show == "aspects":
        return lambda one: one.score.aspects
    return lambda one: (period_start(one.day, period),)


def _sizes(names: Iterable[str]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for name in names:
        sizes[name] = sizes.get(name, 0) + 1
    return sizes


def _cells(tally: Tally) -> dict[str, Any]:
    low, high = wilson(tally.negative, tally.judged)
    return {
        "reviews": tally.reviews,
        "stars": sum(tally.stars) / len(tally.stars) if tally.stars else None,
        "judged": tally.judged,
        "negative": tally.negative,
        "share": tally.negative / tally.judged if tally.judged else None,
        "low": low,
        "high": high,
        **tally.shares(),
    }


def _titles(sources: Sources, items: set[str]) -> dict[str, str]:
    if not items:
        return {}
    chosen = sources.items.filter(_.item.isin(sorted(items))).select("item", "title")
    return {row["item"]: row["title"] or "" for row in sources.run(chosen).to_pylist()}


def _table(params: ReviewsParams, rows: list[dict[str, Any]], shown: dict[str, Any], headline: dict[str, Any]) -> Table:
    schema = COMPLAINTS
    if params.show != "complaints":
        group = {"group": pa.string()} if params.breakdown else {}
        schema = pa.schema([*pa.schema(KEYS[params.show] | group), *COUNTS])
    table = pa.Table.from_pylist(rows, schema=schema)
    return Table("reviews", table, _plot(params), shown, headline=headline, columns=COLUMNS)


def _plot(params: ReviewsParams) -> Plot:
    split = "group" if params.breakdown else ""
    shape: dict[str, Any] = {"name": "Share negative", "format": ".1%", "low": "low", "high": "high", "split": split}
    if params.show == "periods":
        series = Series(x="period", y="share", **shape)
        return Plot(title="How many reviews are negative", series=[series], x_title="Period from", y_title="Share")
    key = "aspect" if params.show == "aspects" else "item"
    title = "Complaints of the last days" if params.show == "complaints" else "How many reviews are negative"
    return Plot(title=title, series=[Series(x=key, y="share", kind="bar", **shape)], y_title="Share")


def _headline(found: list[Review], params: ReviewsParams, rows: list[dict[str, Any]]) -> dict[str, Any]:
    tally = Tally()
    for one in found:
        tally.add(one, params.aspect)
    cells = _cells(tally)
    names: dict[str, Any] = {"n": tally.judged, "unit": "reviews"}
    headline = {
        "reviews": reading(tally.reviews, n=tally.reviews, unit="reviews", label="Reviews"),
        "negative": reading(
            cells["share"], low=cells["low"], high=cells["high"], label="Share negative", format="share", **names
        ),
        "stars": reading(cells["stars"], n=len(tally.stars), unit="reviews", label="Mean stars"),
    }
    if params.show == "complaints":
        alerts = sum(bool(row.get("alert")) for row in rows)
        headline["alerts"] = reading(alerts, n=len(rows), unit="products", label="Products with an alert")
    return headline
