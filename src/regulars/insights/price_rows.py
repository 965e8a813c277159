"""Elasticities as rows: of categories or brands, and of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.insights.intervals import Z_975
from regulars.insights.panel import group_slopes, item_slopes, known, sure
from regulars.insights.units import labels

if TYPE_CHECKING:
    from regulars.insights.panel import Panel


def group_rows(panel: Panel, limit: int) -> list[dict[str, Any]]:
    """Return a row for each group, the one of most revenue first."""
    revenue = np.bincount(panel.group, panel.revenue, minlength=len(panel.groups))
    slopes = group_slopes(panel)
    order = sorted(range(len(slopes)), key=lambda at: (-revenue[at], panel.groups[at]))
    return [
        {
            "title": panel.groups[at],
            **dict(zip(("elasticity", "low", "high"), sure(slopes[at]), strict=True)),
            "products": slopes[at].units,
            "weeks": slopes[at].n,
            "revenue": float(revenue[at]),
        }
        for at in order[:limit]
    ]


def item_rows(panel: Panel, limit: int) -> list[dict[str, Any]]:
    """Return a row for each product, the one of most revenue first."""
    if not panel.items:
        return []
    slopes = item_slopes(panel)
    ends = np.append(panel.starts[1:], len(panel.item))
    revenue = np.bincount(panel.item, panel.revenue)
    order = sorted(range(len(panel.items)), key=lambda at: (-revenue[at], panel.items[at]))[:limit]
    names = labels([panel.items[at] for at in order], [panel.titles[at] for at in order])
    rows: list[dict[str, Any]] = []
    for at, name in zip(order, names, strict=True):
        start, end = panel.starts[at], ends[at]
        prices = np.exp(panel.x[start:end])
        rows.append(
            {
                "item": panel.items[at],
                "title": name,
                "group": panel.groups[panel.group[start]],
                "elasticity": known(slopes.value[at]),
                "low": known(slopes.value[at] - Z_975 * slopes.error[at]),
                "high": known(slopes.value[at] + Z_975 * slopes.error[at]),
                "own": known(slopes.own[at]),
                "own_low": known(slopes.own[at] - Z_975 * slopes.own_error[at]),
                "own_high": known(slopes.own[at] + Z_975 * slopes.own_error[at]),
                "weeks": int(end - start),
                "price_low": float(prices.min()),
                "price_high": float(prices.max()),
                "revenue": float(revenue[at]),
            }
        )
    return rows
