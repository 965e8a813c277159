"""Where two answers differ: names, counts, days and order have to be equal, doubles nearly."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any


def _plain(value: Any) -> Any:
    """Return times as UTC: Ibis gives those of Spark without a zone."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


def difference(one: Any, two: Any, at: str = "") -> str | None:
    """Return where two answers first differ, None where they do not: DuckDB's is the first."""
    one, two = _plain(one), _plain(two)
    if isinstance(one, dict) and isinstance(two, dict):
        if list(one) != list(two):
            return f"{at}: {list(one)} in DuckDB, {list(two)} in Spark"
        return next((said for key in one if (said := difference(one[key], two[key], f"{at}.{key}"))), None)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        if len(one) != len(two):
            return f"{at}: {len(one)} in DuckDB, {len(two)} in Spark"
        pairs = enumerate(zip(one, two, strict=True))
        return next((said for place, pair in pairs if (said := difference(*pair, f"{at}[{place}]"))), None)
    if isinstance(one, float) and isinstance(two, float) and math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12):
        return None
    return None if type(one) is type(two) and one == two else f"{at}: {one!r} in DuckDB, {two!r} in Spark"
