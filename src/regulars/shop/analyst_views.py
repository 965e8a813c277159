"""What analysts see: four views, of people who allow analytics alone, without what names anybody.

Left out are `properties`, `latitude`, `longitude` and `referrer` (another person's pseudonym), the ids of events, and
every attribute of a customer. People and visits have names of their own here, keyed hashes that stand nowhere else: a
file that an analyst sends on cannot be joined with the shop's other exports, nor looked up on its pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.insights import customer_summaries

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    import ibis.expr.types as ir
    import pyarrow as pa

    from regulars.shop.permissions import Permissions

COUNTED = "regulars_counted"
"""The events that may be counted: for the other views, not for statements."""
PSEUDONYM = 16
"""Hexadecimal digits: among ten million people the odds that any two share one are 3·10⁻⁶."""


class ViewColumn(NamedTuple):
    """A column of a view."""

    name: str
    type: str
    meaning: str


class View(NamedTuple):
    """A view and what it holds."""

    meaning: str
    columns: tuple[ViewColumn, ...]


VIEWS: dict[str, View] = {
    "events": View(
        "What people did, one row an event.",
        (
            ViewColumn("time", "TIMESTAMPTZ", "When, in the shop's time zone."),
            ViewColumn("day", "DATE", "The calendar day in the shop's time zone."),
            ViewColumn("subject", "VARCHAR", "Who: a pseudonym that is the same in every view and known nowhere else."),
            ViewColumn("kind", "VARCHAR", "What: view, cart, purchase, search, …"),
            ViewColumn("item", "VARCHAR", "The item, as in items."),
            ViewColumn("quantity", "DOUBLE", "How many."),
            ViewColumn("value", "DOUBLE", "The worth of the whole line in its currency."),
            ViewColumn("currency", "VARCHAR", "ISO 4217 code."),
            ViewColumn("session", "VARCHAR", "The visit: a pseudonym."),
            ViewColumn("device", "VARCHAR", "Kind of device: mobile, tablet, desktop or bot."),
            ViewColumn("country", "VARCHAR", "Country."),
            ViewColumn("region", "VARCHAR", "Region."),
            ViewColumn("city", "VARCHAR", "City; no finer place is shown."),
            ViewColumn("channel", "VARCHAR", "How they came: email, search, direct, …"),
            ViewColumn("source", "VARCHAR", "Where they came from."),
            ViewColumn("campaign", "VARCHAR", "The campaign that brought them."),
        ),
    ),
    "items": View(
        "The catalogue, one row an item.",
        (
            ViewColumn("item", "VARCHAR", "The item's id."),
            ViewColumn("title", "VARCHAR", "Its title."),
            ViewColumn("category", "VARCHAR", "Path of categories, outermost first, joined with ' > '."),
            ViewColumn("brand", "VARCHAR", "Its brand."),
            ViewColumn("price", "DOUBLE", "Price of one."),
            ViewColumn("currency", "VARCHAR", "ISO 4217 code."),
            ViewColumn("text", "VARCHAR", "Its description."),
            ViewColumn("stock", "DOUBLE", "How many are there; empty: not tracked."),
            ViewColumn("image", "VARCHAR", "Address of its picture."),
        ),
    ),
    "customers": View(
        "Customers the shop has a profile of; none of its fields is shown.",
        (
            ViewColumn("subject", "VARCHAR", "Who: a pseudonym that is the same in every view and known nowhere else."),
            ViewColumn("created", "DATE", "The day the profile was made, in the shop's time zone."),
        ),
    ),
    "customer_summaries": View(
        "Each active customer in one row, as of the last day with events.",
        (
            ViewColumn("subject", "VARCHAR", "Who: a pseudonym that is the same in every view and known nowhere else."),
            ViewColumn("first_day", "DATE", "First active day."),
            ViewColumn("last_day", "DATE", "Last active day."),
            ViewColumn("active_days", "BIGINT", "Days with activity."),
            ViewColumn("orders", "BIGINT", "Distinct visits with a purchase."),
            ViewColumn("spend", "DOUBLE", "Worth of all purchases."),
            ViewColumn("typical_gap", "DOUBLE", "Median days between active days; empty below two."),
            ViewColumn("days_since", "BIGINT", "Days since the last active day."),
            ViewColumn("segment", "VARCHAR", "new, regular, slipping, lost or one-time."),
        ),
    ),
}
"""View → what it holds, in the order of its columns."""


def definitions(used: Collection[str], permissions: Permissions, secret: str, as_of: date) -> dict[str, str]:
    """Return the SELECTs that make the views, the private one they are made of first.

    Parameters
    ----------
    used
        Views that are wanted.
    permissions
        Who allows analytics.
    secret
        Keys the pseudonyms.
    as_of
        Last day with events; any where there are none.
    """
    counted = permissions.keep(_raw("events", EVENTS), "analytics")
    made: dict[str, ir.Table] = {COUNTED: counted}
    for name in sorted(used):
        made[name] = _view(name, permissions, secret, as_of)
    return {name: str(ibis.to_sql(table, dialect="duckdb")) for name, table in made.items()}


def _view(name: str, permissions: Permissions, secret: str, as_of: date) -> ir.Table:
    if name == "events":
        table = _table(COUNTED, EVENTS)
        found = table.mutate(subject=_hidden(table.subject, secret), session=_hidden(table.session, secret))
    elif name == "items":
        found = _raw("items", ITEMS)
    elif name == "customers":
        table = permissions.keep(_raw("customers", CUSTOMERS), "analytics")
        # The engine shows instants in the shop's time zone: the day is the shop's.
        found = table.mutate(subject=_hidden(table.subject, secret), created=table.created.cast("date"))
    else:
        table = _table(COUNTED, EVENTS)
        summaries = customer_summaries(table, as_of)
        found = summaries.mutate(subject=_hidden(summaries.subject, secret))
    return found.select([column.name for column in VIEWS[name].columns])


def _hidden(column: ir.Value, secret: str) -> ir.Value:
    """Return a keyed hash of a text, nothing for nothing. The key comes first, so that no text can take its part."""
    key: Any = ibis.literal(secret)
    return (key + column).hexdigest("sha256").substr(0, PSEUDONYM)


def _raw(name: str, schema: pa.Schema) -> ir.Table:
    return _table(f"regulars_{name}", schema)


def _table(name: str, schema: pa.Schema) -> ir.Table:
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)
