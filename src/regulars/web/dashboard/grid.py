"""An answer's rows as a table a person reads: the alternative to its plot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from regulars.web.wording import mark

if TYPE_CHECKING:
    from regulars.core.table import Table
    from regulars.web.wording import Words

COLUMNS: dict[str, str] = {
    "day": mark("Day"),
    "period": mark("Period from"),
    "cohort": mark("First active in"),
    "customers": mark("Customers"),
    "dau": mark("Daily active"),
    "wau": mark("Weekly active"),
    "mau": mark("Monthly active"),
    "stickiness": mark("Stickiness"),
    "smoothed": mark("Mean over the window"),
    "complete": mark("Complete"),
    "new": mark("New"),
    "returning": mark("Returning"),
    "resurrected": mark("Resurrected"),
    "dormant": mark("Dormant"),
    "orders": mark("Orders"),
    "buyers": mark("Buyers"),
    "revenue": mark("Revenue"),
    "average_order_value": mark("Average order value"),
    "days": mark("Days active"),
    "share": mark("Share"),
    "low": mark("Interval from"),
    "high": mark("Interval to"),
    "period_end": mark("Period to"),
}
SHARES = frozenset({"share", "low", "high", "stickiness", "smoothed"})
MONEY = frozenset({"revenue", "average_order_value"})


@dataclass(frozen=True)
class Grid:
    """Headings and cells, written out in the language of the page."""

    columns: list[str]
    rows: list[list[str]]


def grid(table: Table, words: Words, currency: str) -> Grid:
    """Return the rows of an answer, newest first where they are days."""
    names = list(table.rows.column_names)
    headings = [words.say(COLUMNS[name]) if name in COLUMNS else name for name in names]
    rows = table.rows.to_pylist()
    if rows and isinstance(rows[0][names[0]], date):
        rows.reverse()
    return Grid(headings, [[cell(name, row[name], words, currency) for name in names] for row in rows])


def cohort_grid(table: Table, words: Words, currency: str) -> Grid:
    """Return retention with one row a cohort and one column a period."""
    rows = table.rows.to_pylist()
    periods = sorted({row["period"] for row in rows})
    sizes = {row["cohort"]: row["customers"] for row in rows}
    shares = {(row["cohort"], row["period"]): row["share"] for row in rows}
    headings = [words.say("First active in"), words.say("Customers"), *(str(p) for p in periods)]
    cells = [
        [
            cell("cohort", cohort, words, currency),
            words.number(size),
            *(words.share(shares[cohort, p], 0) if (cohort, p) in shares else "" for p in periods),
        ]
        for cohort, size in sorted(sizes.items(), reverse=True)
    ]
    return Grid(headings, cells)


def cell(name: str, value: Any, words: Words, currency: str) -> str:
    """Write one value as its column means it."""
    if isinstance(value, bool):
        return words.say("yes") if value else words.say("no")
    if isinstance(value, (date, datetime)):
        return words.day(value)
    if value is None or isinstance(value, str):
        return value or "–"
    if name in SHARES:
        return words.share(value)
    if name in MONEY:
        return words.money(value, currency)
    return words.number(value, 2)
