"""Read-only SQL for analysts: what they may see is a matter of views, what they may do a matter of the sandbox."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from regulars.shop.analyst_views import VIEWS, View, definitions
from regulars.store.sql import MOST_ROWS, ROWS, SECONDS, Answer, Views, run_sql

if TYPE_CHECKING:
    from collections.abc import Collection

    from regulars.shop.facade import Shop

__all__ = ["MOST_ROWS", "ROWS", "VIEWS", "Analyst", "Answer", "View"]


class Analyst:
    """SQL over one shop.

    Parameters
    ----------
    shop
        The shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def query(self, sql: str, *, limit: int = ROWS, seconds: float = SECONDS) -> Answer:
        """Return what a SELECT says of the people who allow analytics.

        Parameters
        ----------
        sql
            One SELECT in DuckDB's dialect over the views `events`, `items`, `customers`, `customer_summaries`.
        limit
            Most rows; an answer that has more says that it is `truncated`.
        seconds
            Longest that it may take.

        Raises
        ------
        UsageError
            The statement may not run, or does not work; `where` says the line and column.
        BusyError
            Others are asking.
        RegularsError
            It takes too long, or too much memory.
        """
        views = Views(names=frozenset(VIEWS), make=self._make, time_zone=self._shop.settings.shop.time_zone)
        return run_sql(self._shop.store, views, sql, rows=limit, seconds=seconds)

    def views(self) -> dict[str, View]:
        """Return the views with their columns and what each means."""
        return VIEWS

    def fingerprint(self, sql: str) -> str:
        """Return a keyed hash of a statement for logs: equal statements, equal hash, and no way back to its texts."""
        return self._shop.vault.pseudonyms.blind("sql", sql)[:16]

    def _make(self, used: Collection[str]) -> dict[str, str]:
        days = self._shop.store.days()
        secret = self._shop.vault.pseudonyms.blind("analyst", "pseudonyms")
        return definitions(used, self._shop.permissions, secret, days[1] if days else date.min)
