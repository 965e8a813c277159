"""What one customer did, and what they spend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from regulars.core.schema import CATEGORY_SEPARATOR

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEVELS = 2
"""Levels of the category path that a person can take in at a glance."""


def customer_history(events: ir.Table, items: ir.Table, subject: str, limit: int) -> ir.Table:
    """Return a customer's events, newest first, with the item's title and category.

    Everything stored about the customer is there, what the shop did included. Events of the same instant
    are in the order of their ids. Title and category are '' for an item the catalogue lacks or no item.
    """
    joined = _with_items(events.filter(_.subject == subject), items)
    lines = joined.order_by([_.time.desc(), _.id.asc()]).limit(limit)
    names = ("time", "kind", "item", "title", "category", "quantity", "value", "session", "campaign")
    return lines.select(*names)


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
