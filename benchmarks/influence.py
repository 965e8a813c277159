"""Claim: taste, season and promotions are not taken for influence (at most 5% of the time); real influence is found.

Simulated shops in which the truth is known: 240 customers of ten tastes, 120 ties, half a year of visits. `homophily`
is the chance that a tie joins two of one taste; `promotions` the chance that a basket holds one of the week's three
promoted products; `influence` the chance that a taker buys at the next visit what a giver just bought. No public set
we know has ties between customers and what they buy; the Complete Journey has none, and the benchmark counts them.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from regulars.core.settings import Settings
from regulars.events import read_complete_journey
from regulars.insights.influence import SIGNIFICANT, verdict
from regulars.insights.intervals import wilson
from regulars.insights.social_permutations import Purchases, Ties, evidence

PEOPLE, TIES, ITEMS, DAYS, TASTES = 240, 120, 150, 182, 10
WITHIN = 14
PERMUTATIONS = 199


class World(NamedTuple):
    """How a simulated shop is made."""

    homophily: float = 0.0
    promotions: float = 0.0
    influence: float = 0.0


FALSE = {
    "nothing": World(),
    "homophily": World(homophily=0.9),
    "promotions": World(promotions=0.5),
    "homophily and promotions": World(homophily=0.9, promotions=0.5),
}
TRUE = {f"influence {size:.2f}": World(0.9, 0.5, size) for size in (0.01, 0.02, 0.05, 0.1)}


def simulate(world: World, seed: int) -> tuple[Purchases, Ties]:
    """Return a shop's purchases and ties."""
    random = np.random.default_rng(seed)
    taste = random.integers(TASTES, size=PEOPLE)
    giver = random.integers(PEOPLE, size=TIES)
    taker = np.array([_taker(one, taste, world, random) for one in giver])
    since = random.integers(0, 40, size=TIES)
    friends: dict[int, list[tuple[int, int]]] = {}
    for a, b, day in zip(giver.tolist(), taker.tolist(), since.tolist(), strict=True):
        friends.setdefault(a, []).append((b, day))
    common = random.dirichlet(np.full(ITEMS, 0.5))
    likes = [0.4 * common + 0.6 * random.dirichlet(np.full(ITEMS, 0.15)) for _ in range(TASTES)]
    promoted = random.integers(ITEMS, size=(DAYS // 7 + 1, 3))
    frequency = random.gamma(3, 0.04, size=PEOPLE)
    had: list[set[int]] = [set() for _ in range(PEOPLE)]
    wanted: list[dict[int, int]] = [{} for _ in range(PEOPLE)]
    lines: list[tuple[int, int, int]] = []
    for day in range(DAYS):
        here = np.flatnonzero(random.random(PEOPLE) < frequency)
        for one in random.permutation(here).tolist():
            basket = set(random.choice(ITEMS, size=1 + random.poisson(1.5), p=likes[taste[one]]).tolist())
            if random.random() < world.promotions:
                basket.add(int(random.choice(promoted[day // 7])))
            basket |= {item for item, on in wanted[one].items() if 0 < day - on <= WITHIN}
            wanted[one] = {}
            lines += [(one, item, day) for item in sorted(basket)]
            for item in sorted(basket - had[one]):
                had[one].add(item)
                for other, begun in friends.get(one, ()):
                    if day >= begun and item not in had[other] and random.random() < world.influence:
                        wanted[other][item] = day
    customer, item, day = np.array(lines, np.int64).T
    return Purchases.of(customer, item, day), Ties(giver, taker, since)


def _taker(giver: int, taste: np.ndarray, world: World, random: np.random.Generator) -> int:
    alike = taste == taste[giver] if random.random() < world.homophily else np.ones(PEOPLE, bool)
    return int(random.choice(np.setdiff1d(np.flatnonzero(alike), [giver])))


def judge(world: World, runs: int) -> dict[str, Any]:
    """Return how often each comparison, and the verdict, says influence."""
    found = [
        evidence(*simulate(world, seed), days=WITHIN, permutations=PERMUTATIONS, seed=seed) for seed in range(runs)
    ]
    parts = {
        "shuffled": [one.shuffled.p for one in found],
        "matched": [one.matched.p for one in found],
        "direction": [one.direction.p for one in found if one.direction],
    }
    said = sum(verdict(one) == "influence" for one in found)
    both = sum(max(one.shuffled.p, one.matched.p) <= SIGNIFICANT for one in found)
    return {
        "runs": runs,
        **{f"p≤.05 {name}": float(np.mean(np.array(ps) <= SIGNIFICANT)) for name, ps in parts.items()},
        "shuffled and matched": both / runs,
        "verdict influence": said / runs,
        "interval": wilson(said, runs),
        "exposures": float(np.mean([one.exposures for one in found])),
        "followed": float(np.mean([one.followed for one in found])),
        "excess": float(np.mean([one.shuffled.observed - one.shuffled.mean for one in found])),
    }


def complete_journey_ties() -> dict[str, int]:
    """Return how many events of the Complete Journey name who brought the customer."""
    events = ties = 0
    for table, batch in read_complete_journey(Settings()):
        if table == "events":
            events += batch.rows.num_rows
            ties += batch.rows.num_rows - batch.rows.column("referrer").null_count
    return {"events": events, "with a referrer": ties}


def run() -> dict[str, Any]:
    runs = 200
    result: dict[str, Any] = {"permutations": PERMUTATIONS, "false": {}, "power": {}}
    for name, world in FALSE.items():
        result["false"][name] = judge(world, runs)
        print(name, result["false"][name], file=sys.stderr, flush=True)
    for name, world in TRUE.items():
        result["power"][name] = judge(world, runs // 4)
        print(name, result["power"][name], file=sys.stderr, flush=True)
    return result | {"complete journey": complete_journey_ties()}
