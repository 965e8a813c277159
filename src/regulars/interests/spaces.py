"""Which settings of a model a search may vary, and how far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG_FROM = 8.0
"""Ends so many times apart are searched by orders of magnitude."""


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float
    log: bool = False
    """Search orders of magnitude evenly."""
    whole: bool = False
    """Whole numbers alone."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of a few values without an order."""

    options: tuple[Any, ...]


Space = dict[str, Range | Choice]
"""Setting → what it may be."""


def hull(configs: Sequence[msgspec.Struct]) -> Space:
    """Return the smallest space that holds these settings; what they agree on is not varied."""
    fields = configs[0].__struct_fields__
    found = {name: list(dict.fromkeys(getattr(config, name) for config in configs)) for name in fields}
    return {name: _between(values) for name, values in found.items() if len(values) > 1}


def _between(values: list[Any]) -> Range | Choice:
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
        return Choice(options=tuple(values))
    low, high = float(min(values)), float(max(values))
    return Range(
        low=low, high=high, log=low > 0 and high / low >= LOG_FROM, whole=all(isinstance(v, int) for v in values)
    )
