"""How much a client may send at once. The first three are Segment's own limits: every client keeps to them."""

from __future__ import annotations

MAX_BODY_BYTES = 512_000
"""Bytes of a body after unpacking."""

MAX_EVENT_BYTES = 32_768
"""Bytes of one message."""

MAX_MESSAGES = 2_500
"""Messages of a batch."""

MAX_DEPTH = 100
"""Levels of lists and objects in a message: deeper ones are attacks, and exhaust the stack of whoever reads them."""

MAX_LINES = 500
"""Product lines of a message. Each becomes an event that repeats the facts of the order: without a limit a message of
32 KB could become 100 MB."""
