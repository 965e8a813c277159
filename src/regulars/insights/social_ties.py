"""Who is tied to whom: whom customers brought, and which customers live together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
from ibis import _

from regulars.core.errors import UsageError
from regulars.insights.activity import shopper_events
from regulars.insights.dimensions import customer_groups, with_group
from regulars.privacy.sealing import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir
    import pyarrow as pa
    from numpy.typing import NDArray

    from regulars.insights.sources import Sources

    Ints = NDArray[np.int64]


def referral_ties(events: ir.Table, last: date) -> ir.Table:
    """Return who brought whom: giver, taker, since (number of the day), at (time); one row a taker.

    The giver is the `referrer` of the taker's first event that names one (by time, then id). Nobody brings themselves.
    A giver without activity of their own in the events, such as one who does not allow analytics, has no tie.
    """
    acted = shopper_events(events, last=last)
    named = acted.filter(_.referrer.notnull(), _.referrer != "", _.referrer != _.subject)
    place = ibis.row_number().over(ibis.window(group_by="subject", order_by=["time", "id"]))
    first = named.mutate(place=place).filter(_.place == 0)
    ties = first.select(giver="referrer", taker="subject", since=_.day.epoch_days().cast("int64"), at="time")
    return ties.semi_join(acted, [("giver", "subject")])


def shared_values(sources: Sources, fields: Sequence[str], last: date) -> ir.Table:
    """Return field, value, subject: what each customer has of each field, once; unknown values are left out.

    Parameters
    ----------
    sources
        The tables.
    fields
        `attribute:NAME` of customers or `property:NAME` of events.
    last
        The last day that counts.

    Raises
    ------
    UsageError
        A field of another kind: what many customers share without living together.
    """
    parts: list[ir.Table] = []
    for field in fields:
        if field.startswith("attribute:"):
            rows = customer_groups(sources, field, last)
        elif field.startswith("property:"):
            rows = with_group(sources, shopper_events(sources.events, last=last), field, last)
        else:
            raise UsageError(
                f"'{field[:80]}' says nothing about who lives together",
                where="fields",
                fix="Write attribute:NAME or property:NAME.",
            )
        # A union wants the same nullability from tables that differ in it.
        plain = rows.select(subject=_.subject.cast("string"), value=_.group.cast("string"))
        parts.append(plain.filter(_.value != "").mutate(field=ibis.literal(field)))
    return ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0].distinct()


def households_of(rows: pa.Table, largest: int) -> tuple[list[str], Ints]:
    """Return customers (sorted) and the number of each one's household, from rows of `shared_values`.

    Two customers with the same value of a field are of one household, and so are those tied through others. A value
    that more than `largest` customers share is no household's (a shop's own terminal, a default) and ties nobody.
    Sealed values are encrypted for each customer apart, so equal ones cannot be seen: they tie nobody.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    columns = [rows.column(name).to_pylist() for name in ("field", "value", "subject")]
    people = sorted(set(columns[2]))
    number = {subject: at for at, subject in enumerate(people)}
    sharing: dict[tuple[str, str], list[int]] = {}
    for field, value, subject in zip(*columns, strict=True):
        if not value.startswith(PREFIX):
            sharing.setdefault((field, value), []).append(number[subject])
    groups = [members for members in sharing.values() if 1 < len(members) <= largest]
    left = [members[0] for members in groups for _ in members]
    right = [one for members in groups for one in members]
    shape = (len(people), len(people))
    graph = coo_array((np.ones(len(left)), (left, right)), shape=shape)
    return people, connected_components(graph, directed=False)[1].astype(np.int64)
