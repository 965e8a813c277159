"""Product-weeks: how quantities move with something of the week, in each group and for each product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.insights.fixed_effects import Slope, codes_of, shrunk, slope, unit_slopes, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

FEWEST = 5
"""Products that a common slope needs: errors clustered by fewer are far too small."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Product-weeks of products in which x moved, by product and week; all arrays have shape (n,)."""

    items: list[str]
    titles: list[str | None]
    groups: list[str]
    item: Codes
    """Places in `items` and `titles`, ascending."""
    group: Codes
    """Places in `groups`."""
    week: Codes
    """Numbers of weeks within their group, from 0."""
    x: Floats
    """What quantities may follow, such as the logarithm of the price."""
    log_quantity: Floats
    revenue: Floats
    sold: int
    """Products with any sale."""
    unmoved: int
    """Products sold in enough weeks whose x did not move."""
    too_few: int
    """Products sold in too few weeks."""

    @cached_property
    def moves(self) -> Floats:
        """The x without the levels of products and weeks."""
        return within(self.x, self.item, self.week)

    @cached_property
    def answers(self) -> Floats:
        """The logarithm of the quantities without the levels of products and weeks."""
        return within(self.log_quantity, self.item, self.week)

    @cached_property
    def starts(self) -> Codes:
        """Where each product's weeks begin, shape (items,)."""
        return np.searchsorted(self.item, np.arange(len(self.items)))


def panel_of(weekly: pa.Table, x: Floats, moved_by: float) -> Panel:
    """Return the product-weeks without products in which x stayed.

    Parameters
    ----------
    weekly
        A result of `product_weeks`; `title` may be among the columns.
    x
        What quantities may follow, shape (n,), in the order of `weekly`.
    moved_by
        x moved in a product when its largest value is above its smallest by more than this.
    """
    sold = int(weekly["sold"][0].as_py()) if weekly.num_rows else 0
    order = pa.table({"item": weekly["item"], "week": weekly["week"]})
    order = order.append_column("at", pa.array(np.arange(len(x)))).sort_by(
        [("item", "ascending"), ("week", "ascending")]
    )
    place = order["at"].to_numpy()
    weekly, x = weekly.take(pa.array(place)), x[place]
    code, names = _coded(weekly["item"])
    high, low = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    np.maximum.at(high, code, x)
    np.minimum.at(low, code, x)
    moved = high - low > moved_by
    weekly, x = weekly.filter(pa.array(moved[code], pa.bool_())), x[moved[code]]
    item, items = _coded(weekly["item"])
    group, groups = _coded(weekly["group"])
    starts = pa.array(np.searchsorted(item, np.arange(len(items))))
    return Panel(
        items=items,
        titles=weekly["title"].take(starts).to_pylist() if "title" in weekly.column_names else [None] * len(items),
        groups=groups,
        item=item,
        group=group,
        week=codes_of(group, weekly["week"].to_numpy()),
        x=x,
        log_quantity=np.log(weekly["quantity"].to_numpy()),
        revenue=weekly["value"].to_numpy(),
        sold=sold,
        unmoved=int((~moved).sum()),
        too_few=sold - len(moved),
    )


def overall(panel: Panel) -> Slope:
    """Return the slope common to all products, with effects of products and of weeks in each group."""
    return slope(panel.moves, panel.answers, panel.item, int(panel.week.max(initial=-1)) + 1)


def group_slopes(panel: Panel) -> list[Slope]:
    """Return the slope of each of `panel.groups`."""
    found: list[Slope] = []
    for at in range(len(panel.groups)):
        here = panel.group == at
        times = len(np.unique(panel.week[here]))
        found.append(slope(panel.moves[here], panel.answers[here], codes_of(panel.item[here]), times))
    return found


def sure(found: Slope) -> tuple[float | None, float | None, float | None]:
    """Return a slope and its interval; None when fewer than `FEWEST` products move: the interval would be a fiction."""
    if found.units < FEWEST:
        return None, None, None
    return known(found.value), known(found.low), known(found.high)


@dataclass(frozen=True)
class ItemSlopes:
    """Each product's slope with its standard error, from itself alone and pulled; all of shape (items,)."""

    own: Floats
    own_error: Floats
    value: Floats
    error: Floats


def item_slopes(panel: Panel) -> ItemSlopes:
    """Return each product's slope, with the weeks of its group as levels, alone and pulled to the group's mean."""
    common = np.array([found.value for found in group_slopes(panel)])[panel.group]
    common = np.where(np.isfinite(common), common, 0.0)
    level = np.bincount(panel.item, panel.x) / np.bincount(panel.item)
    left = panel.answers - common * panel.moves
    more, own_error = unit_slopes(panel.x - level[panel.item], left, panel.item, 0.0)
    own = more + common[panel.starts]
    value, error = own.copy(), own_error.copy()
    of_item = panel.group[panel.starts]
    for at in range(len(panel.groups)):
        here = of_item == at
        value[here], error[here] = shrunk(own[here], own_error[here])
    return ItemSlopes(own, own_error, value, error)


def known(value: float) -> float | None:
    """Return the number, None where it is not known."""
    return float(value) if np.isfinite(value) else None


def _coded(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Return each text's place among the distinct ones, and those, in the order they first come."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
