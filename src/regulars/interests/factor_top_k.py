"""The n items with the largest inner products for each vector: exact, without scoring every pair.

Items lie in blocks of 64 by falling norm. By Cauchy and Schwarz no item of a block can score above |u| · (largest norm
of the block), so a customer is done as soon as that falls below the n-th best score found. On catalogues learned from
power-law data, where few items have long vectors, two or three pairs in a hundred are ever scored; where norms are
alike every pair is, and what counts is that a block's scores are compared with 64 floors at once.

Exact means: the result equals a sort of all float32 scores, each summed over the factors in their order, by falling
score and, where two are equal to the last bit, by rising item number. Scores that differ only by rounding are
different ones.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.factor_tile import WIDTH, lowest_bit, products_of_four, products_of_one
from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 128
"""Customers that go through the blocks together: their vectors stay in the second cache."""
FEW = 8
"""With at most one item in so many allowed, packing those anew beats skipping the others."""


@dataclass(frozen=True)
class PackedItems:
    """Item vectors in the order they are scored in.

    Parameters
    ----------
    blocks
        Vectors by falling norm, 64 at a time, float32 (blocks × factors × 64), filled up with zeros.
    numbers
        The item number of each place, int32 (blocks · 64), -1 where filled up.
    bounds
        No vector of a block is longer than this, rounding allowed for, float32 (blocks).
    """

    blocks: NDArray[np.float32]
    numbers: NDArray[np.int32]
    bounds: NDArray[np.float32]

    @property
    def factors(self) -> int:
        """Length of the vectors."""
        return self.blocks.shape[1]


def pack(items: NDArray[np.float32], numbers: NDArray[np.int32] | None = None) -> PackedItems:
    """Put item vectors into the order they are scored in.

    Parameters
    ----------
    items
        float32 (items × factors).
    numbers
        Their numbers, int32 (items); default: 0, 1, 2 …
    """
    count, factors = items.shape
    if numbers is None:
        numbers = np.arange(count, dtype=np.int32)
    lengths = _norms(items)
    order = np.argsort(-lengths, kind="stable")
    blocks = -(-count // WIDTH)
    padded = np.zeros((blocks * WIDTH, factors), np.float32)
    padded[:count] = items[order]
    names = np.full(blocks * WIDTH, -1, np.int32)
    names[:count] = numbers[order]
    by_factor = np.ascontiguousarray(padded.reshape(blocks, WIDTH, factors).transpose(0, 2, 1))
    return PackedItems(by_factor, names, lengths[order][::WIDTH].copy())


def factor_top_k(
    users: NDArray[np.float32],
    items: NDArray[np.float32] | PackedItems,
    n: int,
    exclude_indptr: NDArray[np.int64] | None = None,
    exclude_items: NDArray[np.int32] | None = None,
    allowed: NDArray[np.bool_] | None = None,
    *,
    threads: int = 1,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the n items with the largest inner products for each user, falling; equal ones by rising number.

    Parameters
    ----------
    users
        float32 (users × factors).
    items
        float32 (items × factors), or what `pack` made of them.
    n
        How many.
    exclude_indptr, exclude_items
        Items that a user is not to get: those of user u are exclude_items[exclude_indptr[u] : exclude_indptr[u + 1]],
        in any order, repeats and all; None: none.
    allowed
        Which items may be given at all, bool (items); None: every one.
    threads
        Python threads to share the users; one unless the caller has cores to spare.

    Returns
    -------
    items
        int32 (users × n), -1 where a user has fewer.
    scores
        float32 (users × n), -inf there.
    """
    packed = items if isinstance(items, PackedItems) else pack(items)
    if allowed is not None and not isinstance(items, PackedItems) and np.count_nonzero(allowed) * FEW <= len(allowed):
        chosen = np.flatnonzero(allowed).astype(np.int32)
        packed = pack(items[chosen], chosen)
    users = np.ascontiguousarray(users, np.float32)
    found = np.full((len(users), n), -1, np.int32)
    scores = np.full((len(users), n), -np.inf, np.float32)
    if n == 0 or len(packed.bounds) == 0 or len(users) == 0:
        return found, scores
    indptr = np.zeros(len(users) + 1, np.int64) if exclude_indptr is None else exclude_indptr
    excluded = np.zeros(0, np.int32) if exclude_items is None else exclude_items
    may = np.zeros(0, np.bool_) if allowed is None else allowed
    lengths = _norms(users)

    def scan(begin: int, end: int) -> None:
        if end - begin == 1:
            _scan_one(users, lengths, packed.blocks, packed.numbers, packed.bounds, indptr, excluded, may, begin,
                      found, scores)  # fmt: skip
        else:
            _scan(users, lengths, packed.blocks, packed.numbers, packed.bounds, indptr, excluded, may, begin, end,
                  found, scores)  # fmt: skip

    if threads == 1 or len(users) <= BATCH:
        scan(0, len(users))
    else:
        edges = range(0, len(users), max(BATCH, len(users) // (8 * threads)))
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda begin: scan(begin, min(begin + edges.step, len(users))), edges))
    return found, scores


def _norms(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return lengths a little too long: a float32 sum of f products is off by at most f roundings of |u||v|."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return (lengths * (1 + (vectors.shape[1] + 8) * 2.0**-24)).astype(np.float32)


@kernel
def _offer(items: NDArray[np.int32], scores: NDArray[np.float32], item: int, score: np.float32, full: int) -> None:
    """Put an item into a list sorted by falling score, then rising number, of which `full` places are taken."""
    at = min(full, len(items) - 1)
    while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and items[at - 1] > item)):
        scores[at] = scores[at - 1]
        items[at] = items[at - 1]
        at -= 1
    scores[at] = score
    items[at] = item


@kernel
def _take(
    mask: np.uint64,
    numbers: NDArray[np.int32],
    tile: NDArray[np.float32],
    excluded: NDArray[np.int32],
    may: NDArray[np.bool_],
    items: NDArray[np.int32],
    scores: NDArray[np.float32],
    full: int,
) -> int:
    """Offer the marked scores of a block; return how many places are taken by now."""
    n = len(items)
    while mask != np.uint64(0):
        place: int = lowest_bit(mask)
        mask &= mask - np.uint64(1)
        item = numbers[place]
        score = tile[place]
        # The floor may have risen since the mask was made; infinities are no scores.
        if item < 0 or score < np.float32(-3.0e38) or score > np.float32(3.0e38):
            continue
        if full == n and (score < scores[n - 1] or (score == scores[n - 1] and item > items[n - 1])):
            continue
        if len(may) > 0 and not may[item]:
            continue
        known = False
        for at in range(len(excluded)):
            known |= excluded[at] == item
        if not known:
            _offer(items, scores, int(item), np.float32(score), full)
            full = min(full + 1, n)
    return full


@kernel
def _scan(
    users: NDArray[np.float32],
    lengths: NDArray[np.float32],
    blocks: NDArray[np.float32],
    numbers: NDArray[np.int32],
    bounds: NDArray[np.float32],
    indptr: NDArray[np.int64],
    excluded: NDArray[np.int32],
    may: NDArray[np.bool_],
    first: int,
    last: int,
    items: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> None:
    """Send users first … last - 1 through the blocks, BATCH at a time; whoever is done leaves the batch."""
    factors = users.shape[1]
    n = items.shape[1]
    tile = np.empty((4, WIDTH), np.float32)
    full = np.zeros(BATCH, np.int64)
    active = np.empty(BATCH + 3, np.int64)
    base = users.ctypes.data
    out = tile.ctypes.data
    for begin in range(first, last, BATCH):
        waiting = min(BATCH, last - begin)
        for number in range(waiting):
            active[number] = number
            full[number] = 0
        for block in range(len(bounds)):
            still = 0
            for number in range(waiting):
                user = begin + active[number]
                if full[active[number]] < n or lengths[user] * bounds[block] >= scores[user, n - 1]:
                    active[still] = active[number]
                    still += 1
            waiting = still
            if waiting == 0:
                break
            for number in range(waiting, (waiting + 3) // 4 * 4):
                active[number] = active[waiting - 1]
            at = blocks.ctypes.data + block * factors * WIDTH * 4
            names = numbers[block * WIDTH : (block + 1) * WIDTH]
            for group in range(0, waiting, 4):
                a, b = begin + active[group], begin + active[group + 1]
                c, d = begin + active[group + 2], begin + active[group + 3]
                masks = products_of_four(
                    base + a * factors * 4, base + b * factors * 4, base + c * factors * 4, base + d * factors * 4,
                    at, factors, scores[a, n - 1], scores[b, n - 1], scores[c, n - 1], scores[d, n - 1], out,
                )  # fmt: skip
                for lane in range(min(4, waiting - group)):
                    if masks[lane] != np.uint64(0):
                        own = active[group + lane]
                        user = begin + own
                        full[own] = _take(
                            masks[lane], names, tile[lane], excluded[indptr[user] : indptr[user + 1]], may,
                            items[user], scores[user], int(full[own]),
                        )  # fmt: skip


@kernel
def _scan_one(
    users: NDArray[np.float32],
    lengths: NDArray[np.float32],
    blocks: NDArray[np.float32],
    numbers: NDArray[np.int32],
    bounds: NDArray[np.float32],
    indptr: NDArray[np.int64],
    excluded: NDArray[np.int32],
    may: NDArray[np.bool_],
    user: int,
    items: NDArray[np.int32],
    scores: NDArray[np.float32],
) -> None:
    """Send one user through the blocks."""
    factors = users.shape[1]
    n = items.shape[1]
    tile = np.empty(WIDTH, np.float32)
    own = excluded[indptr[user] : indptr[user + 1]]
    full = 0
    for block in range(len(bounds)):
        floor = scores[user, n - 1]
        if full == n and lengths[user] * bounds[block] < floor:
            return
        mask = products_of_one(
            users.ctypes.data + user * factors * 4, blocks.ctypes.data + block * factors * WIDTH * 4,
            factors, floor, tile.ctypes.data,
        )  # fmt: skip
        full = _take(
            mask, numbers[block * WIDTH : (block + 1) * WIDTH], tile, own, may, items[user], scores[user], full
        )
