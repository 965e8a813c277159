"""Internet addresses, kept only as far as they say the region."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([^\[\]]*)\](?::[0-9]{1,5})?")
_LOW_80: Final = (1 << 80) - 1
_6TO4: Final = 0x2002


def truncate(ip: str) -> str:
    """Return the address with its last part zeroed: IPv4 to /24, IPv6 to /48.

    An IPv4 address that travels inside an IPv6 one is treated as IPv4: mapped (`::ffff:203.0.113.9`) becomes
    `203.0.113.0`, and 6to4 (`2002:cb00:7109::`), whose first 48 bits hold all of it, loses the last of its bytes.
    A port and a zone are dropped.

    Returns
    -------
        A valid address, or '' for what is none.
    """
    ip = ip.strip()
    if (port := _PORT.fullmatch(ip)) is not None:
        ip = port[1] or port[2]
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    number = int(address)
    if isinstance(address, IPv4Address):
        return str(IPv4Address(number & ~0xFF))
    hidden = _LOW_80 | (0xFF << 80) if number >> 112 == _6TO4 else _LOW_80
    return str(IPv6Address(number & ~hidden))
