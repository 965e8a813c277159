"""Items and customers: the latest row of each key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import KEYS
from regulars.store.append import AppendResult

if TYPE_CHECKING:
    from numpy.typing import NDArray


def merge(table: str, old: pa.Table, new: pa.Table) -> tuple[pa.Table, AppendResult]:
    """Return all rows with the last one of each key winning, sorted by key, and what changed.

    A whole row takes the place of a whole row: a field that is empty in the new row is empty afterwards.
    """
    key = KEYS[table]
    new = new.take(pa.array(_last_of_each(new.column(key))))
    places = pc.index_in(new.column(key), value_set=old.column(key).combine_chunks())
    known = places.is_valid().to_numpy(zero_copy_only=False)
    before = old.take(places.drop_null())
    after = new.filter(pa.array(known))
    changed = np.zeros(before.num_rows, dtype=np.bool_)
    for name in new.column_names:
        changed |= _differ(before.column(name), after.column(name))
    kept = pc.invert(pc.is_in(old.column(key), value_set=new.column(key).combine_chunks()))
    merged = pa.concat_tables([old.filter(kept), new]).sort_by(key)
    added, updated = int((~known).sum()), int(changed.sum())
    return merged, AppendResult(added=added, updated=updated, duplicates=new.num_rows - added - updated)


def _last_of_each(keys: pa.ChunkedArray) -> NDArray[np.int64]:
    codes = keys.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, first_from_the_end = np.unique(codes[::-1], return_index=True)
    return np.sort(len(codes) - 1 - first_from_the_end).astype(np.int64)


def _differ(left: pa.ChunkedArray, right: pa.ChunkedArray) -> NDArray[np.bool_]:
    unequal = pc.fill_null(pc.not_equal(left, right), False)
    one_empty = pc.not_equal(left.is_null(), right.is_null())
    return pc.or_(unequal, one_empty).to_numpy().astype(np.bool_)
