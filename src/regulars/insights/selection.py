"""Which events a step or a series is about: `view`, `cart|wish`, `view[category=Dairy;device!=desktop]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ibis import _

from regulars.core.errors import UsageError
from regulars.events.vocabulary import BY_SHOP
from regulars.insights.where import read_condition, restricted

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

ANY = "*"
"""Every kind of event."""
MOST_CONDITIONS = 20
"""Each is a step of the query, and a query has an end that hundreds of them reach."""
# No two parts can take the same letter: what does not fit is refused in one pass, however long it is.
_SELECTION = re.compile(r"([\w.*$ |-]+)(?:\[([^\[\]]*)\])?")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([mhdw]?)")


class Selection(NamedTuple):
    """Kinds of event, or `ANY`, and conditions that hold besides."""

    text: str
    kinds: tuple[str, ...]
    conditions: tuple[str, ...]

    def shares_kinds(self, other: Selection) -> bool:
        """Say whether one event can have a kind of both."""
        return ANY in self.kinds or ANY in other.kinds or not set(self.kinds).isdisjoint(other.kinds)


def read_selection(text: str, where: str) -> Selection:
    """Read kinds joined with |, and in brackets conditions as in `where`, joined with semicolons.

    Parameters
    ----------
    text
        Such as `cart|wish[category=Dairy;device=phone]`.
    where
        The parameter it was given in, for the error.

    Raises
    ------
    UsageError
        It cannot be read, or it is about what the shop does.
    """
    found = _SELECTION.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"'{text[:80]}' is not a kind of event", where=where, fix="Write it as view or cart|wish[category=Dairy]."
        )
    kinds = tuple(kind.strip() for kind in found[1].split("|") if kind.strip())
    if by_shop := sorted(BY_SHOP.intersection(kinds)):
        raise UsageError(
            f"'{by_shop[0]}' is done by the shop, so it is nothing customers do",
            where=where,
            fix="Choose kinds such as view, cart or purchase.",
        )
    conditions = tuple(part.strip() for part in (found[2] or "").split(";") if part.strip())
    if len(conditions) > MOST_CONDITIONS:
        raise UsageError(f"{len(conditions)} conditions are more than {MOST_CONDITIONS}", where=where)
    for condition in conditions:
        read_condition(condition)
    return Selection(text.strip(), kinds, conditions)


def selected(sources: Sources, rows: ir.Table, selection: Selection, as_of: date) -> ir.Table:
    """Return the rows of customers' events that a selection is about.

    Parameters
    ----------
    sources
        The tables, for what conditions need to know.
    rows
        Customers' events.
    selection
        What is selected.
    as_of
        The day at whose evening customers are looked at.
    """
    chosen = rows if ANY in selection.kinds else rows.filter(_.kind.isin(list(selection.kinds)))
    return restricted(sources.only(chosen), selection.conditions, as_of).events


def read_duration(text: str, where: str) -> int:
    """Return the seconds of a length of time: 7d, 12h, 30m, 2w; a bare number is days.

    Raises
    ------
    UsageError
        It cannot be read, is 0, or is longer than ten years.
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = round(float(found[1]) * _UNITS[found[2] or "d"]) if found else 0
    if not 0 < seconds <= 3653 * 86400:
        raise UsageError(f"'{text[:80]}' is not a length of time", where=where, fix="Write it as 30m, 12h, 7d or 2w.")
    return seconds
