"""From the body of a request to events: what the log holds, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.events.excerpts import WHOLE_ROW, excerpt
from regulars.events.wire.bodies import open_body
from regulars.events.wire.posthog import read_posthog
from regulars.events.wire.reading import Reading
from regulars.events.wire.records import Decoded, UnusableError, WireError, WireReject
from regulars.events.wire.segment import read_segment

if TYPE_CHECKING:
    from regulars.core.settings import Settings


def decode(route: str, body: bytes, received: int, settings: Settings) -> Decoded:
    """Return the events of a body that passed `check`, and a reject for each message or line that gives none.

    The same body and the same `received` always give the same events: a log can be read again.

    Parameters
    ----------
    route
        One of `ROUTES`.
    body
        As it came, unpacked.
    received
        When it came: microseconds since 1970 UTC, by our clock.
    settings
        Of the shop.
    """
    try:
        found, messages = open_body(route, body)
    except WireError as error:
        # It passed no check: a damaged log is read to its end all the same.
        return Decoded([], [WireReject(0, error.where or WHOLE_ROW, error.message, excerpt(body))], 1)
    reading = Reading(received, settings, found.sent_at_posthog if route == "posthog" else found.sent_at)
    for index, message in enumerate(messages):
        reading.index = index
        try:
            if route == "posthog":
                read_posthog(message, reading)
            else:
                read_segment(route, message, reading)
        except UnusableError as problem:
            reading.reject(problem.column, problem.reason, problem.value)
        except RecursionError:
            reading.reject(WHOLE_ROW, "is nested too deeply", bytes(message))
    return Decoded(reading.events, reading.rejects, len(messages))
