"""A stretch of a text that is personal data, and the kinds there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["phone", "id_number", "card", "email", "ip", "iban", "us_ssn", "name", "address"]
KINDS: Final[frozenset[str]] = frozenset(get_args(Kind))
PROSE: Final[frozenset[str]] = frozenset({"name", "address"})
"""Kinds that only words give away: found by rules and lists, far from all of them."""
STRUCTURED: Final[frozenset[str]] = KINDS - PROSE
"""Kinds with a form of their own, most with a check digit."""


class Span(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of a text, the last one excluded, are of `kind`."""

    start: int
    end: int
    kind: Kind


def apart(groups: Iterable[Sequence[Span]]) -> list[Span]:
    """Return spans in order, none over another: what overlaps a span of an earlier group is left out."""
    kept: list[Span] = []
    for group in groups:
        if not kept:
            kept = list(group)
        elif group:
            kept = _joined(kept, group)
    return kept


def _joined(kept: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Merge two lists in order, each free of overlaps; the first one's spans stay whole."""
    result: list[Span] = []
    at = 0
    for span in more:
        while at < len(kept) and kept[at].end <= span.start:
            result.append(kept[at])
            at += 1
        if at == len(kept) or span.end <= kept[at].start:
            result.append(span)
    result.extend(kept[at:])
    return result
