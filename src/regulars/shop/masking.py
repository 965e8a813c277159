"""Texts without personal data, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regulars.privacy.masks import Span, find, mask
from regulars.privacy.masks.forms import replaced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


class MaskedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text with its personal data masked, and where that data stood in the original."""

    text: str
    spans: list[Span]


def mask_lines(lines: Iterable[str], kinds: Collection[str] | None = None) -> Iterator[MaskedText]:
    """Yield each line masked, in order, as it comes.

    Parameters
    ----------
    lines
        Texts; what spans two of them is not seen.
    kinds
        Some of `regulars.privacy.masks.KINDS`; None is all of them.

    Raises
    ------
    UsageError
        A kind does not exist.
    """
    for line in lines:
        spans = find(line, kinds)
        yield MaskedText(text=mask(replaced(line, spans), kinds) if spans else line, spans=spans)
