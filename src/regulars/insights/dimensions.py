"""By what an answer can be split: what events, products and customers are known by.

A dimension of events (`device`, `country`, `category`, …) has a value at each event; a dimension of customers
(`segment`, `first_channel`, `cohort:NAME`, …) one at each customer. What is not known is '', never null: a
group of its own, so that the groups of an answer add up to the whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.core.errors import UsageError
from regulars.core.schema import CATEGORY_SEPARATOR
from regulars.insights.activity import shopper_events
from regulars.insights.customers import customer_summaries
from regulars.insights.distance import with_distance
from regulars.insights.divisions_joins import with_city, with_province
from regulars.insights.rfm import rfm_scores

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import ibis.expr.types as ir
    from ibis.common.deferred import Deferred

    from regulars.insights.sources import Sources

EVENT_COLUMNS = ("kind", "item", "country", "region", "city", "device", "channel", "source", "campaign", "currency")
ITEM_DIMENSIONS = ("category", "subcategory", "brand")
PLACE_DIMENSIONS = ("province", "city_division", "distance")
DAY_DIMENSIONS = ("weekday",)
OF_EVENTS = (*EVENT_COLUMNS, *PLACE_DIMENSIONS, *ITEM_DIMENSIONS, *DAY_DIMENSIONS)
OF_CUSTOMERS = ("segment", "rfm", "first_month", *(f"first_{name}" for name in OF_EVENTS if name != "currency"))
PREFIXES = ("property:", "attribute:", "cohort:")
INSIDE, OUTSIDE = "in", "out"
_FIELD = re.compile(r"[\w.$ -]{1,64}")


def dimension_names() -> tuple[str, ...]:
    """Return every dimension that needs no further name; those in `PREFIXES` take one."""
    return (*OF_EVENTS, *OF_CUSTOMERS)


def is_of_customers(name: str) -> bool:
    """Say whether a dimension has one value a customer.

    Raises
    ------
    UsageError
        There is no such dimension.
    """
    if name in OF_CUSTOMERS or name.startswith(("attribute:", "cohort:")):
        return True
    if name in OF_EVENTS or name.startswith("property:"):
        return False
    raise UsageError(
        f"there is no dimension '{name[:80]}'",
        where="breakdown",
        fix=f"One of {', '.join(dimension_names())}, or property:NAME, attribute:NAME, cohort:NAME.",
    )


def with_group(sources: Sources, rows: ir.Table, name: str, as_of: date) -> ir.Table:
    """Return rows of events with the string column `group`, the value of a dimension.

    Parameters
    ----------
    sources
        The tables.
    rows
        Rows with the columns of events that the dimension needs; for one of customers `subject` is enough.
    name
        The dimension.
    as_of
        The day at whose evening customers are looked at.
    """
    if not is_of_customers(name):
        return _grouped(sources, rows, name)
    groups = customer_groups(sources, name, as_of)
    return rows.left_join(groups, "subject").drop("subject_right").mutate(group=_.group.fill_null(""))


def customer_groups(sources: Sources, name: str, as_of: date) -> ir.Table:
    """Return `subject` and `group`: one value a customer, for every customer with activity up to `as_of`.

    A dimension of events, with or without `first_`, is the value at the customer's first event that has one
    (by time, then id). `first_month` is the month of their first activity, as YYYY-MM.
    """
    whole = sources.events if sources.everything is None else sources.everything
    known = shopper_events(whole, last=as_of)
    if name == "segment":
        return customer_summaries(whole, as_of).select("subject", group="segment")
    if name == "first_month":
        months = known.group_by("subject").aggregate(day=_.day.min())
        return months.select("subject", group=_month(_.day))
    people = known.select("subject").distinct()
    if name == "rfm":
        return _filled(people, rfm_scores(sources, as_of).select("subject", "group"))
    if name.startswith("cohort:"):
        members = (
            _cohort(sources, name.removeprefix("cohort:"))
            .select("subject")
            .distinct()
            .mutate(group=ibis.literal(INSIDE))
        )
        return _filled(people, members, OUTSIDE)
    if name.startswith("attribute:"):
        field = _attribute(_.attributes, name.removeprefix("attribute:"))
        return _filled(people, sources.customers.select("subject", group=field))
    rows = _grouped(sources, known, name.removeprefix("first_")).filter(_.group != "")
    first = rows.mutate(place=ibis.row_number().over(ibis.window(group_by="subject", order_by=["time", "id"])))
    return _filled(people, first.filter(_.place == 0).select("subject", "group"))


def _filled(people: ir.Table, found: ir.Table, otherwise: str = "") -> ir.Table:
    joined = people.left_join(found, "subject").drop("subject_right")
    return joined.mutate(group=_.group.fill_null(otherwise))


def _grouped(sources: Sources, rows: ir.Table, name: str) -> ir.Table:
    if name in _COMPUTED:
        return _COMPUTED[name](sources, rows)
    if name in ITEM_DIMENSIONS:
        of_items = sources.items.select("item", group=_ITEM[name])
        joined = rows.left_join(of_items, "item").drop("item_right")
        return joined.mutate(group=_.group.fill_null(""))
    if name.startswith("property:"):
        return rows.mutate(group=_attribute(_.properties, name.removeprefix("property:")))
    return rows.mutate(group=_[name].fill_null(""))


def _weekday(_sources: Sources, rows: ir.Table) -> ir.Table:
    # 1970-01-01 was a Thursday; 1 is Monday, as in ISO 8601.
    return rows.mutate(group=((_.day.epoch_days() + 3) % 7 + 1).cast("string"))


_COMPUTED: dict[str, Callable[[Sources, ir.Table], ir.Table]] = {
    "weekday": _weekday,
    "province": lambda sources, rows: with_province(rows, sources.divisions),
    "city_division": lambda sources, rows: with_city(rows, sources.divisions),
    "distance": lambda sources, rows: with_distance(rows, sources.stores),
}


def _path(levels: int) -> Deferred:
    return _.category.split(CATEGORY_SEPARATOR)[:levels].join(CATEGORY_SEPARATOR).fill_null("")


_ITEM = {"category": _path(1), "subcategory": _path(2), "brand": _.brand.fill_null("")}


def _month(day: Deferred) -> Deferred:
    # From 10001 on: the last two digits, with their zero.
    padded = (day.month() + 100).cast("string").substr(1, 2)
    return day.year().cast("string") + "-" + padded


def _attribute(column: Deferred, name: str) -> Deferred:
    """Return a field of a JSON object as text: a string without its quotes, a number or truth value as written.

    By a regular expression, which every engine has and reads alike; the JSON functions of engines differ, and
    some take only strings. Of fields of that name at several depths it is the first.
    """
    if not _FIELD.fullmatch(name):
        raise UsageError(f"'{name[:80]}' cannot be the name of a field", where="breakdown")
    pattern = '"' + re.escape(name) + r'"\s*:\s*("(?:[^"\\]|\\.)*"|[-+.\w]+)'
    found = column.re_extract(pattern, 1).fill_null("")
    quoted = found.startswith('"')
    bare = quoted.ifelse(found.substr(1, (found.length() - 2).clip(lower=0)), found)
    return (bare == "null").ifelse("", bare)


def _cohort(sources: Sources, name: str) -> ir.Table:
    found = sources.cohorts.get(name)
    if found is None:
        raise UsageError(
            f"there is no cohort '{name[:80]}'",
            where="cohort",
            fix=f"Saved: {', '.join(sorted(sources.cohorts)) or 'none yet'}.",
        )
    return found


def top_groups(counts: dict[str, float], limit: int) -> dict[str, str]:
    """Return group → the group it is shown as: the `limit` largest as they are, the others as `OTHERS`.

    Equal sizes are in the order of the names.
    """
    order = sorted(counts, key=lambda group: (-counts[group], group))
    return {group: group if at < limit else OTHERS for at, group in enumerate(order)}


OTHERS = "…"
"""How the groups beyond those shown are called together."""

__all__ = ["OTHERS", "PREFIXES", "customer_groups", "dimension_names", "is_of_customers", "top_groups", "with_group"]
