"""Values that clients send, masked: texts, numbers, what is inside lists and objects, and the names of fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from regulars.privacy.masks import mask_code, mask_structured
from regulars.privacy.sealing import is_sealed

if TYPE_CHECKING:
    from collections.abc import Collection

_GAP = " .()/\u00a0\u2000-\u2015\u202f\u2212\u3000\ufe63\uff08-\uff0f-"
_MORE_DIGITS = (
    rf"[0-9]{{4}}|[{_GAP}]{{1,3}}[0-9]{{3}}|[0-9][{_GAP}][0-9]{{2}}[{_GAP}][0-9]{{2}}[{_GAP}]"
    r"|\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
)
"""After a digit: a run of them, groups of them, an internet address."""
_HEX = "[0-9a-fA-F]{0,4}:"
_WIDE = "\uff10-\uff19\uff20"
SUSPECT = f"[0-9](?:{_MORE_DIGITS})|[@{_WIDE}]|%(?:25)?40|:{_HEX}"
"""Without any of them nothing in a text can be a phone number, an identity card, a bank card, an address of mail or
network. For RE2."""
suspicious = re.compile(
    f"[0-9@%:{_WIDE}](?:(?<=[0-9])(?:{_MORE_DIGITS})|(?<=:){_HEX}|(?<=%)(?:25)?40|(?<=[@{_WIDE}]))"
).search
"""The same for Python, which looks for one set of characters much faster than for alternatives."""
_CODE = re.compile(r"(^|[_\-. $])(ids?|skus?|codes?|coupons?|number|no|key|uuid|hash|products)$|[a-z]Ids?$")
"""Names of properties that hold the shop's own codes: an order number of 18 digits must survive."""
_PERSON = re.compile(
    r"(?i)user|customer|client|member|visitor|person|account|profile|login|buyer|distinct|anonymous|^uid$"
    "|客户|用户|会员|顾客|买家"
)
_LONG = 10**10
"""The smallest number of eleven digits, as a telephone or a card has; amounts and counts are below."""
_SHORT = 6
"""Digits below which an id may be the same as a rating or a year by chance."""
_LONGEST = 10**20
GONE: Any = object()
"""Stands for what is left out."""
_DECODINGS = 3
"""Addresses of pages travel inside other addresses, encoded again each time; never so often."""


def is_code(name: str) -> bool:
    """Tell whether a field of this name holds a code of the shop's own."""
    return _CODE.search(name) is not None


def masked(value: object, *, code: bool = False) -> Any:
    """Return a value with the personal data inside it masked.

    Parameters
    ----------
    value
        A value of JSON; what is sealed stays as it is.
    code
        It is a code of the shop's own: only what is surely personal is masked.
    """
    if isinstance(value, str):
        if is_sealed(value):
            return value
        return mask_code(value) if code else _text(value)
    if isinstance(value, dict):
        return {name: masked(inner, code=is_code(str(name))) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, code=code) for inner in value]
    if isinstance(value, int | float) and _LONG <= abs(value) < _LONGEST and value == int(value):
        text = str(int(value))
        changed = mask_code(text) if code else mask_structured(text)
        return value if changed == text else changed
    return value


def masked_name(name: str) -> str:
    """Return the name of a field or of a kind of event, masked; '_' parts its words."""
    found = _text(name)
    if found == name and "_" in name:
        spaced = name.replace("_", " ")
        found = mask_structured(spaced)
        return name if found == spaced else found.replace(" ", "_")
    return found


def without(value: Any, own: Collection[str], instead: str | None, name: str = "") -> Any:
    """Return a value in which those equal to one of the ids `own` are replaced.

    An id of a few digits may be a rating or a year, too: it counts only where the name of the field speaks of people.

    Parameters
    ----------
    instead
        Stands in its place; None: the field is left out.
    name
        The field whose value it is.
    """
    if isinstance(value, dict):
        fields = ((_name_without(key, own, instead), without(inner, own, instead, key)) for key, inner in value.items())
        return {key: inner for key, inner in fields if key is not GONE and inner is not GONE}
    if isinstance(value, list):
        return [one for one in (without(inner, own, instead, name) for inner in value) if one is not GONE]
    text = _written(value)
    if text not in own:
        return value
    # `id` is the person's among what is said of them; elsewhere it may be a product's.
    of_person = _PERSON.search(name) is not None or (instead is None and name.casefold() == "id")
    return value if _short(text) and not of_person else instead or GONE


def _name_without(name: str, own: Collection[str], instead: str | None) -> Any:
    return (instead or GONE) if name in own and not _short(name) else name


def _short(text: str) -> bool:
    return len(text) < _SHORT and text.isdigit()


def _written(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if abs(value) < _LONGEST and value == int(value) else str(value)


def _text(text: str) -> str:
    """Mask a text, and what only shows once the percent signs of an address are read."""
    found = mask_structured(text)
    plain = found
    for _ in range(_DECODINGS):
        if "%" not in plain or (decoded := unquote(plain)) == plain:
            break
        plain = decoded
        if (hidden := mask_structured(plain)) != plain:
            return hidden
    return found
