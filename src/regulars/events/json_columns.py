"""JSON values to columns that have one type."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
import pyarrow as pa


class Mixed(NamedTuple):
    """A value that cannot be in its column."""

    row: int
    column: str
    reason: str
    value: object


def look_up(objects: list[dict[str, Any]], name: str) -> list[Any]:
    """Return the value of each object under `name`, where a dot reaches into a nested object."""
    first, dot, rest = name.partition(".")
    if not dot or any(name in row for row in objects):
        return [row.get(name) for row in objects]
    inner = [row.get(first) for row in objects]
    return look_up([value if isinstance(value, dict) else {} for value in inner], rest)


def column_of(values: list[Any], name: str, *, json: bool) -> tuple[pa.Array, list[Mixed]]:
    """Return the values as texts or as numbers, whichever they are, and what is neither.

    Where both occur, numbers become texts. With `json` an object becomes JSON text.
    """
    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds <= {str}:
            return pa.array(values, pa.string()), []
        if kinds == {int}:
            return pa.array(values, pa.int64()), []
        if kinds == {float}:
            return pa.array(values, pa.float64()), []
    except (OverflowError, UnicodeEncodeError, pa.ArrowInvalid):
        # Integers beyond 64 bits and halves of surrogate pairs are looked at one by one.
        pass
    texts: list[str | None] = []
    problems: list[Mixed] = []
    write = _json if json else _scalar
    for row, value in enumerate(values):
        try:
            texts.append(None if value is None else write(value))
        except (TypeError, ValueError) as error:
            texts.append(None)
            problems.append(Mixed(row, name, str(error), _shown(value)))
    return pa.array(texts, pa.string()), problems


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        raise TypeError("is true or false, where a text or a number is expected")
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        raise TypeError(f"is {kind}, where one value is expected")
    text = str(value)
    _ = text.encode()
    return text


def _json(value: object) -> str:
    if isinstance(value, str):
        _ = value.encode()
        return value
    if not isinstance(value, dict):
        raise TypeError("is not a JSON object")
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise ValueError("is nested too deeply") from None


def _shown(value: object) -> object:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return type(value).__name__
