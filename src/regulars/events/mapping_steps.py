"""Steps of a mapping file beyond names: joining another file, rules for rows, computed columns."""

from __future__ import annotations

import re
from pathlib import PurePath, PureWindowsPath
from typing import Literal

import msgspec

PLACE = re.compile(r"\{([^{}]+)\}")
"""A column's name in a template."""


class Join(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns of another file, found by a key.

    Parameters
    ----------
    file
        CSV or Parquet, relative to the folder of the imported file; `.gz` may be there or not.
    on
        The column with the key in the imported file, or in a file joined before.
    key
        The column with the key in the other file; None: named like `on`.
    columns
        What is taken from it.
    absent
        What becomes of a row whose key is not there: set aside, or the columns stay empty.
    repeated
        What it means when a key is there twice: a mistake, or the first or last row counts.
    """

    file: str
    on: str
    columns: tuple[str, ...]
    key: str | None = None
    absent: Literal["set_aside", "empty"] = "set_aside"
    repeated: Literal["error", "first", "last"] = "error"

    def problems(self) -> list[tuple[str, str]]:
        """Return each field that cannot be, with what is wrong."""
        found: list[tuple[str, str]] = []
        # A mapping file from elsewhere must not reach into other folders.
        if not self.file or ".." in PurePath(self.file).parts or _is_absolute(self.file):
            found.append(("file", "must be a file in the imported file's folder or below"))
        if not self.on:
            found.append(("on", "must be the name of a column"))
        if not self.columns or not all(self.columns):
            found.append(("columns", "must name the columns to take"))
        return found


class Computed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column made of others; one of `product`, `first`, `text` and `day` says how.

    Parameters
    ----------
    product
        Numbers to multiply; missing when one of them is.
    absolute
        Leave the sign of the product away.
    first
        The first of these columns that is not missing.
    text
        A text with columns' names in braces, such as 'session {sessionId}'; missing when one of them is.
    day, offset, unit
        The moment `offset` after the beginning of `day`. The day always stays: what goes beyond it begins
        again at midnight, because an offset that counts from another moment tells the order, not the hour.
    """

    product: tuple[str, ...] = ()
    absolute: bool = False
    first: tuple[str, ...] = ()
    text: str = ""
    day: str = ""
    offset: str = ""
    unit: Literal["s", "ms"] = "s"

    def inputs(self) -> tuple[str, ...]:
        """Return the columns it is made of."""
        found = (*self.product, *self.first, *PLACE.findall(self.text), self.day, self.offset)
        return tuple(name for name in dict.fromkeys(found) if name)

    def problems(self) -> list[tuple[str, str]]:
        """Return each field that cannot be, with what is wrong; '' stands for the whole."""
        found: list[tuple[str, str]] = []
        if sum(map(bool, (self.product, self.first, self.text, self.day))) != 1:
            found.append(("", "must say exactly one of product, first, text and day"))
        if self.text and (not PLACE.search(self.text) or set(PLACE.sub("", self.text)) & set("{}")):
            found.append(("text", "must hold names of columns in braces, such as 'session {sessionId}'"))
        if bool(self.day) != bool(self.offset):
            found.append(("offset", "goes together with day"))
        if self.absolute and not self.product:
            found.append(("absolute", "goes together with product"))
        return found


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule for rows: one test of one column, and what follows; the first rule that fits a row decides.

    Parameters
    ----------
    column
        Of the file or of a joined one.
    begins_with, equals, missing, below
        The test: a text's beginning, the whole text, no value, a number less than this.
    kind
        What kind of event such a row is.
    set_aside
        Or: why such a row is set aside, to be read after the column's name: 'is a test of the till'.
    """

    column: str
    begins_with: str = ""
    equals: tuple[str, ...] = ()
    missing: bool = False
    below: float | None = None
    kind: str = ""
    set_aside: str = ""

    def problems(self) -> list[tuple[str, str]]:
        """Return each field that cannot be, with what is wrong; '' stands for the whole."""
        found: list[tuple[str, str]] = []
        if not self.column:
            found.append(("column", "must be the name of a column"))
        if sum((bool(self.begins_with), bool(self.equals), self.missing, self.below is not None)) != 1:
            found.append(("", "must say exactly one of begins_with, equals, missing and below"))
        if bool(self.kind) == bool(self.set_aside):
            found.append(("", "must say one of kind and set_aside"))
        return found


def _is_absolute(name: str) -> bool:
    return PurePath(name).is_absolute() or bool(PureWindowsPath(name).anchor)
