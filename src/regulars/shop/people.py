"""The customer list and one customer's page, from the insights' expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import msgspec
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import NotFoundError, UsageError
from regulars.core.records import CustomerPage, CustomerProfile, CustomerSummary, HistoryLine
from regulars.insights import SEGMENTS, customer_history, customer_summaries, top_categories

if TYPE_CHECKING:
    from datetime import date

    from regulars.store import Store

SORTS: dict[str, str] = {
    "spend": "descending", "orders": "descending", "active_days": "descending", "days_since": "ascending",
    "last_day": "descending", "first_day": "ascending", "typical_gap": "ascending", "subject": "ascending",
}  # fmt: skip
"""Column → the direction a person means by 'sorted by' it; a leading '-' turns it round."""


class People:
    """Customers as one snapshot of the store knows them; summaries are computed once and kept.

    Parameters
    ----------
    store
        The shop's store.
    as_of
        The last day with events.
    """

    def __init__(self, store: Store, as_of: date) -> None:
        self.store = store
        self.rows: pa.Table = store.run(customer_summaries(store.table("events"), as_of))

    def page(self, search: str, segment: str, sort: str, limit: int, offset: int) -> CustomerPage:
        """Return the customers whose id holds `search`, of one segment, in the order asked; ties by id."""
        rows = self.rows
        if segment:
            if segment not in SEGMENTS:
                raise UsageError(
                    f"there is no segment '{segment}'", where="segment", fix=f"One of {', '.join(SEGMENTS)}."
                )
            rows = rows.filter(pc.equal(rows.column("segment"), segment))
        if search:
            rows = rows.filter(pc.match_substring(rows.column("subject"), search.strip(), ignore_case=True))
        name, turned = sort.removeprefix("-"), sort.startswith("-")
        if name not in SORTS:
            raise UsageError(f"cannot sort by '{name}'", where="sort", fix=f"One of {', '.join(SORTS)}.")
        falling = (SORTS[name] == "descending") != turned
        keys = [(name, "descending" if falling else "ascending"), ("subject", "ascending")]
        order = pc.sort_indices(rows, sort_keys=keys[:1] if name == "subject" else keys)
        found = rows.take(order.slice(offset, limit)).to_pylist()
        return CustomerPage(total=rows.num_rows, customers=msgspec.convert(found, list[CustomerSummary]))

    def days(self) -> tuple[date, date] | None:
        """Return the first and last day a customer was active: what the shop sent earlier does not count."""
        if not self.rows.num_rows:
            return None
        return pc.min(self.rows.column("first_day")).as_py(), pc.max(self.rows.column("last_day")).as_py()

    def segments(self) -> dict[str, int]:
        """Return segment → customers, in the order of a customer's life."""
        counts = {pair["values"]: pair["counts"] for pair in self.rows.column("segment").value_counts().to_pylist()}
        return {segment: counts.get(segment, 0) for segment in SEGMENTS}

    def profile(self, subject: str, lines: int) -> CustomerProfile:
        """Return everything a page shows about one customer.

        Raises
        ------
        NotFoundError
            No event of a customer of this id.
        """
        mine = self.rows.filter(pc.equal(self.rows.column("subject"), subject)).to_pylist()
        if not mine:
            raise NotFoundError(f"there is no customer '{subject[:80]}'", fix="Search for a part of the id.")
        events, items = self.store.table("events"), self.store.table("items")
        history = self.store.run(customer_history(events, items, subject, lines)).to_pylist()
        total = self.store.run(events.filter(events.subject == subject).count())
        shares = self.store.run(top_categories(events, items, subject).limit(8)).to_pylist()
        return CustomerProfile(
            summary=msgspec.convert(mine[0], CustomerSummary),
            attributes=self._attributes(subject),
            top_categories=[(row["category"], row["share"]) for row in shares],
            history=msgspec.convert(history, list[HistoryLine]),
            history_total=int(total.as_py() if hasattr(total, "as_py") else total),
        )

    def _attributes(self, subject: str) -> dict[str, Any]:
        customers = self.store.table("customers")
        rows = self.store.run(customers.filter(customers.subject == ibis.literal(subject)).select("attributes"))
        text = rows.column("attributes").to_pylist()
        return msgspec.json.decode(text[0]) if text and text[0] else {}
