"""Numbers as people write them: 30, seven, 三十, 两."""

from __future__ import annotations

_DIGITS = {letter: at for at, letter in enumerate("零一二三四五六七八九")} | {"两": 2}
_WORDS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
N = r"(?:\d{1,4}|[零一二两三四五六七八九十百]{1,5}|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
"""The pattern of a number."""


def number(text: str) -> int:
    """Return the number that a word or digits stand for.

    Raises
    ------
    ValueError
        It is none.
    """
    if text.isdecimal():
        return int(text)
    if text in _WORDS:
        return _WORDS[text]
    total, digit = 0, 0
    for letter in text:
        if letter in _DIGITS:
            digit = _DIGITS[letter]
        elif letter in "十百":
            total += (digit or 1) * (10 if letter == "十" else 100)
            digit = 0
        else:
            raise ValueError(text)
    return total + digit
