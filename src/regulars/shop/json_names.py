"""Which JSON objects of a column have a field of a certain name, at any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from regulars.core.compute import pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_DECODE = msgspec.json.Decoder().decode


def rows_naming(texts: pa.ChunkedArray, wanted: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Return, for each JSON object, whether `wanted` is true of the name of a field in it or in objects inside it.

    Equal objects are read once, and each series of names is looked at once: a file with a million rows has a few.
    Reading an object is four times as fast as cutting its values out with Arrow's expressions.

    Parameters
    ----------
    texts
        Valid JSON objects; null has no names.
    wanted
        Tells of a name.
    """
    encoded = _whole(texts).dictionary_encode()
    known: dict[tuple[str, ...], bool] = {}
    found = pa.array([_names(_DECODE(text), wanted, known) for text in encoded.dictionary.to_pylist()], pa.bool_())
    return _spread(found, encoded)


def rows_matching(texts: pa.ChunkedArray, pattern: str) -> NDArray[np.bool_]:
    """Return, for each text, whether the expression (RE2's) matches anywhere in it."""
    encoded = _whole(texts).dictionary_encode()
    return _spread(pc.match_substring_regex(encoded.dictionary, pattern), encoded)


def _names(value: Any, wanted: Callable[[str], bool], known: dict[tuple[str, ...], bool]) -> bool:
    """Return whether an object has a wanted name; `known` remembers the answer for a series of names."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            names = tuple(one)
            answer = known.get(names)
            if answer is None:
                answer = known[names] = any(map(wanted, names))
            if answer:
                return True
            waiting += [inner for inner in one.values() if type(inner) is dict or type(inner) is list]
        elif type(one) is list:
            waiting += one
    return False


def _spread(found: pa.Array, encoded: pa.DictionaryArray) -> NDArray[np.bool_]:
    return pc.fill_null(found.take(encoded.indices), False).to_numpy(zero_copy_only=False)


def _whole(texts: pa.ChunkedArray) -> pa.Array:
    whole = texts.combine_chunks()
    # PyArrow's versions differ in what they return for several chunks.
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
