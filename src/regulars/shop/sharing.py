"""What may leave the shop without naming anyone: grouped counts, and single counts with noise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.csv as pa_csv

from regulars.core.errors import UsageError
from regulars.core.export import cells
from regulars.privacy.differential import interval_95, laplace_count
from regulars.privacy.k_anonymity import k_anonymous

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from regulars.shop.facade import Shop

COLUMNS = ("day", "kind", "item", "country", "region", "city", "device", "channel", "source", "campaign", "currency")
"""What counts may be grouped by: nothing that names a person or a visit."""


class Sharing:
    """Exports of one shop.

    Parameters
    ----------
    shop
        The shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def share(self, path: Path, by: Sequence[str], k: int | None = None) -> dict[str, Any]:
        """Write events and customers by group as CSV; no group has fewer than k customers.

        Raises
        ------
        UsageError
            A column may not be grouped by.
        """
        unknown = [name for name in by if name not in COLUMNS]
        if unknown or not by:
            raise UsageError(
                f"cannot group by '{unknown[0] if unknown else ''}'", where="by", fix=f"Any of {', '.join(COLUMNS)}."
            )
        k = k or self._shop.settings.privacy.k
        events = self._shop.countable_events()
        rows = self._shop.store.run(events.select("subject", *by))
        kept, report = k_anonymous(rows, list(by), "subject", k)
        groups = kept.group_by(list(by)).aggregate([("subject", "count"), ("subject", "count_distinct")])
        groups = groups.rename_columns([*by, "events", "customers"]).sort_by([(name, "ascending") for name in by])
        pa_csv.write_csv(cells(groups), path)
        return {
            "file": str(path),
            "k": k,
            "by": list(by),
            "groups": groups.num_rows,
            "events": kept.num_rows,
            "suppressed_events": rows.num_rows - kept.num_rows,
            "report": report,
        }

    def count(self, *, kind: str = "", day: str = "", epsilon: float = 0.5) -> dict[str, Any]:
        """Return a differentially private count of customers, paid from this month's budget.

        Raises
        ------
        UsageError
            The day is not one, or the budget is spent.
        """
        events = self._shop.countable_events()
        if kind:
            events = events.filter(events.kind == kind)
        if day:
            try:
                wanted = date.fromisoformat(day)
            except ValueError:
                raise UsageError(f"'{day[:40]}' is not a day", where="day", fix="Write it as 2026-01-31.") from None
            events = events.filter(events.day == wanted)
        true = self._shop.store.run(events.subject.nunique())
        month = datetime.now(UTC).strftime("%Y-%m")
        left = self._shop.vault.budget.spend(month, epsilon, self._shop.settings.privacy.epsilon_budget)
        noisy = laplace_count(int(true.as_py()), epsilon)
        return {
            "count": max(0, noisy),
            "epsilon": epsilon,
            "interval": interval_95(epsilon),
            "month": month,
            "budget_left": left,
        }
