"""The name of a format as a person gives it."""

from __future__ import annotations

from typing import get_args

from regulars.core.errors import UsageError
from regulars.events.mapping import FormatName

NAMES: dict[str, FormatName] = {name: name for name in get_args(FormatName)}


def format_name(text: str | None) -> FormatName | None:
    """Return the format of this name; None, and 'events' for any table of events, mean 'look at the file'.

    Raises
    ------
    UsageError
        There is no such format.
    """
    if text is None or text == "events":
        return None
    if text not in NAMES:
        raise UsageError(f"there is no format '{text[:40]}'", where="format", fix=f"One of {', '.join(NAMES)}.")
    return NAMES[text]
