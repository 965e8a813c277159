"""The same lists, looked at for some customers or some items alone: averages hide whom a model fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.metrics import per_customer, summary
from regulars.interests.popularity import customers_per_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.splits import Split

LENGTHS = (("0", 0, 0), ("1-4", 1, 4), ("5-9", 5, 9), ("10-19", 10, 19), ("20-49", 20, 49), ("50+", 50, 2**31))
POPULARITY = (("0", 0, 0), ("1-9", 1, 9), ("10-49", 10, 49), ("50+", 50, 2**31))
QUOTED = ("hr@10", "ndcg@10", "recall@20")


@dataclass(frozen=True)
class Slice:
    """Some of the customers, with some of their targets.

    Parameters
    ----------
    by
        What divides: history (events known of a customer when asked), item (customers who chose the target in
        training), customer (did training know them?).
    bucket
        Which part.
    rows
        Positions of the customers in the split, int64.
    targets
        Their targets that count.
    """

    by: str
    bucket: str
    rows: NDArray[np.int64]
    targets: Histories


def slices(split: Split) -> Iterator[Slice]:
    """Yield every slice that has customers."""
    lengths = split.histories.lengths
    for bucket, low, high in LENGTHS:
        yield from _customers("history", bucket, (lengths >= low) & (lengths <= high), split)
    counts = customers_per_item(split.train.histories, len(split.train.items))[split.targets.items]
    for bucket, low, high in POPULARITY:
        yield from _targets("item", bucket, (counts >= low) & (counts <= high), split)
    known = split.train.histories.lengths[split.users] > 0
    for bucket, mask in (("known", known), ("unknown", ~known)):
        yield from _customers("customer", bucket, mask, split)


def sliced(lists: NDArray[np.int32], split: Split, parts: Sequence[Slice] | None = None) -> list[dict[str, Any]]:
    """Return the figures of lists (customers × at least 20) slice by slice.

    Parameters
    ----------
    lists
        int32 (customers × places).
    split
        Whose they are.
    parts
        `slices(split)`, where several models are looked at; None: they are made.

    Returns
    -------
    rows
        by, bucket, customers, hr@10, ndcg@10, recall@20 and the intervals of the three.
    """
    n_items = len(split.train.items)
    found: list[dict[str, Any]] = []
    for part in slices(split) if parts is None else parts:
        values = per_customer(lists[part.rows], part.targets, n_items)
        row = summary({name: values[name] for name in QUOTED})
        found.append({"by": part.by, "bucket": part.bucket, "customers": len(part.rows), **row})
    return found


def _customers(by: str, bucket: str, mask: NDArray[np.bool_], split: Split) -> Iterator[Slice]:
    rows = np.flatnonzero(mask)
    if len(rows):
        yield Slice(by, bucket, rows, split.targets.select(rows))


def _targets(by: str, bucket: str, mask: NDArray[np.bool_], split: Split) -> Iterator[Slice]:
    targets = split.targets.keep(mask)
    rows = np.flatnonzero(targets.lengths > 0)
    if len(rows):
        yield Slice(by, bucket, rows, targets.select(rows))
