"""JSON bodies, read strictly: a consent of `"false"` is a mistake, not an answer."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta

from regulars.core.errors import UsageError

T = TypeVar("T")
TAKES = "takes"
"""The entry of a handler's `opt` that names the record its body is read as; the OpenAPI document is made from it."""
DEEPEST = 16
_TEXT = r"^[^\x00-\x1f\x7f]*$"
Word = Annotated[str, Meta(max_length=64, pattern=_TEXT)]
"""A short text without control characters."""
Line = Annotated[str, Meta(max_length=200, pattern=_TEXT)]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what is sent: a field that does not exist is an error, not a silence."""


def read(body: bytes, kind: type[T]) -> T:
    """Return the body as a record.

    Raises
    ------
    UsageError
        It is not JSON, or a field is missing, unknown or of another type.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        raise UsageError(message, where=where.strip("`$.") or "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError("the body is not JSON", where="body") from None
    except RecursionError:
        raise UsageError("the body is nested too deeply", where="body") from None


def check_value(value: object, where: str, depth: int = 0) -> None:
    """Refuse a JSON value that cannot be kept: nested too deeply, or a whole number of more than 64 bits.

    Raises
    ------
    UsageError
        It cannot be kept.
    """
    if depth > DEEPEST:
        raise UsageError(f"it is nested deeper than {DEEPEST} levels", where=where)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UsageError("a whole number must fit 64 bits", where=where)
    if isinstance(value, dict):
        for inner in cast("dict[str, Any]", value).values():
            check_value(inner, where, depth + 1)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            check_value(inner, where, depth + 1)
