"""What questions are asked of: the tables of a shop and the engine that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ibis

from regulars.core.schema import CUSTOMERS, ITEMS
from regulars.insights.activity import Run, Span, data_span
from regulars.insights.divisions import PROVINCES_ONLY, Divisions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import ibis.expr.types as ir

    from regulars.core.settings import StoreSettings


def microseconds(time: Any) -> Any:
    """Return a time as whole microseconds since 1970, in a way that every engine knows."""
    return time.cast("timestamp").delta(ibis.timestamp("1970-01-01"), unit="microsecond")


def _no_items() -> ir.Table:
    return ibis.memtable(ITEMS.empty_table())


def _no_customers() -> ir.Table:
    return ibis.memtable(CUSTOMERS.empty_table())


@dataclass(frozen=True)
class Sources:
    """The tables that an answer is computed from.

    Parameters
    ----------
    events, items, customers
        Tables with the columns of `regulars.core.schema`.
    run
        Computes an expression over them.
    cohorts
        Saved cohorts: name → a table with the column `subject`.
    everything
        All events, where `events` is only a part of them.
    micros
        Turns a time into whole microseconds since 1970: an engine's own function, where it has a quick one.
    days
        The first and the last day of any event, where the store knows them without looking.
    stores
        Where the shop's stores are.
    divisions
        China's administrative divisions, as far as they are known.
    """

    events: ir.Table
    run: Run
    items: ir.Table = field(default_factory=_no_items)
    customers: ir.Table = field(default_factory=_no_customers)
    cohorts: Mapping[str, ir.Table] = field(default_factory=dict[str, "ir.Table"])
    everything: ir.Table | None = None
    micros: Callable[[Any], Any] = microseconds
    days: tuple[date, date] | None = None
    stores: Sequence[StoreSettings] = ()
    divisions: Divisions = PROVINCES_ONLY
    _spans: dict[str, Span | None] = field(default_factory=dict[str, "Span | None"])

    def span(self, to: date | None = None) -> Span | None:
        """Return the days with customers' activity, cut at `to`; None when there are none.

        A filter on kinds, places or people does not shorten the span: a day without them is a zero, not a day
        unknown.
        """
        if "all" not in self._spans:
            self._spans["all"] = data_span(
                self.events if self.everything is None else self.everything, self.run, self.days
            )
        whole = self._spans["all"]
        if whole is None or (to is not None and to < whole.first):
            return None
        if to is None or to >= whole.last:
            return whole
        return Span(whole.first, to, cut=True)

    def only(self, events: ir.Table) -> Sources:
        """Return the same with a part of the events; the days there are stay those of all."""
        return replace(self, events=events, everything=self.events if self.everything is None else self.everything)
