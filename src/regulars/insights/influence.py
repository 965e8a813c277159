"""Do friends buy what friends bought, because they bought it? Against what taste alone would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import ibis
import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.households import HouseholdFields, LargestHousehold
from regulars.insights.intervals import reading, wilson
from regulars.insights.params import Params, understood
from regulars.insights.social_permutations import Comparison, Evidence, Purchases, Ties, evidence
from regulars.insights.social_ties import households_of, referral_ties, shared_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

SIGNIFICANT = 0.05
FEWEST_PAIRS = 10
"""Products bought by both, soon after each other, below which nothing can be said."""
NAMES = ("Days of purchase shuffled", "Other customers like them", "Who bought first")
SCHEMA = pa.schema(
    {
        "baseline": pa.string(),
        "observed": pa.float64(),
        "expected": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "excess": pa.float64(),
        "p": pa.float64(),
        "n": pa.int64(),
    }
)
COLUMNS = {
    "baseline": Column("Compared with", "text"),
    "observed": Column("Observed", "share", 4),
    "expected": Column("Expected without influence", "share", 4),
    "low": Column("95% of chance from", "share", 4),
    "high": Column("95% of chance to", "share", 4),
    "excess": Column("Excess", "share", 4),
    "p": Column("p-value", "number", 4),
    "n": Column("Cases"),
}
PLOT = Plot(
    title="Do friends buy what friends bought?",
    series=[
        Series(x="baseline", y="observed", name="Observed", kind="bar", format=".1%"),
        Series(
            x="baseline",
            y="expected",
            name="Expected without influence",
            kind="bar",
            format=".1%",
            low="low",
            high="high",
        ),
    ],
    y_title="Share",
)


class InfluenceParams(Params, frozen=True, kw_only=True):
    """Parameters of `influence`."""

    ties: Annotated[
        Literal["referrals", "households"],
        Meta(description="Who is tied: inviters and those they brought, or customers who live together."),
    ] = "referrals"
    days: Annotated[
        int, Meta(description="How soon after the one the other must buy, in days; the same day is not.", ge=1, le=365)
    ] = 14
    permutations: Annotated[int, Meta(description="Random orders for each baseline.", ge=99, le=1999)] = 499
    seed: Annotated[int, Meta(description="Same seed, same answer.", ge=0)] = 7
    min_ties: Annotated[int, Meta(description="With fewer ties nothing is said.", ge=10, le=100_000)] = 20
    fields: HouseholdFields = ("attribute:household",)
    largest: LargestHousehold = 8


def influence(sources: Sources, params: InfluenceParams) -> Table:
    """Compare what tied customers buy after each other with what taste, season and chance would make them buy.

    One row a comparison; see `social_permutations` for the statistic and the three baselines. `observed` is the share
    of exposures followed within `days` (in the last row, of close purchases the share the inviter made first),
    `expected`, `low` and `high` the baseline's mean and 95% range, p with the correction of +1, `n` the cases.

    The verdict is 'influence' when every comparison has p ≤ 0.05; 'similar taste only' when friends buy alike more than
    other customers like them, but not more than in another order; 'no influence seen' otherwise; 'not enough ties' with
    fewer than `min_ties` ties or 10 close purchases. Households have no direction, so what looks like influence there
    may be an occasion that both had: 'influence or shared occasions'.
    """
    span = sources.span(params.to)
    found = _evidence(sources, params, span) if span else None
    ties = found.ties if found else 0
    enough = found is not None and ties >= params.min_ties and found.pairs >= FEWEST_PAIRS
    rows = _rows(found if enough else None)
    return Table(
        "influence",
        pa.Table.from_pylist(rows, schema=SCHEMA),
        PLOT,
        understood(params, span),
        headline=_headline(found, verdict(found) if enough and found else "not enough ties"),
        columns=COLUMNS,
    )


def verdict(found: Evidence) -> str:
    """Return what the evidence says, in one of the words of `influence`."""
    alike = found.matched.p <= SIGNIFICANT
    order = found.shuffled.p <= SIGNIFICANT
    if alike and order and found.direction is None:
        return "influence or shared occasions"
    if alike and order and found.direction is not None and found.direction.p <= SIGNIFICANT:
        return "influence"
    return "similar taste only" if alike else "no influence seen"


def tied_purchases(events: ir.Table, people: Sequence[str], last: date) -> ir.Table:
    """Return subject, item and day (its number) of what these customers bought, each once."""
    bought = shopper_events(events, ("purchase",), last=last).filter(_.item.notnull())
    chosen = ibis.memtable(pa.table({"subject": pa.array(people, pa.string())}))
    days = bought.semi_join(chosen, "subject").select("subject", "item", day=_.day.epoch_days().cast("int64"))
    return days.distinct()


def _evidence(sources: Sources, params: InfluenceParams, span: Span) -> Evidence | None:
    directed = params.ties == "referrals"
    if directed:
        # In one order, whatever the engine: the seed decides the rest.
        pairs = sources.run(referral_ties(sources.events, span.last).order_by("taker")).to_pydict()
        given, taken, since = pairs["giver"], pairs["taker"], pairs["since"]
    else:
        given, taken = _together(sources, params, span.last)
        since = [0] * len(given)
    people = sorted({*given, *taken})
    if not people:
        return None
    lines = sources.run(tied_purchases(sources.events, people, span.last)).to_pydict()
    if not lines["subject"]:
        return None
    number = {subject: at for at, subject in enumerate(people)}
    items = {item: at for at, item in enumerate(sorted(set(lines["item"])))}
    bought = Purchases.of(
        np.array([number[one] for one in lines["subject"]], np.int64),
        np.array([items[one] for one in lines["item"]], np.int64),
        np.array(lines["day"], np.int64),
    )
    giver, taker = (np.array([number[one] for one in side], np.int64) for side in (given, taken))
    ties = Ties(giver, taker, np.array(since, np.int64))
    return evidence(
        bought, ties, days=params.days, permutations=params.permutations, seed=params.seed, directed=directed
    )


def _together(sources: Sources, params: InfluenceParams, last: date) -> tuple[list[str], list[str]]:
    """Return every ordered pair of customers of one household."""
    fields = params.fields or ("attribute:household",)
    people, number = households_of(sources.run(shared_values(sources, fields, last)), params.largest)
    inside: dict[int, list[str]] = {}
    for subject, at in zip(people, number.tolist(), strict=True):
        inside.setdefault(at, []).append(subject)
    pairs = [(a, b) for members in inside.values() for a in members for b in members if a != b]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _rows(found: Evidence | None) -> list[dict[str, Any]]:
    parts: list[tuple[Comparison | None, int]] = [(None, 0)] * len(NAMES)
    if found:
        parts = [(found.shuffled, found.exposures), (found.matched, found.exposures), (found.direction, found.pairs)]
    return [_row(name, part, n) for name, (part, n) in zip(NAMES, parts, strict=True)]


def _row(name: str, part: Comparison | None, n: int) -> dict[str, Any]:
    if part is None:
        return dict.fromkeys(SCHEMA.names) | {"baseline": name}
    return {
        "baseline": name,
        "observed": part.observed,
        "expected": part.mean,
        "low": part.low,
        "high": part.high,
        "excess": part.observed - part.mean,
        "p": part.p,
        "n": n,
    }


def _headline(found: Evidence | None, said: str) -> dict[str, Any]:
    """Return the verdict, the ties, and the excess over the shuffled order with its 95% range."""
    ties = found.ties if found else 0
    known = found if found and said != "not enough ties" else None
    excess = known.shuffled if known else None
    low, high = wilson(known.followed, known.exposures) if known else (None, None)
    return {
        "verdict": reading(None, n=ties, unit="ties", label="Verdict", format="text") | {"value": said},
        "ties": reading(ties, n=ties, unit="ties", label="Ties"),
        "followed": reading(
            excess.observed if excess else None, low=low, high=high, n=known.exposures if known else 0,
            unit="exposures", label="Share bought soon after a friend", format="share",
        ),
        "excess": reading(
            excess.observed - excess.mean if excess else None,
            low=excess.observed - excess.high if excess else None,
            high=excess.observed - excess.low if excess else None,
            n=known.exposures if known else 0, unit="exposures", label="Beyond the shuffled order", format="share",
        ),
    }  # fmt: skip
