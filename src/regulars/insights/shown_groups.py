"""The groups that are shown by name: the largest; the others together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import ibis
from ibis import _
from msgspec import Meta

from regulars.insights.dimensions import OTHERS

if TYPE_CHECKING:
    import ibis.expr.types as ir

Breakdown = Annotated[
    str,
    Meta(
        description="Split by a dimension: kind, category, brand, country, device, channel, campaign, segment, "
        "first_channel, property:NAME, attribute:NAME, cohort:NAME, … By default not split."
    ),
]
Top = Annotated[int, Meta(description="How many groups to show by name; the others are added up.", ge=1, le=50)]


def largest(rows: ir.Table, limit: int, size: ir.Value | None = None) -> ir.Table:
    """Return rows whose `group` is one of the `limit` largest, or `OTHERS`; equal sizes in the order of the names.

    Parameters
    ----------
    rows
        Rows with the column `group`.
    limit
        How many keep their name.
    size
        An aggregate that says how large a group is; None: its rows.
    """
    sizes = rows.group_by("group").aggregate(size=_.count() if size is None else size)
    return renamed(rows, sizes, limit)


def renamed(rows: ir.Table, sizes: ir.Table, limit: int) -> ir.Table:
    """Return rows with `group` as it is shown, by sizes that are known: a table of group and size."""
    order = ibis.window(order_by=[ibis.desc("size"), "group"])
    places = sizes.mutate(place=ibis.row_number().over(order))
    names = places.select("group", shown=(_.place < limit).ifelse(_.group, OTHERS))
    joined = rows.left_join(names, "group").drop("group_right")
    return joined.mutate(group=_.shown.fill_null(OTHERS)).drop("shown")
