"""The customer list and one customer's page, from the insights' expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import msgspec
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import NotFoundError, UsageError
from regulars.core.records import CustomerPage, CustomerProfile, CustomerSummary
from regulars.insights import SEGMENTS, customer_summaries
from regulars.shop.profiles import Profiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from regulars.insights import Sources
    from regulars.shop.names import Names
    from regulars.store import Store

NAMED = 100_000
"""With more customers than this, their ids are opened page by page."""
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
    sources
        The tables, with the events that may be counted.
    as_of
        The last day with events.
    names
        The shop's own ids.
    """

    def __init__(self, store: Store, sources: Sources, as_of: date, names: Names) -> None:
        self.store = store
        self.names = names
        self._profiles = Profiles(sources, as_of)
        events = sources.events
        rows: pa.Table = store.run(customer_summaries(events, as_of))
        self.subjects = frozenset(rows.column("subject").to_pylist())
        # Beyond this many, opening every sealed id would take longer than a page may: only exact ids are found.
        known = names.of(self.subjects) if rows.num_rows <= NAMED else {}
        shown = [known.get(subject, subject) for subject in rows.column("subject").to_pylist()]
        self.rows = rows.append_column("name", pa.array(shown, pa.string()))

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
            exact = pc.equal(rows.column("subject"), self.names.subject(search.strip()))
            like = pc.match_substring(rows.column("name"), search.strip(), ignore_case=True)
            rows = rows.filter(pc.or_(exact, like))
        name, turned = sort.removeprefix("-"), sort.startswith("-")
        if name not in SORTS:
            raise UsageError(f"cannot sort by '{name}'", where="sort", fix=f"One of {', '.join(SORTS)}.")
        falling = (SORTS[name] == "descending") != turned
        by_name = name == "subject"
        keys = [("name" if by_name else name, "descending" if falling else "ascending"), ("name", "ascending")]
        order = pc.sort_indices(rows, sort_keys=keys[:1] if by_name else keys)
        found = self._shown(rows.take(order.slice(offset, limit)))
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

    def profile(self, subject: str, lines: int, kinds: Sequence[str] = (), offset: int = 0) -> CustomerProfile:
        """Return everything a page shows about one customer; `lines` of their history of these kinds.

        Raises
        ------
        NotFoundError
            No event of a customer of this id.
        """
        asked, subject = subject, self.names.subject(subject, self.subjects)
        mine = self._shown(self.rows.filter(pc.equal(self.rows.column("subject"), subject)))
        if not mine:
            raise NotFoundError(f"there is no customer '{asked[:80]}'", fix="Search for a part of the id.")
        summary = msgspec.convert(mine[0], CustomerSummary)
        return self._profiles.of(subject, summary, self._attributes(subject), lines, kinds, offset)

    def _shown(self, rows: pa.Table) -> list[dict[str, Any]]:
        """Return rows with the shop's own ids in the place of the pseudonyms."""
        found = rows.to_pylist()
        known = self.names.of([row["subject"] for row in found]) if self.rows.num_rows > NAMED else {}
        return [row | {"subject": known.get(row["subject"], row["name"])} for row in found]

    def _attributes(self, subject: str) -> dict[str, Any]:
        customers = self.store.table("customers")
        rows = self.store.run(customers.filter(customers.subject == ibis.literal(subject)).select("attributes"))
        text = rows.column("attributes").to_pylist()
        found: dict[str, Any] = msgspec.json.decode(text[0]) if text and text[0] else {}
        return self.names.opened(subject, found)
