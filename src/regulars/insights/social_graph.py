"""Customers tied by the uncommon products they share, and the communities that these ties form.

All in numbers and arrays: customers and products are rows and columns of a sparse matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numba
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Sparse: TypeAlias = Any
"""A SciPy sparse array: SciPy publishes no complete types."""

TRADES = 5
"""Trades a customer for a random shop; after about as many nothing is left of the real one (Strona et al. 2014)."""


def _kernel(function: Any) -> Any:
    return cast("Callable[..., Any]", numba.njit(cache=True, nogil=True)(function))


def co_purchases(bought: Sparse, *, shared: int, neighbours: int) -> Sparse:
    """Return how strongly customers are tied by what they both bought: a symmetric matrix without a diagonal.

    Each product a pair shares adds 1 ÷ (buyers − 1), so that it gives each of its buyers one unit to share out (Newman
    2001): what few buy ties more. Pairs with fewer than `shared` products are not tied, and each customer keeps the
    `neighbours` strongest (of equal ones the first rows), together with those that keep them.

    Parameters
    ----------
    bought
        Customers by products, 1 where bought, each product by at least two.
    shared, neighbours
        As above.
    """
    rows = bought.shape[0]
    mine = bought.sorted_indices()
    theirs = csr_array(bought.T).sorted_indices()
    near, strength = _strongest(mine.indptr, mine.indices, theirs.indptr, theirs.indices, shared, neighbours)
    known = near >= 0
    left = np.repeat(np.arange(rows), known.sum(axis=1))
    half: Sparse = csr_array(coo_array((strength[known], (left, near[known])), shape=(rows, rows)))
    return csr_array(half.maximum(half.T))


def communities(graph: Sparse, seed: int) -> Ints:
    """Return the community of each node, numbered from 0, by Louvain's method (Blondel et al. 2008).

    Nodes move, in a random order fixed by `seed`, to the neighbouring community that raises the modularity most, until
    none moves; then communities become nodes, and so on. At last a community that hangs together only through others
    is cut into its parts, which can only raise the modularity.
    """
    random = np.random.default_rng(seed)
    member = np.arange(graph.shape[0])
    level: Sparse = graph
    while True:
        order = random.permutation(level.shape[0])
        degree = np.asarray(level.sum(axis=1)).ravel()
        found = _local_moves(level.indptr, level.indices, level.data, degree, order)
        _, found = np.unique(found, return_inverse=True)
        count = int(found.max(initial=-1)) + 1
        if count == level.shape[0]:
            break
        member = found[member]
        places = (np.ones(len(found)), (np.arange(len(found)), found))
        gather: Sparse = csr_array(coo_array(places, shape=(len(found), count)))
        level = csr_array(gather.T @ level @ gather)
    return _connected(graph, member)


def modularity(graph: Sparse, member: Ints) -> float:
    """Return Newman's modularity: the share of weight inside communities beyond that of random ties.

    Q = Σ_c [ inside_c / 2m − (degree_c / 2m)² ]; 0 without ties.
    """
    total = float(graph.sum())
    if total == 0:
        return 0.0
    links = coo_array(graph)
    inside = float(links.data[member[links.row] == member[links.col]].sum())
    degree = np.bincount(member, weights=np.asarray(graph.sum(axis=1)).ravel())
    return inside / total - float(((degree / total) ** 2).sum())


def random_shop(bought: Sparse, seed: int) -> Sparse:
    """Return a random shop in which every customer buys as many products, and every product has as many buyers.

    By curveball trades (Strona et al. 2014): two customers put what only one of them has into a heap and draw as many
    from it as each put in. To keep only the degrees of the ties would be too easy a baseline: customers tied through a
    product are all tied with each other, which makes communities out of nothing.
    """
    random = np.random.default_rng(seed)
    sorted_ = bought.sorted_indices()
    indices = sorted_.indices.astype(np.int64)
    rows = bought.shape[0]
    pairs = random.integers(rows, size=(TRADES * rows, 2))
    _trade(sorted_.indptr.astype(np.int64), indices, pairs, int(random.integers(2**31)))
    return csr_array((np.ones(len(indices)), indices, sorted_.indptr), shape=bought.shape)


def _connected(graph: Sparse, member: Ints) -> Ints:
    links = coo_array(graph)
    same = member[links.row] == member[links.col]
    inside = coo_array((links.data[same], (links.row[same], links.col[same])), shape=graph.shape)
    return connected_components(inside, directed=False)[1].astype(np.int64)


@_kernel
def _strongest(start: Any, items: Any, back: Any, buyers: Any, shared: int, neighbours: int) -> Any:
    """Return each row's strongest neighbours and the strengths, −1 and 0 where there are no more."""
    rows = len(start) - 1
    near = np.full((rows, neighbours), -1, np.int64)
    best = np.zeros((rows, neighbours))
    for row in range(rows):
        strength = np.zeros(rows)
        count = np.zeros(rows, np.int64)
        for at in range(start[row], start[row + 1]):
            first, last = back[items[at]], back[items[at] + 1]
            for other in range(first, last):
                strength[buyers[other]] += 1.0 / max(last - first - 1, 1)
                count[buyers[other]] += 1
        count[row] = 0
        for other in range(rows):
            # Insert where it belongs; of equal ones the first stays before.
            if count[other] >= shared and strength[other] > best[row, neighbours - 1]:
                place = neighbours - 1
                while place > 0 and strength[other] > best[row, place - 1]:
                    best[row, place], near[row, place] = best[row, place - 1], near[row, place - 1]
                    place -= 1
                best[row, place], near[row, place] = strength[other], other
    return near, best


@_kernel
def _local_moves(start: Any, other: Any, weight: Any, degree: Any, order: Any) -> Any:
    """Move nodes to the community of the largest gain, the lowest number of equal ones, until none moves."""
    count = len(degree)
    member = np.arange(count)
    total = degree.sum()
    size = degree.copy()
    to = np.zeros(count)
    touched = np.empty(count, np.int64)
    moved = total > 0
    while moved:
        moved = False
        for node in order:
            seen = 0
            for at in range(start[node], start[node + 1]):
                if other[at] != node:
                    group = member[other[at]]
                    if to[group] == 0.0:
                        touched[seen] = group
                        seen += 1
                    to[group] += weight[at]
            home = member[node]
            size[home] -= degree[node]
            best = home
            most = to[home] - degree[node] * size[home] / total
            for at in range(seen):
                group = touched[at]
                gain = to[group] - degree[node] * size[group] / total
                if gain > most + 1e-12 or (gain > most - 1e-12 and best != home and group < best):
                    best, most = group, gain
            size[best] += degree[node]
            member[node] = best
            moved = moved or best != home
            for at in range(seen):
                to[touched[at]] = 0.0
    return member


@_kernel
def _trade(start: Any, items: Any, pairs: Any, seed: int) -> None:
    """Let pairs of rows trade what only one of them has; rows stay sorted and as long as they are.

    Walking through both rows in order, each item of only one goes to the first row with the chance that it still needs
    so many of those left: every choice is as likely as every other, and nothing has to be sorted.
    """
    np.random.seed(seed)
    first = np.empty(len(items), np.int64)
    second = np.empty(len(items), np.int64)
    for number in range(len(pairs)):
        one, two = pairs[number, 0], pairs[number, 1]
        if one == two:
            continue
        a, b, end_a, end_b = start[one], start[two], start[one + 1], start[two + 1]
        both = _in_common(items[a:end_a], items[b:end_b])
        wanted, left = end_a - a - both, end_a - a + end_b - b - 2 * both
        at_first = at_second = 0
        while a < end_a or b < end_b:
            from_a = a < end_a and (b >= end_b or items[a] <= items[b])
            from_b = b < end_b and (a >= end_a or items[b] <= items[a])
            item = items[a] if from_a else items[b]
            a, b = a + from_a, b + from_b
            to_first = to_second = True
            if from_a != from_b:
                to_first = np.random.random() * left < wanted
                to_second = not to_first
                wanted, left = wanted - to_first, left - 1
            if to_first:
                first[at_first] = item
                at_first += 1
            if to_second:
                second[at_second] = item
                at_second += 1
        items[start[one] : end_a] = first[:at_first]
        items[start[two] : end_b] = second[:at_second]


@_kernel
def _in_common(one: Any, two: Any) -> int:
    """Count what two sorted rows share."""
    a = b = count = 0
    while a < len(one) and b < len(two):
        if one[a] == two[b]:
            count += 1
        a, b = a + (one[a] <= two[b]), b + (two[b] <= one[a])
    return count
