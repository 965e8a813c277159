"""Do customers bring customers? Invitations, who came through them, and how far the chains go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import Span, shopper_events
from regulars.insights.intervals import mean_interval, reading, wilson
from regulars.insights.params import FromDay, Params, check_order, understood
from regulars.insights.periods import number_of
from regulars.insights.social_ties import referral_ties

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

INVITES = ("share", "invite")
"""Kinds of event by which customers invite others: sharing a product, and what shops call an invitation."""
LONGEST = 10
"""Rows: this many and more are one."""
SCHEMA = pa.schema(
    {
        "number": pa.int64(),
        "brought": pa.int64(),
        "brought_share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "depth": pa.int64(),
    }
)
COLUMNS = {
    "number": Column("Number"),
    "brought": Column("Customers who brought so many"),
    "brought_share": Column("Share of customers", "share", 4),
    "low": Column("Interval from", "share", 4),
    "high": Column("Interval to", "share", 4),
    "depth": Column("Customers so many steps from the first"),
}
PLOT = Plot(
    title="How many customers bring others",
    series=[
        Series(x="number", y="brought", name="Customers who brought so many", kind="bar"),
        Series(x="number", y="depth", name="Customers so many steps from the first", kind="bar"),
    ],
    x_title="Customers brought, or steps from the first inviter",
    y_title="Customers",
)


class SocialParams(Params, frozen=True, kw_only=True):
    """Parameters of `social`."""

    from_: FromDay = None
    invites: Annotated[
        tuple[str, ...], Meta(description="Kinds of event that are an invitation, joined with commas.")
    ] = INVITES

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        check_order(self.from_, self.to)


def social(sources: Sources, params: SocialParams) -> Table:
    """Count who brought how many customers, and how many steps brought customers are from the first of their chain.

    A customer was brought by the `referrer` of their first event that names one; both must have activity of their own.
    Counted are those who were brought in the period and first active in it. A row a number: `brought` customers who
    brought so many (0 included, with its share of all customers and Wilson's 95% interval), `depth` brought customers
    so many steps down their chain. A chain goes on where the inviter had been brought before that by another. 10 stands
    for 10 and more.

    The headline: invitations sent (events of the kinds `invites`), customers brought, accepted ÷ sent (nothing where
    more came than were invited by an event), K = customers brought ÷ customers active in the period with a normal 95%
    interval of the mean over customers, the share of those brought who bought, that of other new customers, and the
    longest chain. K counts what the period shows: customers of its last weeks have had little time to bring others.
    """
    span = sources.span(params.to)
    if span is None:
        none = _headline([], _referrals([]))
        return Table("social", SCHEMA.empty_table(), PLOT, understood(params, None), headline=none, columns=COLUMNS)
    first = max(params.from_, span.first) if params.from_ else span.first
    people = sources.run(invited_people(sources, params, Span(first, span.last))).to_pylist()
    found = _referrals(people)
    return Table(
        "social",
        pa.Table.from_pylist(_rows(found), schema=SCHEMA),
        PLOT,
        understood(params, span, first),
        headline=_headline(people, found),
        columns=COLUMNS,
    )


def invited_people(sources: Sources, params: SocialParams, period: Span) -> ir.Table:
    """Return one row a customer active in the period, or tied to one who was brought in it.

    subject; active, new (first activity in the period), bought (in it) and sent (invitations in it) as numbers; giver
    and at, who brought them and when (null: nobody), and recent, whether that was in the period.
    """
    rows = shopper_events(sources.events, last=period.last)
    inside = _.day >= period.first
    sent = inside & _.kind.isin(list(params.invites or INVITES))
    people = rows.group_by("subject").aggregate(
        active=inside.ifelse(1, 0).max(),
        first=_.day.min(),
        bought=(inside & (_.kind == "purchase")).ifelse(1, 0).max(),
        sent=sent.ifelse(1, 0).sum(),
    )
    people = people.mutate(new=(_.first >= period.first).ifelse(1, 0)).drop("first")
    ties = referral_ties(sources.events, period.last)
    recent = (_.since >= number_of(period.first, "day")).ifelse(1, 0).fill_null(0)
    joined = people.left_join(ties, [("subject", "taker")]).mutate(recent=recent).drop("taker", "since")
    return joined.filter((_.active == 1) | _.giver.notnull()).order_by("subject")


class _Referrals(NamedTuple):
    """What a period's referrals come to."""

    customers: int
    """Active in the period, or brought somebody in it."""
    brought: dict[str, int]
    """Inviter → how many they brought in the period."""
    depths: list[int]
    """Steps of each customer brought in the period from the first of their chain."""


def _referrals(people: list[dict[str, Any]]) -> _Referrals:
    brought: dict[str, int] = {}
    depths: list[int] = []
    reached: dict[str, tuple[Any, int]] = {}
    tied = sorted((one for one in people if one["giver"] is not None), key=lambda one: (one["at"], one["subject"]))
    for one in tied:
        at, depth = reached.get(one["giver"], (None, 0))
        depth = depth + 1 if at is not None and at < one["at"] else 1
        reached[one["subject"]] = (one["at"], depth)
        if one["recent"] and one["new"]:
            brought[one["giver"]] = brought.get(one["giver"], 0) + 1
            depths.append(depth)
    active = sum(1 for one in people if one["active"] or one["subject"] in brought)
    return _Referrals(active, brought, depths)


def _rows(found: _Referrals) -> list[dict[str, Any]]:
    degrees = np.bincount(np.minimum(list(found.brought.values()), LONGEST), minlength=1) if found.brought else [0]
    degrees[0] = found.customers - len(found.brought)
    depths = np.bincount(np.minimum(found.depths, LONGEST), minlength=1) if found.depths else [0]
    rows: list[dict[str, Any]] = []
    for number in range(max(len(degrees), len(depths))):
        count = int(degrees[number]) if number < len(degrees) else 0
        low, high = wilson(count, found.customers)
        values = (count, count / found.customers if found.customers else None, low, high)
        depth = int(depths[number]) if number < len(depths) else 0
        rows.append(dict(zip(SCHEMA.names, (number, *values, depth), strict=True)))
    return rows


def _headline(people: list[dict[str, Any]], found: _Referrals) -> dict[str, Any]:
    sent, came = sum(one["sent"] for one in people), len(found.depths)
    new = [one for one in people if one["new"] and one["active"]]
    invited = [one["bought"] for one in new if one["recent"]]
    others = [one["bought"] for one in new if not one["recent"]]
    k = came / found.customers if found.customers else None
    low, high = mean_interval(found.customers, came, sum(count**2 for count in found.brought.values()))
    counted = "customers"
    return {
        "sent": reading(sent, n=found.customers, unit=counted, label="Invitations sent"),
        "brought": reading(came, n=found.customers, unit=counted, label="Customers brought by others"),
        "accepted": _share(came, sent if came <= sent else 0, "invitations", "Brought ÷ invitations"),
        "k": reading(k, low=low, high=high, n=found.customers, unit=counted, label="Customers brought by each (K)"),
        "invited_bought": _share(sum(invited), len(invited), counted, "Share of those brought who bought"),
        "others_bought": _share(sum(others), len(others), counted, "Share of other new customers who bought"),
        "longest": reading(max(found.depths, default=0), n=came, unit=counted, label="Longest chain"),
    }


def _share(part: int, whole: int, unit: str, label: str) -> dict[str, Any]:
    low, high = wilson(part, whole) if whole else (None, None)
    value = part / whole if whole else None
    return reading(value, low=low, high=high, n=whole, unit=unit, label=label, format="share")
