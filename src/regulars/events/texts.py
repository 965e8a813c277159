"""Columns of text: ids, names, codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.types as pt

from regulars.core.compute import pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.events.checks import Checks

MAX_ID = 256
MISSING = ("NA", "N/A", "NULL", "null", "None", "NaN", "nan", "\\N", "<NA>")
"""How other programs write that there is no value."""

_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
_CONTROL_BUT_BREAKS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


def as_text(checks: Checks, name: str, *, missing: bool = False) -> pa.Array:
    """Return column `name` as trimmed text, empty as null; with `missing` also 'NA', 'NULL' and the like."""
    raw = checks.raw_column(name)
    if raw is None or pt.is_null(raw.type):
        return pa.nulls(checks.rows, pa.string())
    text = _decoded(checks, name, raw)
    text = pc.utf8_trim_whitespace(text)
    empty = pc.equal(text, "")
    if missing:
        empty = pc.or_(empty, pc.is_in(text, value_set=pa.array(MISSING)))
    if pc.any(empty).as_py():
        text = pc.if_else(empty, pa.scalar(None, pa.string()), text)
    return text


def check_id(checks: Checks, name: str, text: pa.Array) -> None:
    """Mark names that are too long or hold control characters."""
    _mark_long(checks, name, text, MAX_ID)
    if _may_have_controls(text):
        checks.mark(truth(pc.match_substring_regex(text, _CONTROL)), name, "holds a control character")


def check_text(checks: Checks, name: str, text: pa.Array, limit: int) -> None:
    """Mark other texts that are too long or hold control characters; tabs and line breaks may be."""
    if text.null_count == len(text):
        return
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest > limit:
        checks.mark(truth(pc.greater(pc.binary_length(text), limit)), name, f"is longer than {limit} bytes")
    if _may_have_controls(text):
        checks.mark(truth(pc.match_substring_regex(text, _CONTROL_BUT_BREAKS)), name, "holds a control character")


def check_json(checks: Checks, name: str, text: pa.Array) -> None:
    """Mark what is not a JSON object."""
    if text.null_count < len(text):
        bad = [value is not None and not _is_object(value) for value in text.to_pylist()]
        checks.mark(np.array(bad, dtype=np.bool_), name, "is not a JSON object")


def truth(mask: pa.Array) -> NDArray[np.bool_]:
    """Return a mask as NumPy's; null is False."""
    if mask.null_count:
        mask = pc.fill_null(mask, False)
    return mask.to_numpy(zero_copy_only=False)


def absent(text: pa.Array) -> NDArray[np.bool_]:
    """Return which values are null."""
    return text.is_null().to_numpy(zero_copy_only=False)


def _decoded(checks: Checks, name: str, raw: pa.Array) -> pa.Array:
    if pt.is_boolean(raw.type):
        checks.mark(~absent(raw), name, "is true or false, where a text is expected")
        return pa.nulls(len(raw), pa.string())
    if pt.is_floating(raw.type):
        # An id column with gaps often became numbers on the way: 12.0 means 12.
        whole = truth(pc.equal(raw, pc.floor(raw))) & truth(pc.less(pc.abs(raw), 2.0**53))
        if (whole | absent(raw)).all():
            raw = raw.cast(pa.int64())
    if not (pt.is_string(raw.type) or pt.is_binary(raw.type)):
        return raw.cast(pa.string())
    try:
        # Arrow does not check the bytes of a text that it reads: only this conversion does.
        return raw.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        values = [_text_or_none(value) for value in raw.cast(pa.binary()).to_pylist()]
        text = pa.array(values, pa.string())
        checks.mark(absent(text) & ~absent(raw), name, "is not UTF-8 text")
        return text


def _text_or_none(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _mark_long(checks: Checks, name: str, text: pa.Array, limit: int) -> None:
    if (pc.max(pc.binary_length(text)).as_py() or 0) > limit:
        checks.mark(truth(pc.greater(pc.utf8_length(text), limit)), name, f"is longer than {limit} characters")


def _may_have_controls(text: pa.Array) -> bool:
    """Look for suspicious bytes in the whole column at once: nearly always there are none."""
    buffer = text.buffers()[2]
    if buffer is None or text.null_count == len(text):
        return False
    data = np.frombuffer(buffer, dtype=np.uint8)
    return bool(((data < 0x20) | (data == 0x7F) | (data == 0xC2)).any())


def _is_object(text: str) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False
