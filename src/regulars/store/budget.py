"""How much privacy was spent: differentially private answers about the same people add up (Dwork and Roth, 3.5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from regulars.core.errors import UsageError
from regulars.core.rights import Spending
from regulars.store.state import moment, now, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from regulars.store.state import State

_UNIT = 1e-9  # epsilon is kept in thousand-millionths: ten times 0.1 is 1, which it is not in binary fractions
_TABLE = (
    "CREATE TABLE IF NOT EXISTS privacy_budget (id INTEGER PRIMARY KEY, name TEXT NOT NULL, epsilon INTEGER NOT NULL,"
    " time TEXT NOT NULL)"
)


class Budget:
    """The ledger of one shop; each name (a table and a month, an analyst) has a balance of its own."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.add_tables(_TABLE, "CREATE INDEX IF NOT EXISTS privacy_budget_names ON privacy_budget (name)")

    def spend(self, name: str, epsilon: float, limit: float) -> float:
        """Take from a balance before the answer is given, and return what is left.

        Raises
        ------
        UsageError
            Less is left than is asked for (nothing is taken), or epsilon is not above 0.
        """
        if not (math.isfinite(epsilon) and epsilon > 0 and limit >= 0):
            raise UsageError(f"an epsilon of {epsilon} out of {limit} cannot be spent", fix="Use numbers above 0.")
        asked = max(1, round(epsilon / _UNIT))
        allowed = math.inf if limit == math.inf else round(limit / _UNIT)
        with self._state.transaction() as db:
            sql = "SELECT coalesce(sum(epsilon), 0) FROM privacy_budget WHERE name = ?"
            left = allowed - int(db.execute(sql, (name,)).fetchone()[0])
            if asked > left:
                raise UsageError(
                    f"the privacy budget of '{name}' has ε = {max(0, left) * _UNIT:g} left, {epsilon:g} was asked for",
                    where=name,
                    fix="Wait for the next period, or ask with a smaller epsilon.",
                )
            sql = "INSERT INTO privacy_budget (name, epsilon, time) VALUES (?, ?, ?)"
            db.execute(sql, (name, asked, stamp(now())))
        return (left - asked) * _UNIT

    def spent(self, name: str) -> float:
        """Return what was taken from a balance so far."""
        sql = "SELECT coalesce(sum(epsilon), 0) FROM privacy_budget WHERE name = ?"
        return int(self._state.read(sql, (name,))[0][0]) * _UNIT

    def ledger(self) -> list[Spending]:
        """Return everything spent, newest first."""
        rows = self._state.read("SELECT name, epsilon, time FROM privacy_budget ORDER BY id DESC")
        return [
            Spending(name=name, epsilon=epsilon * _UNIT, time=cast("datetime", moment(time)))
            for name, epsilon, time in rows
        ]
