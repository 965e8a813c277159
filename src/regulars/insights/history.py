"""What one customer did, and what they spend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.core.schema import CATEGORY_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

LEVELS = 2
"""Levels of the category path that a person can take in at a glance."""


def customer_history(
    events: ir.Table, items: ir.Table, subject: str, limit: int, *, kinds: Sequence[str] = (), offset: int = 0
) -> ir.Table:
    """Return a customer's events, newest first, with the item's title and category.

    Everything stored about the customer is there, what the shop did included. Events of the same instant
    are in the order of their ids. Title and category are '' for an item the catalogue lacks or no item.
    `kinds` are the only ones shown, none for all; the newest `offset` are left out.
    """
    mine = events.filter(_.subject == subject)
    if kinds:
        mine = mine.filter(_.kind.isin(list(kinds)))
    joined = _with_items(mine, items)
    lines = joined.order_by([_.time.desc(), _.id.asc()]).limit(limit, offset=offset)
    names = ("time", "kind", "item", "title", "category", "quantity", "value", "session", "campaign")
    return lines.select(*names)


def customer_kinds(events: ir.Table, subject: str) -> ir.Table:
    """Count a customer's events by kind, the commonest first; equal counts in the order of the names."""
    counts = events.filter(_.subject == subject).group_by("kind").aggregate(events=_.count())
    return counts.order_by([_.events.desc(), _.kind.asc()])


def favourite_items(events: ir.Table, items: ir.Table, subject: str) -> ir.Table:
    """Return what a customer bought on the most days: item, title, days; equal ones by id."""
    bought = events.filter(_.subject == subject, _.kind == "purchase", _.item.notnull())
    counts = bought.select("item", "day").distinct().group_by("item").aggregate(days=_.count())
    named = _with_items(counts, items).select("item", "title", "days")
    return named.order_by([named.days.desc(), named.item.asc()])


def top_brands(events: ir.Table, items: ir.Table, subject: str) -> ir.Table:
    """Return a customer's share of spend by brand, largest first; without a brand is under ''."""
    mine = events.filter(_.subject == subject, _.kind == "purchase", _.value > 0)
    brands = items.select("item", brand=_.brand.fill_null(""))
    lines = mine.left_join(brands, "item").mutate(brand=_.brand.fill_null(""))
    spend = lines.group_by("brand").aggregate(spend=_.value.sum())
    shares = spend.select("brand", "spend", share=_.spend / _.spend.sum().over(ibis.window()))
    return shares.order_by([shares.share.desc(), shares.brand.asc()])


def top_categories(events: ir.Table, items: ir.Table, subject: str) -> ir.Table:
    """Return a customer's share of spend by the first two levels of the category, largest first.

    Columns: category, spend, share. Purchases of items without a category are under ''. Equal spends are
    in the order of the names. A customer without spend has no rows.
    """
    mine = events.filter(_.subject == subject, _.kind == "purchase", _.value > 0)
    lines = _with_items(mine, items)
    path = _.category.split(CATEGORY_SEPARATOR)[:LEVELS].join(CATEGORY_SEPARATOR)
    lines = lines.mutate(path=path)
    spend = lines.group_by("path").aggregate(spend=_.value.sum())
    shares = spend.select(category="path", spend="spend", share=_.spend / _.spend.sum().over(ibis.window()))
    return shares.order_by([shares.share.desc(), shares.category.asc()])


def _with_items(events: ir.Table, items: ir.Table) -> ir.Table:
    known = items.select("title", "category", known_item="item")
    joined = events.left_join(known, [("item", "known_item")])
    return joined.mutate(title=_.title.fill_null(""), category=_.category.fill_null(""))
