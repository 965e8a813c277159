"""Rows that are set aside, said briefly."""

from __future__ import annotations

from regulars.core.records import Reject

EXCERPT = 80
WHOLE_ROW = "(row)"
"""Stands for the column when the row as a whole is wrong."""


def excerpt(value: object) -> str:
    """Return at most 80 printable characters of a value."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value[: 4 * EXCERPT].decode("utf-8", "backslashreplace")
    text = str(value) if not isinstance(value, str) else value
    text = text[: EXCERPT + 1]
    text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def reject(file: str, line: int, column: str, reason: str, value: object = None) -> Reject:
    """Return the record of a row that is set aside."""
    return Reject(file=file, line=line, column=column or WHOLE_ROW, reason=reason, excerpt=excerpt(value))
