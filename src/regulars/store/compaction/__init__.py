"""From the log to the tables: each event once, under its person's pseudonym, as far as they agreed."""

from __future__ import annotations

from regulars.store.compaction.compactor import Compactor, Cycle

__all__ = ["Compactor", "Cycle"]
