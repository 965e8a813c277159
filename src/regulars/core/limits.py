"""Limits that both the door and the decoders of the wire know."""

from __future__ import annotations

MAX_BODY_BYTES = 512_000
"""Most bytes of one request to the collector, unpacked."""
MAX_MESSAGES = 2_500
"""Most messages of one request."""
MAX_EVENT_BYTES = 32_768
"""Most bytes of one message."""
