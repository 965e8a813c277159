"""One product's counts, as shares with their intervals."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.insights.intervals import Z_975, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES = {
    "cart_rate": ("view_carters", "viewers"),
    "buy_rate": ("view_buyers", "viewers"),
    "cart_buy_rate": ("cart_buyers", "carters"),
    "refund_rate": ("refunders", "buyers"),
    "repeat_rate": ("again", "followed"),
}
"""Each share: of what, and out of what."""
SCHEMA = pa.schema(
    [
        ("item", pa.string()),
        ("title", pa.string()),
        ("customers", pa.int64()),
        ("viewers", pa.int64()),
        ("carters", pa.int64()),
        ("buyers", pa.int64()),
        ("revenue", pa.float64()),
        ("quantity", pa.float64()),
        ("buyers_before", pa.int64()),
        *((name, pa.float64()) for name in ("change", "change_low", "change_high")),
        *((f"{name}{end}", pa.float64()) for name in list(RATES)[:4] for end in ("", "_low", "_high")),
        ("refunded", pa.float64()),
        ("followed", pa.int64()),
        *((f"repeat_rate{end}", pa.float64()) for end in ("", "_low", "_high")),
        ("ratings", pa.int64()),
        ("rating", pa.float64()),
        ("reviews", pa.int64()),
    ]
)


def product_row(counts: Mapping[str, Any], *, comparable: bool) -> dict[str, Any]:
    """Return a row of `SCHEMA` from one of `product_counts` with `title`.

    Parameters
    ----------
    counts
        The counts of one unit.
    comparable
        Whether the data hold all days of the span before.
    """
    row = {name: counts[name] for name in SCHEMA.names if name in counts}
    for name, (yes, of) in RATES.items():
        low, high = wilson(counts[yes], counts[of])
        share = counts[yes] / counts[of] if counts[of] else None
        row |= {name: share, f"{name}_low": low, f"{name}_high": high}
    change = change_of_counts(counts["buyers"], counts["buyers_before"]) if comparable else (None, None, None)
    row |= dict(zip(("change", "change_low", "change_high"), change, strict=True))
    rating = counts["rating_sum"] / counts["ratings"] if counts["ratings"] else None
    return row | {
        "item": counts["unit"],
        "rating": rating,
        "buyers_before": counts["buyers_before"] if comparable else None,
    }


def change_of_counts(now: int, before: int) -> tuple[float | None, float | None, float | None]:
    """Return now ÷ before − 1 and its 95% interval: exp(log ratio ± 1.96·√(1/now + 1/before)) − 1.

    Both as independent Poisson counts. Nothing without any before; no interval without any now.
    """
    if before == 0:
        return None, None, None
    if now == 0:
        return -1.0, None, None
    ratio, half = log(now / before), Z_975 * sqrt(1 / now + 1 / before)
    return exp(ratio) - 1, exp(ratio - half) - 1, exp(ratio + half) - 1
