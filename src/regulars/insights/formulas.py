"""Arithmetic over series that are called by letters, such as (B + C) / A: read by hand, never evaluated as code.

formula = term {("+" | "-") term}
term    = factor {("*" | "/") factor}
factor  = number | letter | "-" factor | "(" formula ")"
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from regulars.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200
"""Characters; it also bounds how deep brackets go."""
_DONE = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|[A-Za-z]|[-+*/()])")


class Operation(NamedTuple):
    """Two formulas and what is done with them."""

    sign: str
    left: Formula
    right: Formula


Formula: TypeAlias = "float | str | Operation"
"""A number, a letter, or an operation."""


def read_formula(text: str, letters: str) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text
        Such as `C / A`, in capital or small letters.
    letters
        Those that exist, such as 'ABC'.

    Raises
    ------
    UsageError
        It cannot be read, or names a letter that does not exist.
    """
    if len(text) > LONGEST:
        raise _wrong(f"it is longer than {LONGEST} characters")
    return _Reader(text, letters).whole()


def evaluate(formula: Formula, values: Mapping[str, float | None]) -> float | None:
    """Return the formula's value; None when a letter's value is None, or something is divided by 0."""
    if isinstance(formula, str):
        return values[formula]
    if not isinstance(formula, Operation):
        return formula
    left, right = evaluate(formula.left, values), evaluate(formula.right, values)
    if left is None or right is None:
        return None
    if formula.sign == "/":
        return left / right if right != 0 else None
    return _DONE[formula.sign](left, right)


class _Reader:
    def __init__(self, text: str, letters: str) -> None:
        self._letters = letters
        self._tokens: list[str] = []
        self._at = 0
        place, text = 0, text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if not found:
                raise _wrong(f"'{text[place:].strip()[:20]}' cannot be read")
            self._tokens.append(found[1].upper())
            place = found.end()

    def whole(self) -> Formula:
        formula = self._sum()
        if self._next():
            raise _wrong(f"nothing can follow before '{self._next()}'")
        return formula

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""

    def _sum(self) -> Formula:
        left = self._product()
        while self._next() in ("+", "-"):
            left = Operation(self._take(), left, self._product())
        return left

    def _product(self) -> Formula:
        left = self._factor()
        while self._next() in ("*", "/"):
            left = Operation(self._take(), left, self._factor())
        return left

    def _factor(self) -> Formula:
        word = self._take()
        if word == "-":
            return Operation("-", 0.0, self._factor())
        if word == "(":
            inner = self._sum()
            if self._take() != ")":
                raise _wrong("a bracket is not closed")
            return inner
        if word and word[0].isdigit():
            return float(word)
        if not word or not word.isalpha():
            raise _wrong(f"a number or a letter is missing before '{word}'" if word else "it ends too soon")
        if word not in self._letters:
            raise _wrong(f"there is no series {word}: there are {', '.join(self._letters)}")
        return word


def _wrong(why: str) -> UsageError:
    return UsageError(
        f"the formula cannot be used: {why}.",
        where="formula",
        fix="Write it with A for the first series, B for the second, numbers, + - * / and brackets: B / A.",
    )
