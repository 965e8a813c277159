"""One line of CSV to its fields, strictly by RFC 4180."""

from __future__ import annotations

import csv
import re
from functools import cache

_C_LIMIT = 100_000
"""Below the limit that Python's csv module has for a field."""


class Malformed(Exception):  # noqa: N818 (a finding, not a failure)
    """The text cannot be a record, whatever follows."""


class Unclosed(Exception):  # noqa: N818 (a finding, not a failure)
    """A quoted field does not end in this text; more text might end it."""


def split_record(text: str, delimiter: str) -> list[str]:
    """Return the fields of one record.

    A field that begins with a quote ends with one; inside, a quote is written twice. Elsewhere a quote is an
    error, except in tab-separated files, which by custom do not quote: there it is a character like any other.

    Raises
    ------
    Unclosed
        The text ends inside a quoted field.
    Malformed
        There is something between a closing quote and the next delimiter, or a quote in a plain field.
    """
    if '"' not in text:
        return text.split(delimiter)
    if len(text) < _C_LIMIT:
        try:
            fields = next(csv.reader((text,), delimiter=delimiter, strict=True))
        except csv.Error:
            pass
        else:
            # Without a quote left over, every quote was one of structure, and the quick answer is right.
            if not any('"' in field for field in fields):
                return fields
    return _split_carefully(text, delimiter)


def _split_carefully(text: str, delimiter: str) -> list[str]:
    quoted, plain = _patterns(delimiter)
    fields: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            match = quoted.match(text, at)
            if match is None:
                raise Unclosed
            fields.append(match[1].replace('""', '"'))
        else:
            match = plain.match(text, at)
            if match is None:
                raise Malformed
            if delimiter != "\t" and '"' in match[0]:
                raise Malformed
            fields.append(match[0])
        at = match.end()
        if at == len(text):
            return fields
        if text[at] != delimiter:
            raise Malformed
        at += 1


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # Possessive: a closing quote is never given back, so the time is linear in the length.
    quoted = re.compile(r'"((?:[^"]++|"")*+)"')
    return quoted, re.compile(f"[^{re.escape(delimiter)}]*+", re.DOTALL)


def sniff_delimiter(line: str) -> str:
    """Return the delimiter of a header: the most frequent of , ; tab | outside quotes; a comma if none."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",;\t|", key=bare.count)
