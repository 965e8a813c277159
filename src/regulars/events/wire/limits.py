"""How much a client may send at once; those of `core.limits` are Segment's own, and every client keeps to them."""

from __future__ import annotations

from regulars.core.limits import MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_MESSAGES

__all__ = ["MAX_BODY_BYTES", "MAX_DEPTH", "MAX_EVENT_BYTES", "MAX_LINES", "MAX_MESSAGES"]

MAX_DEPTH = 100
"""Levels of lists and objects in a message: deeper ones are attacks, and exhaust the stack of whoever reads them."""

MAX_LINES = 500
"""Product lines of a message. Each becomes an event that repeats the facts of the order: without a limit a message of
32 KB could become 100 MB."""
