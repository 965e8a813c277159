"""What stands in a text in place of personal data: enough to recognise one's own, too little to use it."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Final

from regulars.privacy.masks.chinese_names import COMPOUND_SURNAMES
from regulars.privacy.masks.finding import HINT, find
from regulars.privacy.masks.machines import AT
from regulars.privacy.masks.places import district
from regulars.privacy.masks.spans import STRUCTURED, Span
from regulars.privacy.masks.widths import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_NOT_DIGITS: Final = re.compile("[^0-9]+")
_MOBILE: Final = re.compile("(?:0{0,2}86)?(1[3-9][0-9]{9})")
_EXTENSION: Final = re.compile("[A-Za-z#转分]")
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
_CUT: Final = re.compile(r"[^\s,;\"]*(?:[@＠]|%40|[0-9０-９]{3})[^\s,;\"]*…\Z")
"""What no rule knows any more: half an address, the first digits of a number."""
_PASSES: Final = 8
"""A mask can bring what was apart together, such as the two halves of 'a@b.co@c.com'; a text settles in two passes."""


def mask(text: str, kinds: Collection[str] | None = None) -> str:
    """Return a text in which personal data is masked; a masked text comes back as it is.

    Parameters
    ----------
    text
        Any text.
    kinds
        Some of `KINDS`; None is all of them.

    Returns
    -------
    str
        138****5678, 110***********002X, 6222***********0128, z***@example.cn, 张*, 浙江省杭州市西湖区***,
        203.0.113.0/24.

    Raises
    ------
    UsageError
        A kind does not exist.
    """
    for _ in range(_PASSES):
        spans = find(text, kinds)
        if not spans:
            break
        masked = replaced(text, spans)
        if masked == text:
            break
        text = masked
    return text


def mask_structured(text: str) -> str:
    """Return a text with the structured kinds masked: what every text property of an event goes through."""
    return mask(text, STRUCTURED) if HINT.search(text) is not None else text


def mask_excerpt(text: str) -> str:
    """Return the beginning of a text masked, without the number or address that it is cut off in ('…')."""
    return mask(_CUT.sub("…", text))


def replaced(text: str, spans: Iterable[Span]) -> str:
    """Return a text with the masks of these spans in their places."""
    parts: list[str] = []
    last = 0
    for span in spans:
        parts += [text[last : span.start], form(text[span.start : span.end], span.kind)]
        last = span.end
    parts.append(text[last:])
    return "".join(parts)


def form(value: str, kind: str) -> str:
    """Return what stands in place of a value of this kind."""
    if kind == "name":
        return _name(value)
    value = plain(value)
    if kind == "address":
        return district(value)
    if kind == "email":
        return value[0] + "***" + value[[sign.start() for sign in AT.finditer(value)][-1] :]
    if kind == "ip":
        return _network(value)
    if kind == "phone":
        return _phone(value)
    return _kept(re.sub("[^0-9A-Za-z]+", "", value), kind)


def _kept(bare: str, kind: str) -> str:
    if kind == "us_ssn":
        return "***-**-" + bare[-4:]
    head = 3 if kind == "id_number" else 4
    return bare[:head] + "*" * (len(bare) - head - 4) + bare[-4:]


def _phone(value: str) -> str:
    """Return three digits, stars and four of a Chinese mobile; of others at most that, and never over 7 of 12."""
    digits = _NOT_DIGITS.sub("", _EXTENSION.split(value, maxsplit=1)[0])
    mobile = _MOBILE.match(digits)
    if mobile is not None and len(digits) - mobile.end() <= 4:
        return mobile[1][:3] + "****" + mobile[1][-4:]
    head, tail = min(3, len(digits) // 4), min(4, len(digits) // 3)
    return digits[:head] + "*" * (len(digits) - head - tail) + digits[-tail:]


def _network(value: str) -> str:
    """Return the /24 of an IPv4 address, the /48 of an IPv6 one."""
    value = value.partition("/")[0]
    if ":" not in value:
        return value[: value.rindex(".")] + ".0/24"
    packed = socket.inet_pton(socket.AF_INET6, value)[:6] + bytes(10)
    return socket.inet_ntop(socket.AF_INET6, packed) + "/48"


def _name(value: str) -> str:
    """Return 张* and 欧阳*, J*** S***: the surname of a Chinese name, the first letter of others' parts."""
    if value[:1].isascii() or not "\u4e00" <= value[0] <= "\u9fff":
        return _WORD.sub(lambda word: word[0][0] + "***", value)
    kept = 2 if value[:2] in COMPOUND_SURNAMES else 1
    return value[:kept] + "*"
