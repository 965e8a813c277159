"""Is it influence or taste? What friends buy after each other, against the same purchases put in another order.

A tie goes from a giver to a taker, from a day on. For every product the giver first bought while the tie was there,
the taker, if they had not bought it yet, is exposed; the statistic is the share of exposures after which the taker
bought it within N days. People alike buy alike without any influence, so the share alone says nothing. It is compared
with what it would be

- *shuffled*: each customer's days of purchase put in a random order, whole baskets together (Anagnostopoulos, Kumar
  and Mahdian 2008). Taste and activity stay; who came first does not.
- *matched*: ties moved to other takers of the same age of tie and activity. What everyone buys at that time stays; what
  ties people does not.
- *direction* (ties that have one): of the products both bought within N days of each other, the share the giver bought
  first, against the shuffled. A promotion or a fashion that reaches both makes purchases close in time, but not in one
  order; influence does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NEVER = np.iinfo(np.int64).max // 4
BLOCK = 10
"""Ties exchanged with each other: fewer are more alike, more are more random."""
AGES = 4
"""Parts that ties are cut into by their age before activity."""
_DENSE = 16_000_000


class Ties(NamedTuple):
    """Numbered customers `giver` and `taker`, and the day number `since` which they are tied; one entry a tie."""

    giver: Ints
    taker: Ints
    since: Ints


class Comparison(NamedTuple):
    """An observed share against its baseline: mean, 95% range and p = (1 + shares as large) / (1 + permutations)."""

    observed: float
    mean: float
    low: float
    high: float
    p: float


class Evidence(NamedTuple):
    """What the ties say. `direction` is None for ties without one."""

    ties: int
    exposures: int
    followed: int
    shuffled: Comparison
    matched: Comparison
    direction: Comparison | None
    pairs: int
    """Products that both bought within N days of each other."""


@dataclass(frozen=True)
class Purchases:
    """Which customer bought which product on which days, in numbers, ready to be shuffled.

    `pair_key` are the sorted keys customer · items + item of the products each customer ever bought; the days of pair p
    are those of `slot[start[p]:start[p + 1]]`, where a slot is one customer's one day.
    """

    items: int
    pair_key: Ints
    start: Ints
    slot: Ints
    slot_customer: Ints
    slot_day: Ints

    @classmethod
    def of(cls, customer: Ints, item: Ints, day: Ints) -> Purchases:
        """Return the purchases of one entry a line; doubles do not matter."""
        items = int(item.max(initial=0)) + 1
        key = customer * items + item
        order = np.lexsort((day, key))
        key, day, customer = key[order], day[order], customer[order]
        pair_key, start = np.unique(key, return_index=True)
        first_day = int(day.min(initial=0))
        width = int(day.max(initial=0)) - first_day + 1
        slots, slot = np.unique(customer * width + (day - first_day), return_inverse=True)
        return cls(items, pair_key, start, slot, slots // width, slots % width + first_day)

    def firsts(self, slot_day: Ints) -> Ints:
        """Return the first day of each pair when each slot has this day."""
        return np.minimum.reduceat(slot_day[self.slot], self.start) if len(self.start) else self.start

    def shuffled(self, random: np.random.Generator) -> Ints:
        """Return the days of the slots with each customer's own days in another order."""
        return self.slot_day[np.lexsort((random.random(len(self.slot_day)), self.slot_customer))]

    def find(self, customer: Ints, item: Ints) -> Ints:
        """Return the place of each pair of a customer and an item, −1 where the customer never bought it."""
        key = customer * self.items + item
        place = np.minimum(np.searchsorted(self.pair_key, key), len(self.pair_key) - 1)
        return np.where(self.pair_key[place] == key, place, -1)


class _Exposed(NamedTuple):
    """One entry for each tie and product of its giver: the tie, the giver's pair, the taker's pair or −1."""

    tie: Ints
    given: Ints
    taken: Ints


class _Counts(NamedTuple):
    exposures: int
    followed: int
    before: int

    @property
    def rate(self) -> float:
        return self.followed / self.exposures if self.exposures else 0.0

    @property
    def forward(self) -> float:
        pairs = self.followed + self.before
        return self.followed / pairs if pairs else 0.5


def evidence(
    purchases: Purchases, ties: Ties, *, days: int, permutations: int, seed: int, directed: bool = True
) -> Evidence:
    """Compare what takers bought after their givers with both baselines.

    Parameters
    ----------
    purchases
        Of all customers in ties.
    ties
        At least one.
    days
        How soon after the giver the taker must buy; the same day does not count, its order is not known.
    permutations
        Random orders for each baseline.
    seed
        Same seed, same answer.
    directed
        Whether giver and taker mean something: False for a household, where each tie is there both ways.
    """
    random = np.random.default_rng(seed)
    last = int(purchases.slot_day.max(initial=0)) - days
    exposed = _exposed(purchases, ties)
    firsts = purchases.firsts(purchases.slot_day)
    seen = _count(firsts, exposed, ties.since, days, last)
    orders = [
        _count(purchases.firsts(purchases.shuffled(random)), exposed, ties.since, days, last)
        for _ in range(permutations)
    ]
    look = _lookup(purchases, ties.taker)
    block = blocks(purchases, ties, directed=directed)
    others: list[float] = []
    for _ in range(permutations):
        # A random order within each block: sorted by block, then by chance.
        moved = np.empty_like(ties.taker)
        moved[np.argsort(block, kind="stable")] = ties.taker[np.lexsort((random.random(len(block)), block))]
        taken = look(moved[exposed.tie], purchases.pair_key[exposed.given] % purchases.items)
        others.append(_count(firsts, exposed._replace(taken=taken), ties.since, days, last).rate)
    direction = _compared(seen.forward, [one.forward for one in orders]) if directed else None
    return Evidence(
        ties=len(ties.giver),
        exposures=seen.exposures,
        followed=seen.followed,
        shuffled=_compared(seen.rate, [one.rate for one in orders]),
        matched=_compared(seen.rate, others),
        direction=direction,
        pairs=seen.followed + seen.before,
    )


def blocks(purchases: Purchases, ties: Ties, *, directed: bool) -> Ints:
    """Return the block of each tie: about `BLOCK` ties of about the same age whose takers buy about as many products.

    Ties of one age are cut by how many products their taker bought; ages are quarters of the ties by `since`.
    """
    count = len(ties.taker)
    bought = np.bincount(purchases.pair_key // purchases.items, minlength=int(ties.taker.max(initial=0)) + 1)
    parts = max(1, min(AGES if directed else 1, count // (2 * BLOCK)))
    age = np.empty(count, np.int64)
    age[np.lexsort((np.arange(count), ties.since))] = np.arange(count) * parts // max(count, 1)
    order = np.lexsort((np.arange(count), bought[ties.taker], age))
    block = np.empty(count, np.int64)
    block[order] = np.arange(count) // BLOCK
    return block


def _exposed(purchases: Purchases, ties: Ties) -> _Exposed:
    first = np.searchsorted(purchases.pair_key, ties.giver * purchases.items)
    size = np.searchsorted(purchases.pair_key, (ties.giver + 1) * purchases.items) - first
    tie = np.repeat(np.arange(len(size)), size)
    given = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + first[tie]
    taken = purchases.find(ties.taker[tie], purchases.pair_key[given] % purchases.items)
    return _Exposed(tie, given, taken)


def _count(firsts: Ints, exposed: _Exposed, since: Ints, days: int, last: int) -> _Counts:
    given = firsts[exposed.given]
    taken = np.where(exposed.taken >= 0, firsts[exposed.taken], NEVER)
    begun = since[exposed.tie]
    later = taken - given
    open_ = (given >= begun) & (given <= last) & (later > 0)
    # The mirror image of `followed`: the taker first, within the days, while the tie was there.
    before = (taken >= begun) & (taken <= last) & (later < 0) & (later >= -days)
    return _Counts(int(open_.sum()), int((open_ & (later <= days)).sum()), int(before.sum()))


def _lookup(purchases: Purchases, takers: Ints) -> Any:
    """Return a quick `Purchases.find` for these customers: a table where it is not too large."""
    people = np.unique(takers)
    if len(people) * purchases.items > _DENSE:
        return purchases.find
    table = np.full((len(people), purchases.items), -1, np.int32)
    buyer = purchases.pair_key // purchases.items
    mine = np.flatnonzero(np.isin(buyer, people))
    table[np.searchsorted(people, buyer[mine]), purchases.pair_key[mine] % purchases.items] = mine

    def find(customer: Ints, item: Ints) -> Ints:
        return table[np.searchsorted(people, customer), item].astype(np.int64)

    return find


def _compared(observed: float, baseline: list[float]) -> Comparison:
    values = np.asarray(baseline)
    low, high = np.quantile(values, (0.025, 0.975))
    as_large = int((values >= observed - 1e-12).sum())
    return Comparison(observed, float(values.mean()), float(low), float(high), (1 + as_large) / (1 + len(values)))
