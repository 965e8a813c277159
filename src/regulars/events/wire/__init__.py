"""What analytics clients send over HTTP, turned into events of our vocabulary.

Segment's protocol (spoken by RudderStack's clients and our own page script, too) and PostHog's. Nothing here reads or
writes anything: a body comes in as bytes, events come out.
"""

from __future__ import annotations

from regulars.events.wire.bodies import ROUTES, check, people, without
from regulars.events.wire.decode import decode
from regulars.events.wire.limits import MAX_BODY_BYTES, MAX_DEPTH, MAX_EVENT_BYTES, MAX_LINES, MAX_MESSAGES
from regulars.events.wire.records import Checked, Decoded, WireError, WireEvent, WireReject

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_DEPTH",
    "MAX_EVENT_BYTES",
    "MAX_LINES",
    "MAX_MESSAGES",
    "ROUTES",
    "Checked",
    "Decoded",
    "WireError",
    "WireEvent",
    "WireReject",
    "check",
    "decode",
    "people",
    "without",
]
