"""The chance that one customer comes back within so many days, from how others with the same rhythm did.

Every wait between two active days of every customer is sorted by what was known when it began: the mean of the
customer's last five waits. Kaplan and Meier's curve of each band counts the waits that have not ended for what is
known of them. For a customer who has waited s days already, the chance of coming within d more is
1 − S(s + d) / S(s).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import numpy as np
from ibis import _

from regulars.insights.activity import active_days
from regulars.insights.kaplan_meier import Curve, Z, kaplan_meier
from regulars.insights.periods import number_of

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

BANDS = (2, 4, 7, 11, 18, 30, 60)
"""Upper ends, in days, of the mean of the last waits; beyond the last is one more band, and one for none yet."""
LOOK_BACK = 5
HORIZONS = (7, 28)
LEAST = 30
"""Waits at risk below which nothing is said."""


class Chance(NamedTuple):
    """The chance of coming back within some days, and what it rests on."""

    days: int
    share: float
    low: float
    high: float
    n: int
    """Waits of the same rhythm that had lasted as long."""


def waits_by_rhythm(events: ir.Table, as_of: date) -> ir.Table:
    """Count waits by band (0 the first ones, then those of `BANDS`), length in days, and whether they ended.

    One row a band and length: `ended` came back after exactly so many days, `open` have waited so long on the
    evening of `as_of`.
    """
    days = active_days(events.filter(_.day <= as_of)).mutate(number=_.day.epoch_days())
    order = ibis.window(group_by="subject", order_by="number")
    gaps = days.mutate(wait=_.number - _.number.lag().over(order), after=_.number.lead().over(order))
    # The sum over whole days is exact; a mean of doubles would differ between engines in the last digit.
    before = ibis.window(group_by="subject", order_by="number", preceding=LOOK_BACK - 1, following=0)
    gaps = gaps.mutate(total=_.wait.sum().over(before), known=_.wait.count().over(before))
    ends = [(_.total <= bound * _.known, at) for at, bound in enumerate(BANDS, 1)]
    gaps = gaps.mutate(
        band=ibis.cases((_.known == 0, 0), *ends, else_=len(BANDS) + 1),
        length=_.after.fill_null(number_of(as_of, "day")) - _.number,
        ended=_.after.notnull().ifelse(1, 0),
    )
    counts = gaps.group_by(["band", "length"]).aggregate(ended=_.ended.sum(), waits=_.count())
    return counts.select("band", "length", "ended", open=_.waits - _.ended)


def curves(sources: Sources, as_of: date) -> dict[int, Curve]:
    """Return band → the curve of its waits."""
    rows = sources.run(waits_by_rhythm(sources.events, as_of).order_by(["band", "length"])).to_pylist()
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["band"], []).append(row)
    return {
        band: kaplan_meier(*([row[name] for row in part] for name in ("length", "ended", "open")))
        for band, part in parts.items()
    }


def band_of(days: list[date]) -> int:
    """Return the band of a customer from their active days, oldest first."""
    waits = [(later - earlier).days for earlier, later in pairwise(days)][-LOOK_BACK:]
    if not waits:
        return 0
    return next((at for at, bound in enumerate(BANDS, 1) if sum(waits) <= bound * len(waits)), len(BANDS) + 1)


def chances(curve: Curve, waited: int) -> list[Chance]:
    """Return the chance of coming back within each of `HORIZONS` days after having waited so many.

    The interval is symmetric for log(−log) of the share that stays away, with Greenwood's variance over the days in
    question. A horizon beyond what was observed, or a start with fewer than `LEAST` at risk, has no chance.
    """
    found: list[Chance] = []
    for days in HORIZONS:
        inside = (curve.times > waited) & (curve.times <= waited + days)
        later = curve.times > waited
        n = int(curve.at_risk[later][0]) if later.any() else 0
        if n < LEAST or curve.times[-1] < waited + days:
            continue
        d, r = curve.events[inside].astype(float), curve.at_risk[inside].astype(float)
        away = float(np.prod(1 - d / r))
        found.append(Chance(days, 1 - away, *_interval(away, d, r), n))
    return found


def _interval(away: float, events: Any, at_risk: Any) -> tuple[float, float]:
    if not 0 < away < 1:
        return 1 - away, 1 - away
    variance = float(np.sum(events / (at_risk * (at_risk - events))))
    reach = Z * np.sqrt(variance) / np.log(away)
    low, high = sorted((float(away ** np.exp(-reach)), float(away ** np.exp(reach))))
    return 1 - high, 1 - low
