"""Promotions as rows: shares, uplifts and returns, each with its interval."""

from __future__ import annotations

from math import expm1, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from regulars.insights.intervals import Z_975, wilson
from regulars.insights.panel import group_slopes, item_slopes, known, sure
from regulars.insights.units import labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.insights.panel import Panel

SCHEMA = pa.schema(
    [
        ("title", pa.string()),
        ("lines", pa.int64()),
        *((name, pa.float64()) for name in ("share", "low", "high", "quantity_share")),
        *((name, pa.float64()) for name in ("uplift", "uplift_low", "uplift_high")),
        ("products", pa.int64()),
        ("first_on", pa.int64()),
        ("returned_on", pa.float64()),
        ("first_off", pa.int64()),
        ("returned_off", pa.float64()),
        *((name, pa.float64()) for name in ("return_difference", "difference_low", "difference_high")),
        ("revenue", pa.float64()),
    ]
)


Uplift = tuple[float | None, float | None, float | None, int]
"""The uplift, the ends of its interval, and the products it is from."""


class FirstPurchases(NamedTuple):
    """Customers by whether their first purchase was on promotion, and those of each who bought again."""

    on: int = 0
    on_again: int = 0
    off: int = 0
    off_again: int = 0


def first_purchases(firsts: pa.Table) -> dict[str, FirstPurchases]:
    """Return group → its first purchases, from the part `first` of `promotion_counts`."""
    found: dict[str, FirstPurchases] = {}
    for row in firsts.to_pylist():
        here = found.get(row["group"], FirstPurchases())
        if row["week"]:
            found[row["group"]] = here._replace(on=row["lines"], on_again=row["promoted_lines"])
        else:
            found[row["group"]] = here._replace(off=row["lines"], off_again=row["promoted_lines"])
    return found


def promotion_rows(
    lines: pa.Table, panel: Panel, firsts: Mapping[str, FirstPurchases], limit: int, *, by_item: bool
) -> list[dict[str, Any]]:
    """Return a row of `SCHEMA` for each group (or product), the one of most revenue first."""
    name = "item" if by_item else "group"
    shown = lines.sort_by([("value", "descending"), (name, "ascending")]).slice(0, limit).to_pylist()
    uplifts = _item_uplifts(panel) if by_item else _group_uplifts(panel)
    titles = labels([row[name] for row in shown], [row.get("title") for row in shown])
    return [
        _row(row, title, uplifts.get(row[name], (None, None, None, 0)), firsts.get(row[name], FirstPurchases()))
        for row, title in zip(shown, titles, strict=True)
    ]


def _row(
    row: Mapping[str, Any],
    title: str,
    uplift: Uplift,
    first: FirstPurchases,
) -> dict[str, Any]:
    low, high = wilson(row["promoted_lines"], row["lines"])
    difference, below, above = newcombe(first)
    return {
        "title": title,
        "lines": row["lines"],
        "share": row["promoted_lines"] / row["lines"],
        "low": low,
        "high": high,
        "quantity_share": row["promoted"] / row["quantity"],
        "uplift": uplift[0],
        "uplift_low": uplift[1],
        "uplift_high": uplift[2],
        "products": uplift[3],
        "first_on": first.on,
        "returned_on": first.on_again / first.on if first.on else None,
        "first_off": first.off,
        "returned_off": first.off_again / first.off if first.off else None,
        "return_difference": difference,
        "difference_low": below,
        "difference_high": above,
        "revenue": row["value"],
    }


def _percent(value: float | None) -> float | None:
    here = None if value is None else known(value)
    return None if here is None else expm1(here)


def _group_uplifts(panel: Panel) -> dict[str, Uplift]:
    uplifts: dict[str, Uplift] = {}
    for group, found in zip(panel.groups, group_slopes(panel), strict=True):
        value, low, high = sure(found)
        uplifts[group] = (_percent(value), _percent(low), _percent(high), found.units)
    return uplifts


def _item_uplifts(panel: Panel) -> dict[str, Uplift]:
    if not panel.items:
        return {}
    slopes = item_slopes(panel)
    return {
        item: (_percent(value), _percent(value - Z_975 * error), _percent(value + Z_975 * error), 1)
        for item, value, error in zip(panel.items, slopes.value, slopes.error, strict=True)
    }


def newcombe(first: FirstPurchases) -> tuple[float | None, float | None, float | None]:
    """Return the difference of the two shares and its 95% interval from Wilson's (Newcombe 1998, method 10)."""
    if not first.on or not first.off:
        return None, None, None
    one, two = first.on_again / first.on, first.off_again / first.off
    (low1, high1), (low2, high2) = wilson(first.on_again, first.on), wilson(first.off_again, first.off)
    assert low1 is not None and high1 is not None and low2 is not None and high2 is not None  # noqa: PT018, S101
    below = one - two - sqrt((one - low1) ** 2 + (high2 - two) ** 2)
    return one - two, below, one - two + sqrt((high1 - one) ** 2 + (two - low2) ** 2)


def pooled_difference(firsts: Mapping[str, FirstPurchases]) -> tuple[float | None, float | None, float | None]:
    """Return the difference of the shares within groups, pooled, and its 95% interval.

    Mantel and Haenszel's risk difference with the variance of Greenland and Robins (1985): with n₁ and n₀
    customers of whom a and c bought again (b and d did not) and N both, Σ(a·n₀ − c·n₁)/N ÷ Σ n₁n₀/N, its variance
    Σ(ab·n₀³ + cd·n₁³)/(n₁n₀N²) ÷ (Σ n₁n₀/N)². Groups without customers of both kinds say nothing.
    """
    effect = weight = spread = 0.0
    for on, on_again, off, off_again in firsts.values():
        if not on or not off:
            continue
        total = on + off
        effect += (on_again * off - off_again * on) / total
        weight += on * off / total
        kept = on_again * (on - on_again) * off**3 + off_again * (off - off_again) * on**3
        spread += kept / (on * off * total**2)
    if not weight:
        return None, None, None
    half = Z_975 * sqrt(spread) / weight
    return effect / weight, effect / weight - half, effect / weight + half
