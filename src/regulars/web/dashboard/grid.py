"""An answer's rows as a table a person reads: the alternative to its plot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

from regulars.web.values import naming

if TYPE_CHECKING:
    from regulars.core.columns import Column, Format
    from regulars.core.table import Table
    from regulars.web.wording import Words


@dataclass(frozen=True)
class Grid:
    """Headings and cells, written out in the language of the page."""

    columns: list[str]
    rows: list[list[str]]
    texts: frozenset[int] = frozenset()
    """Which columns hold words: they begin at the left."""


def grid(table: Table, words: Words, currency: str, limit: int | None = None) -> Grid:
    """Return the rows of an answer, newest first where they are days; at most `limit`."""
    names = list(table.rows.column_names)
    columns = {name: table.column(name) for name in names}
    headings = [words.say(column.title) for column in columns.values()]
    rows = table.rows.to_pylist()
    if rows and isinstance(rows[0][names[0]], date):
        rows.reverse()
    rows = rows[:limit]
    texts = frozenset(at for at, column in enumerate(columns.values()) if column.format == "text")
    return Grid(headings, [[cell(columns[name], row[name], words, currency) for name in names] for row in rows], texts)


def cohort_grid(table: Table, words: Words, currency: str) -> Grid:
    """Return retention with one row a cohort and one column a period."""
    rows = table.rows.to_pylist()
    periods = sorted({row["period"] for row in rows})
    sizes = {row["cohort"]: row["customers"] for row in rows}
    shares = {(row["cohort"], row["period"]): row["share"] for row in rows}
    headings = [words.say("First active in"), words.say("Customers"), *(str(p) for p in periods)]
    cells = [
        [
            words.day(cohort),
            words.number(size),
            *(words.share(shares[cohort, p], 0) if (cohort, p) in shares else "" for p in periods),
        ]
        for cohort, size in sorted(sizes.items(), reverse=True)
    ]
    return Grid(headings, cells)


def cell(column: Column, value: Any, words: Words, currency: str) -> str:
    """Write one value as its column means it."""
    if isinstance(value, bool):
        return words.say("yes") if value else words.say("no")
    if isinstance(value, (date, datetime)):
        return words.day(value)
    if value is None or isinstance(value, str):
        return naming(words)(value) if value else "–"
    if isinstance(value, list):
        return ", ".join(cell(column, part, words, currency) for part in cast("list[Any]", value))
    return number(column.format, value, words, currency, column.digits)


def number(form: Format, value: float | None, words: Words, currency: str, digits: int = 2) -> str:
    """Write a number as shares, money, durations or plain numbers are written."""
    match form:
        case "share":
            return words.share(value)
        case "money":
            return words.money(value, currency)
        case "duration":
            return words.duration(value)
        case _:
            return words.number(value, digits)
