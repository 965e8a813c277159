"""What kind of device a client runs on: mobile, tablet, desktop or bot; nothing finer is kept."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from regulars.events.wire.scalars import label, number

_TYPES = {
    "ios": "mobile", "android": "mobile", "phone": "mobile", "smartphone": "mobile", "iphone": "mobile",
    "handset": "mobile", "ipad": "tablet", "pc": "desktop", "computer": "desktop", "browser": "desktop",
}  # fmt: skip
_BOT = re.compile(r"bot\b|crawl|spider|slurp|headless|lighthouse|pingdom|facebookexternalhit|bingpreview")
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobi)")
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone")
_DESKTOP = re.compile(r"windows|macintosh|mac os x|linux|cros|x11")
_LONGEST = 1_024
_PHONE, _SMALL_SCREEN = 600, 1_024


def device_of(said: Any, agent: Any, hints: Any = None, width: Any = None) -> str | None:
    """Return the kind of device.

    Parameters
    ----------
    said
        What the client says it is; believed unless its user agent is a robot's.
    agent
        The user agent.
    hints
        The browser's `userAgentData`.
    width
        Of the screen, in CSS pixels: the last resort.
    """
    seen = _of_agent(agent) if type(agent) is str and len(agent) <= _LONGEST else None
    if seen == "bot":
        return seen
    if said is not None and (name := label(said)):
        name = name.casefold()
        return _TYPES.get(name, name)
    if seen is not None:
        return seen
    if type(hints) is dict and type(mobile := hints.get("mobile")) is bool:
        return "mobile" if mobile else "desktop"
    pixels = number(width)
    if not pixels:
        return None
    return "mobile" if pixels < _PHONE else "tablet" if pixels < _SMALL_SCREEN else "desktop"


@lru_cache(maxsize=2_048)
def _of_agent(agent: str) -> str | None:
    text = agent.casefold()
    for name, pattern in (("bot", _BOT), ("tablet", _TABLET), ("mobile", _MOBILE), ("desktop", _DESKTOP)):
        if pattern.search(text):
            return name
    return None
