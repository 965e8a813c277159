"""Every kind of personal data in a text, none over another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from regulars.core.errors import UsageError
from regulars.privacy.masks.accounts import accounts
from regulars.privacy.masks.machines import AT, emails, internet_addresses
from regulars.privacy.masks.numbers import numbers
from regulars.privacy.masks.prose import prose
from regulars.privacy.masks.spans import KINDS, PROSE, STRUCTURED, Span, apart
from regulars.privacy.masks.widths import plain

if TYPE_CHECKING:
    from collections.abc import Collection

_DIGIT: Final = "0-9\uff10-\uff19"
HINT: Final = re.compile(
    rf"[{_DIGIT}@\uff20:](?:(?<=[@\uff20])|(?<=:)[0-9A-Fa-f]{{0,4}}:|(?<=%4)0|(?<=%254)0"
    rf"|[{_DIGIT} .()/+\u00a0\u2010-\u2015\u2212\u3000\uff08\uff09\uff0b\uff0d\uff0e\uff0f-]{{5}}[{_DIGIT}])"
)
"""Something a structured kind cannot do without: an @ (or %40), two near colons, or digits close together.

It starts with one set of characters, which the engine looks for much faster than for alternatives.
"""


def find(text: str, kinds: Collection[str] | None = None) -> list[Span]:
    """Return where a text holds personal data, in order and free of overlaps.

    Parameters
    ----------
    text
        Any text; lone surrogates and control characters included.
    kinds
        Some of `KINDS`; None is all of them. Every kind is looked for whatever is asked, so that what is reported
        does not depend on it.

    Returns
    -------
    list of Span
        Half-open offsets in characters.

    Raises
    ------
    UsageError
        A kind does not exist.
    """
    wanted = KINDS if kinds is None else _known(kinds)
    spans: list[Span] = []
    if HINT.search(text) is not None:
        spans = structured(plain(text))
        if not wanted >= STRUCTURED:
            spans = [span for span in spans if span.kind in wanted or wanted & PROSE]
    if wanted & PROSE:
        spans = apart([spans, prose(plain(text))])
        if wanted != KINDS:
            spans = [span for span in spans if span.kind in wanted]
    return spans


def structured(text: str) -> list[Span]:
    """Return the structured kinds of a plain text (see `widths`)."""
    groups = [emails(text)] if AT.search(text) is not None else []
    groups += [accounts(text), internet_addresses(text), numbers(text)]
    return apart(groups)


def _known(kinds: Collection[str]) -> frozenset[str]:
    wanted = frozenset(kinds)
    if not wanted <= KINDS:
        unknown = ", ".join(sorted(wanted - KINDS))
        raise UsageError(f"there is no kind '{unknown}'", where="kinds", fix=f"Some of {', '.join(sorted(KINDS))}.")
    return wanted
