"""Addresses that machines use: e-mail and IP."""

from __future__ import annotations

import re
import socket
from typing import Final

from regulars.privacy.masks.contexts import VERSION, before
from regulars.privacy.masks.spans import Span

_LETTERS: Final = "A-Za-z0-9\u00c0-\u024f"
AT: Final = re.compile("@|%(?:25)?40")
"""An at sign, written as it is or as addresses of pages write it, once or twice over."""
_AT: Final = re.compile(rf"(?<=[{_LETTERS}_%+'-])(?:{AT.pattern})(?=[{_LETTERS}])")
_LOCAL: Final = re.compile(rf"[{_LETTERS}._%+'&=~-]{{1,64}}")
_DOMAIN: Final = re.compile(
    rf"(?:[{_LETTERS}](?:[{_LETTERS}-]{{0,62}})\.){{1,8}}(?:xn--[a-z0-9]{{2,59}}|[A-Za-z\u00c0-\u024f]{{2,24}})"
)
_FILES_TEXT: Final = "png jpg jpeg gif svg webp bmp ico css js json ts map html htm pdf zip mp4 mp3 avif heic"
_FILES: Final = frozenset(_FILES_TEXT.split())
"""'icon@2x.png' is a picture."""
_DIVIDED: Final = re.compile("[&=]|%(?:25)?(?:26|2F|3D|3F)", re.IGNORECASE)
"""Before an encoded at sign '&', '=', '/' and '?' belong to the page's address."""
_IPV4: Final = re.compile(
    r"(?<![0-9A-Za-z_.])(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    r"(?:/[0-9]{1,2})?(?![0-9A-Za-z_*]|\.[0-9])"
)
_IPV6: Final = re.compile(r"(?<![0-9A-Za-z_.])(?=[0-9A-Za-z]{0,8}:)[0-9A-Za-z:]{2,52}(?:/[0-9]{1,3})?(?![0-9A-Za-z_:])")
_SHORTEST_FIRST: Final = 3
"""Hexadecimal digits in the first group of a routable or local address; fewer make 'a::b' of a program."""


def emails(text: str) -> list[Span]:
    """Return the e-mail addresses of a plain text; Chinese may stand right before and after."""
    spans: list[Span] = []
    for sign in _AT.finditer(text):
        at = sign.start()
        local = _LOCAL.match(text[max(0, at - 64) : at][::-1])
        domain = _DOMAIN.match(text, sign.end())
        if local is None or domain is None or domain[0].rsplit(".", 1)[1].lower() in _FILES:
            continue
        name = local[0][::-1]
        if sign[0] != "@":
            name = _DIVIDED.split(name)[-1]
        name = name.lstrip(".'&=-")
        start = at - len(name)
        if name and not (spans and start < spans[-1].end):
            spans.append(Span(start, domain.end(), "email"))
    return spans


def internet_addresses(text: str) -> list[Span]:
    """Return the IPv4 and IPv6 addresses of a plain text; versions, loopback and whole networks are none."""
    found: list[Span] = []
    if "." in text:
        found += [
            Span(m.start(), m.end(), "ip")
            for m in _IPV4.finditer(text)
            if not m[0].startswith(("0.", "127."))
            and not m[0].endswith(".0/24")
            and VERSION.search(before(text, m.start())) is None
        ]
    if text.count(":") > 1:
        found += [
            Span(m.start() + skipped, m.end(), "ip")
            for m in _IPV6.finditer(text)
            if (skipped := _label(m[0])) is not None
        ]
        found.sort(key=lambda span: span.start)
    return found


def _label(text: str) -> int | None:
    """Return how many characters before an IPv6 address are a label such as 'IP:' or 'IPv6:'; None for no address."""
    if _ipv6(text):
        return 0
    skipped = text.index(":") + 1
    return skipped if _ipv6(text[skipped:]) else None


def _ipv6(text: str) -> bool:
    text, _, bits = text.partition("/")
    if text.count(":") < 2 or (bits == "48" and text.endswith("::")):
        return False
    if "::" in text and (len(text.split(":", 1)[0]) < _SHORTEST_FIRST or not any(sign.isdigit() for sign in text)):
        return False
    try:
        socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        return False
    return True
