"""How often somebody may be wrong: each address has a few tries a minute."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque

ALLOWED = 10
WITHIN_SECONDS = 60.0
KNOWN = 10_000
"""Addresses remembered at once; the oldest are forgotten first."""


class Tries:
    """Counts wrong tries of each address, in this process.

    A key holds 256 random bits, so that guessing is hopeless anyway; this keeps the log and the disk quiet.
    """

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Return the seconds until this address may try again; 0: now."""
        wrong = self._wrong.get(_network(address))
        if wrong is None or len(wrong) < ALLOWED:
            return 0.0
        return max(0.0, wrong[0] + WITHIN_SECONDS - time.monotonic())

    def count(self, address: str) -> None:
        """Note a wrong try."""
        name = _network(address)
        wrong = self._wrong.setdefault(name, deque(maxlen=ALLOWED))
        wrong.append(time.monotonic())
        self._wrong.move_to_end(name)
        while len(self._wrong) > KNOWN:
            _ = self._wrong.popitem(last=False)


def _network(address: str) -> str:
    """Return what one household or machine has in common: the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64))) if found.version == 6 else address
