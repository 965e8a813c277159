"""Which customers live together: households found from what customers share, and what they spend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pyarrow as pa
from ibis import _
from msgspec import Meta

from regulars.core.columns import Column
from regulars.core.compute import pc
from regulars.core.table import Plot, Series, Table
from regulars.insights.activity import shopper_events
from regulars.insights.dimensions import OTHERS
from regulars.insights.intervals import mean_interval, reading, wilson
from regulars.insights.orders import order_totals
from regulars.insights.params import Params, understood
from regulars.insights.social_ties import households_of, shared_values
from regulars.privacy.sealing import PREFIX

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from regulars.insights.sources import Sources

SHOWN = 4
"""Sizes that have a row of their own; larger households are one row."""
SCHEMA = pa.schema(
    {
        "members": pa.string(),
        "households": pa.int64(),
        "customers": pa.int64(),
        "orders": pa.int64(),
        "revenue": pa.float64(),
        "per_household": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    }
)
COLUMNS = {
    "members": Column("Customers in the household", "text"),
    "households": Column("Households"),
    "per_household": Column("Revenue a household", "money"),
    "low": Column("Interval from", "money"),
    "high": Column("Interval to", "money"),
}
PLOT = Plot(
    title="How many customers live together",
    series=[Series(x="members", y="households", name="Households", kind="bar")],
    x_title="Customers in the household",
    y_title="Households",
)
HouseholdFields = Annotated[
    tuple[str, ...],
    Meta(
        description="What the customers of a household share: attribute:NAME of customers or property:NAME of events. "
        "Sealed fields, such as addresses, cannot be compared."
    ),
]
LargestHousehold = Annotated[
    int, Meta(description="A value that more customers than this share ties nobody: it is a default.", ge=2, le=100)
]


class HouseholdsParams(Params, frozen=True, kw_only=True):
    """Parameters of `households`."""

    fields: HouseholdFields = ("attribute:household",)
    largest: LargestHousehold = 8
    min_customers: Annotated[
        int, Meta(description="Sizes with fewer customers are counted with the others.", ge=1, le=1000)
    ] = 10


def households(sources: Sources, params: HouseholdsParams) -> Table:
    """Count households by how many customers they have, with orders and revenue a household.

    Customers who share a value of a field are one household, and so are those tied through others; a value that more
    than `largest` share ties nobody. Counted are customers with activity up to `to` and a value that can be compared;
    how many that are is in the headline, and so is how many have only sealed ones, which cannot. `per_household` has a
    normal 95% interval. Sizes above 4, and those with fewer than `min_customers` customers, are one row, '…';
    customers whose household is not known are the row ''.
    """
    span = sources.span(params.to)
    if span is None:
        return _table([], params, None, _headline([], 0, 0, 0))
    rows = sources.run(household_values(sources, params.fields or ("attribute:household",), span.last))
    known = rows.filter(pc.field("value") != "")
    people, number = households_of(known, params.largest)
    values = zip(known.column("subject").to_pylist(), known.column("value").to_pylist(), strict=True)
    comparable = {subject for subject, value in values if not value.startswith(PREFIX)}
    totals = {row["subject"]: row for row in rows.select(["subject", "orders", "spend"]).to_pylist()}
    sealed = len(set(people) - comparable)
    sizes = _sizes([(one, int(at)) for one, at in zip(people, number, strict=True) if one in comparable], totals)
    found = _folded(sizes, params.min_customers)
    found += _unknown([row for subject, row in totals.items() if subject not in comparable])
    return _table(found, params, span, _headline(found, len(comparable), sealed, len(totals)))


def household_values(sources: Sources, fields: tuple[str, ...], last: date) -> ir.Table:
    """Return subject, orders, spend, field and value: the values of `shared_values`, '' for customers without any."""
    acted = shopper_events(sources.events, last=last)
    people = acted.select("subject").distinct()
    bought = order_totals(acted).group_by("subject").aggregate(orders=_.count(), spend=_.spend.sum())
    joined = people.left_join(bought, "subject").drop("subject_right")
    joined = joined.left_join(shared_values(sources, fields, last), "subject").drop("subject_right")
    return joined.mutate(
        orders=_.orders.fill_null(0),
        spend=_.spend.fill_null(0.0),
        field=_.field.fill_null(""),
        value=_.value.fill_null(""),
    )


def _sizes(members: list[tuple[str, int]], totals: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a size, smallest first."""
    households: dict[int, list[dict[str, Any]]] = {}
    for subject, number in members:
        households.setdefault(number, []).append(totals[subject])
    sizes: dict[int, dict[str, Any]] = {}
    for inside in households.values():
        row = sizes.setdefault(len(inside), dict.fromkeys(("households", "customers", "orders"), 0) | {"spends": []})
        row["households"] += 1
        row["customers"] += len(inside)
        row["orders"] += sum(one["orders"] for one in inside)
        row["spends"].append(sum(one["spend"] for one in inside))
    return [{"size": size} | sizes[size] for size in sorted(sizes)]


def _folded(sizes: list[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    shown = [row for row in sizes if row["size"] <= SHOWN and row["customers"] >= least]
    rest = [row for row in sizes if row not in shown]
    while rest and shown and sum(row["customers"] for row in rest) < least:
        rest.append(shown.pop())
    rows = [row | {"members": str(row["size"])} for row in shown]
    if rest:
        sums = {name: sum(row[name] for row in rest) for name in ("households", "customers", "orders")}
        rows.append(sums | {"members": OTHERS, "size": 0, "spends": [s for row in rest for s in row["spends"]]})
    return [_row(row) for row in rows]


def _unknown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the row of the customers whose household is not known, if there are any."""
    if not rows:
        return []
    sums = {"orders": sum(row["orders"] for row in rows), "revenue": sum(row["spend"] for row in rows)}
    return [dict.fromkeys(SCHEMA.names) | {"members": "", "customers": len(rows)} | sums]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    spends = np.asarray(row["spends"])
    low, high = mean_interval(len(spends), float(spends.sum()), float((spends**2).sum()))
    kept = {name: row[name] for name in ("members", "households", "customers", "orders")}
    return kept | {"revenue": float(spends.sum()), "per_household": float(spends.mean()), "low": low, "high": high}


def _headline(found: list[dict[str, Any]], known: int, sealed: int, customers: int) -> dict[str, Any]:
    households = sum(row["households"] or 0 for row in found)
    low, high = wilson(known, customers)
    return {
        "households": reading(households, n=known, unit="customers", label="Households"),
        "size": reading(
            known / households if households else None, n=households, unit="households", label="Customers a household"
        ),
        "known": reading(
            known / customers if customers else None, low=low, high=high, n=customers, unit="customers",
            label="Share whose household is known", format="share",
        ),
        "sealed": reading(sealed, n=customers, unit="customers", label="Customers whose values are sealed"),
    }  # fmt: skip


def _table(found: list[dict[str, Any]], params: HouseholdsParams, span: Any, headline: dict[str, Any]) -> Table:
    rows = pa.Table.from_pylist([{name: row[name] for name in SCHEMA.names} for row in found], schema=SCHEMA)
    return Table("households", rows, PLOT, understood(params, span), headline=headline, columns=COLUMNS)
