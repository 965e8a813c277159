"""What is bought, taken together as a person wants to see it: products, categories or brands."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.insights.dimensions import with_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

Unit = Literal["item", "category", "subcategory", "brand"]
ByUnit = Annotated[Unit, Meta(description="What counts as one: item, category, subcategory or brand.")]
SinceDay = Annotated[date | None, Meta(description="First day that counts. By default all days count.")]
TITLES: dict[Unit, str] = {
    "item": "Product",
    "category": "Category",
    "subcategory": "Subcategory",
    "brand": "Brand",
}


def with_unit(sources: Sources, rows: ir.Table, by: Unit, as_of: date) -> ir.Table:
    """Return the rows that are about a known unit, named in the column `unit`."""
    grouped = with_group(sources, rows, by, as_of).filter(_.group != "")
    return grouped.rename(unit="group")


def with_title(sources: Sources, rows: ir.Table, by: Unit, unit: str = "unit", title: str = "title") -> ir.Table:
    """Return the rows with a title: a product's in the catalogue (null where it has none), else the unit itself."""
    if by != "item":
        return rows.mutate(**{title: rows[unit]})
    titles = sources.items.select(titled=_.item, **{title: _.title})
    return rows.left_join(titles, [(unit, "titled")]).drop("titled")


def labels(units: Sequence[str], titles: Sequence[str | None]) -> list[str]:
    """Return a name to read for each unit, no two alike: its title, with the unit where several share a title.

    Parameters
    ----------
    units
        What the rows are about; one unit may come in several rows.
    titles
        Their titles, in the same order; None where there is none.
    """
    owners: dict[str, set[str]] = {}
    for unit, title in zip(units, titles, strict=True):
        owners.setdefault(title or unit, set()).add(unit)
    return [
        (title or unit) if len(owners[title or unit]) == 1 else f"{title or unit} ({unit})"
        for unit, title in zip(units, titles, strict=True)
    ]


def unit_column(by: Unit) -> Column:
    """Return what the column of units is called."""
    return Column(TITLES[by], "text")
