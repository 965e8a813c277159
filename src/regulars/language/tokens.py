"""Texts as numbers: one token a Chinese character, a word of letters, a number or a sign."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regulars.language.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_CHARACTERS = 4000
"""What a longer text says after them is not read."""
NUMBER = 48
"""Every number is the same token: how many stars or days is not learned by heart."""
_OFFSET, _PRIME = 14695981039346656037, 1099511628211
_DRAWN = str.maketrans({"’": "'", "‘": "'"})


class Tokens(NamedTuple):
    """The tokens of some texts, one text after another.

    Parameters
    ----------
    codes
        uint64, shape (tokens,): the code point of a character or a sign, the FNV-1a hash of a word.
    offsets
        int64, shape (texts + 1,): the tokens of text i are `codes[offsets[i]:offsets[i + 1]]`.
    """

    codes: NDArray[np.uint64]
    offsets: NDArray[np.int64]


def normalised(text: str) -> str:
    """Return a text in one spelling: full width, case, ligatures and curly apostrophes do not matter (NFKC)."""
    return unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold().translate(_DRAWN)


def tokens(texts: Sequence[str]) -> Tokens:
    """Return the tokens of texts; spaces part words and are no tokens."""
    plain = [normalised(text) for text in texts]
    points = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.zeros(len(plain) + 1, np.int64)
    np.cumsum([len(text) for text in plain], out=starts[1:])
    codes = np.empty(len(points), np.uint64)
    offsets = np.zeros(len(plain) + 1, np.int64)
    count = _tokenise(points, starts, codes, offsets)
    return Tokens(codes[:count], offsets)


@kernel
def _is_letter(point: Any) -> bool:
    # a to z, and the small letters of Latin-1 and Latin Extended A and B with ß in front of them.
    return 97 <= point <= 122 or (0xDF <= point <= 0x24F and point != 0xF7)


@kernel
def _is_digit(point: Any) -> bool:
    return 48 <= point <= 57


@kernel
def _tokenise(
    points: NDArray[np.uint32], starts: NDArray[np.int64], codes: NDArray[np.uint64], offsets: NDArray[np.int64]
) -> int:
    count = 0
    for text in range(len(starts) - 1):
        at, end = starts[text], starts[text + 1]
        while at < end:
            point = points[at]
            if _is_letter(point):
                # An apostrophe between letters is part of the word: isn't.
                word = np.uint64(_OFFSET)
                while at < end and (
                    _is_letter(points[at]) or (points[at] == 39 and at + 1 < end and _is_letter(points[at + 1]))
                ):
                    word = (word ^ np.uint64(points[at])) * np.uint64(_PRIME)
                    at += 1
                codes[count] = word
                count += 1
            elif _is_digit(point):
                while at < end and (
                    _is_digit(points[at]) or (points[at] == 46 and at + 1 < end and _is_digit(points[at + 1]))
                ):
                    at += 1
                codes[count] = np.uint64(NUMBER)
                count += 1
            else:
                at += 1
                if point > 32:
                    codes[count] = np.uint64(point)
                    count += 1
        offsets[text + 1] = count
    return count
