"""What a browser says about tracking by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNALS = frozenset({b"sec-gpc", b"dnt"})


def asks_not_to_track(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request asks not to be tracked: Global Privacy Control (`Sec-GPC: 1`) or `DNT: 1`."""
    return any(value.strip() == b"1" and name.lower() in _SIGNALS for name, value in headers.items())
