"""Tables in which nobody stands out: every combination of telling values is shared by at least k people.

A quasi-identifier is a column that names nobody alone but may together with others: district, age band, day
(Sweeney, 2002). Rows of combinations that are too rare lose values, one column at a time, and if that does not
help they are left out. Finding the least loss is NP-hard (Meyerson and Williams, 2004), hence greedy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

STAR = "*"
"""Stands for a value that is not told."""


class AnonymityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What k-anonymity cost."""

    k: int
    rows: int
    """Rows that came in."""
    kept: int
    suppressed: int
    """Rows left out: even without any telling value they were too few."""
    coarsened: dict[str, int]
    """Column → rows kept that lost its value."""
    groups: int
    smallest: int
    """Distinct people in the smallest group kept; 0 when nothing is."""


def k_anonymous(rows: pa.Table, quasi: Sequence[str], subject: str, k: int) -> tuple[pa.Table, AnonymityReport]:
    """Return the table with every group of fewer than `k` people coarsened or left out, and what that cost.

    Parameters
    ----------
    rows
        Any table; a person may have several rows.
    quasi
        The telling columns. They come back as texts, with `*` where a value is not told; a null is a value.
    subject
        The column that says whose row it is. A null is nobody.
    k
        Least number of distinct people in a group, from 1.

    Returns
    -------
        The rows kept, in order, with the columns that came in; the report.

    Raises
    ------
    UsageError
        `k` is below 1, a column does not exist, or a telling column holds lists or objects.
    """
    missing = [name for name in (*quasi, subject) if name not in rows.column_names]
    if k < 1 or missing:
        raise UsageError(f"there is no column '{missing[0]}'" if missing else f"k is {k}; it must be at least 1")
    texts = [_texts(rows, name) for name in quasi]
    codes = np.stack([_codes(text) for text in texts], axis=1) if quasi else np.zeros((rows.num_rows, 0), np.int64)
    people = _people(rows.column(subject))
    before = codes.copy()
    rare = _coarsen(codes, people, k)
    for position, name in enumerate(quasi):
        hidden = pa.array(codes[:, position] == 0)
        column = pc.replace_with_mask(texts[position], hidden, pa.scalar(STAR, pa.string()))
        rows = rows.set_column(rows.column_names.index(name), name, column)
    group = _groups(codes[~rare])
    sizes = _sizes(group, people[~rare])
    lost = ((codes == 0) & (before != 0))[~rare].sum(axis=0)
    report = AnonymityReport(
        k=k,
        rows=len(rare),
        kept=int((~rare).sum()),
        suppressed=int(rare.sum()),
        coarsened={name: int(count) for name, count in zip(quasi, lost, strict=True)},
        groups=len(sizes),
        smallest=int(sizes.min()) if len(sizes) else 0,
    )
    return rows.filter(pa.array(~rare)), report


def _coarsen(codes: Codes, people: Codes, k: int) -> NDArray[np.bool_]:
    """Replace values of rare rows by 0 in place; return which rows are still rare.

    Each round takes the column whose loss leaves the fewest rows rare; of equal ones that with the most values, for
    it tells the most. A row loses a column only while it is rare.
    """
    rare = _rare(codes, people, k)
    left = list(range(codes.shape[1]))
    while left and rare.any():
        outcome: list[tuple[int, int, int]] = []
        for column in left:
            tried = codes.copy()
            tried[rare, column] = 0
            distinct = len(np.unique(codes[rare, column]))
            outcome.append((int(_rare(tried, people, k).sum()), -distinct, column))
        best = min(outcome)[2]
        codes[rare, best] = 0
        left.remove(best)
        rare = _rare(codes, people, k)
    return rare


def _rare(codes: Codes, people: Codes, k: int) -> NDArray[np.bool_]:
    group = _groups(codes)
    return (_sizes(group, people) < k)[group]


def _groups(codes: Codes) -> Codes:
    """Return the number of each row's combination, counted from 0 without gaps."""
    group = np.zeros(len(codes), np.int64)
    for column in range(codes.shape[1]):
        # Both factors are at most the number of rows, so that the product fits 64 bits.
        _, group = np.unique(group * (codes[:, column].max(initial=0) + 1) + codes[:, column], return_inverse=True)
    return group


def _sizes(group: Codes, people: Codes) -> Codes:
    """Return the number of distinct people of each group."""
    known = people >= 0
    width = people.max(initial=0) + 1
    pairs = np.unique(group[known] * width + people[known])
    return np.bincount(pairs // width, minlength=int(group.max(initial=-1)) + 1)


def _texts(rows: pa.Table, name: str) -> pa.ChunkedArray:
    try:
        return rows.column(name).cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        kind = rows.column(name).type
        raise UsageError(f"the column '{name}' of type {kind} cannot be grouped by") from None


def _codes(texts: pa.ChunkedArray) -> Codes:
    """Return a number from 1 for each value, the null included; 0 for a `*` that was there before."""
    encoded = texts.combine_chunks().dictionary_encode(null_encoding="encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64) + 1
    values = encoded.dictionary.to_pylist()
    return np.where(codes == values.index(STAR) + 1, 0, codes) if STAR in values else codes


def _people(subjects: pa.ChunkedArray) -> Codes:
    encoded = subjects.combine_chunks().dictionary_encode()
    return pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
