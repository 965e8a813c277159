"""Influence among friends: known answers for the counts, and the right verdict where the truth is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from regulars.insights.influence import InfluenceParams, influence, verdict
from regulars.insights.social_permutations import Comparison, Evidence, Purchases, Ties, blocks, evidence
from regulars.insights.sources import Sources

START = date(2024, 1, 1)


def purchases(*lines):
    customer, item, day = (np.array(column, np.int64) for column in zip(*lines, strict=True))
    return Purchases.of(customer, item, day)


def ties(*pairs):
    giver, taker, since = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    return Ties(giver, taker, since)


def counted(bought, tied, days=5):
    found = evidence(bought, tied, days=days, permutations=99, seed=1)
    return found.exposures, found.followed, found.pairs


def test_exposures_and_what_follows_are_counted():
    """Customer 0 gives, 1 takes, within 5 days; a late purchase of 0 keeps day 40 the last one.

    Item 0: bought on 1, taken on 4: followed. Item 1: on 1 and on 7: an exposure, too late. Item 2: never taken: an
    exposure. Item 3: taken before it was given: none, but close. Item 4: the same day: none.
    """
    bought = purchases(
        (0, 0, 1), (1, 0, 4), (0, 1, 1), (1, 1, 7), (0, 2, 2), (0, 3, 9), (1, 3, 8), (0, 4, 12), (1, 4, 12), (0, 5, 40),
    )  # fmt: skip
    assert counted(bought, ties((0, 1, 0))) == (3, 1, 2)


def test_only_what_was_bought_while_the_tie_was_there_counts():
    """Since day 5: item 0 was given before. The taker's purchase before the tie is no counterpart either."""
    bought = purchases((0, 0, 4), (1, 0, 6), (0, 1, 6), (1, 1, 4), (0, 2, 6), (1, 2, 8), (0, 3, 40))
    assert counted(bought, ties((0, 1, 5))) == (1, 1, 1)


def test_the_last_days_are_no_exposure_because_what_follows_is_not_known():
    bought = purchases((0, 0, 1), (0, 1, 38), (0, 2, 40), (1, 5, 2))
    assert counted(bought, ties((0, 1, 0))) == (1, 0, 0)


def test_buying_again_is_not_following():
    bought = purchases((0, 0, 10), (1, 0, 1), (1, 0, 12), (0, 1, 40))
    assert counted(bought, ties((0, 1, 0))) == (0, 0, 0)


def test_shuffling_keeps_each_customers_days_and_baskets():
    bought = purchases((0, 0, 1), (0, 1, 1), (0, 2, 5), (0, 3, 9), (1, 0, 2), (1, 1, 3))
    for seed in range(20):
        days = bought.shuffled(np.random.default_rng(seed))
        assert sorted(days[:3]) == [1, 5, 9]
        assert sorted(days[3:]) == [2, 3]
        firsts = bought.firsts(days)
        assert firsts[0] == firsts[1]


def test_ties_are_exchanged_with_those_of_like_age_and_activity():
    """40 ties of two ages whose takers buy 1 to 40 products: blocks of 10 by age and then by activity."""
    lines = [(at, item, 1) for at in range(40) for item in range(at + 1)]
    tied = ties(*[(0, at, 100 * (at % 2)) for at in range(40)])
    block = blocks(purchases(*lines), tied, directed=True)
    assert np.bincount(block).tolist() == [10, 10, 10, 10]
    assert len({(at % 2, int(block[at])) for at in range(40)}) == 4
    assert {int(block[at]) for at in range(0, 20, 2)} == {0}


def simulate(*, influenced: float, seed: int = 3, people: int = 160, chance: float = 0.15):
    """Return purchases and 80 ties among customers of eight tastes; a taker copies with this probability."""
    random = np.random.default_rng(seed)
    taste = np.arange(people) % 8
    lines, wanted = [], {}
    tied = [(giver, giver + people // 2, 0) for giver in range(people // 2)]
    for day in range(120):
        for one in np.flatnonzero(random.random(people) < chance).tolist():
            basket = {int(taste[one] * 12 + random.integers(12)), int(random.integers(96))}
            basket |= {item for item, on in wanted.pop(one, {}).items() if day - on <= 14}
            lines += [(one, item, day) for item in basket]
            if one < people // 2:
                copied = {item: day for item in sorted(basket) if random.random() < influenced}
                wanted.setdefault(one + people // 2, {}).update(copied)
    return purchases(*lines), ties(*tied)


def test_taste_alone_is_not_taken_for_influence():
    """Friends share a taste and nothing else: they buy alike more than others do, but in no particular order."""
    found = evidence(*simulate(influenced=0.0), days=14, permutations=199, seed=7)
    assert found.matched.p <= 0.05
    assert found.shuffled.p > 0.05
    assert found.direction is not None
    assert found.direction.p > 0.05
    assert verdict(found) == "similar taste only"


def test_influence_is_found_and_its_size_is_about_right():
    """A fifth of what givers buy is copied unless it is had already or bought anyway."""
    found = evidence(*simulate(influenced=0.2), days=14, permutations=199, seed=7)
    assert verdict(found) == "influence"
    assert 0.05 < found.shuffled.observed - found.shuffled.mean < 0.2


def test_the_same_seed_gives_the_same_answer_and_another_one_another():
    bought, tied = simulate(influenced=0.0)
    once, again, other = (evidence(bought, tied, days=14, permutations=99, seed=seed) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_p_is_never_zero():
    found = evidence(*simulate(influenced=0.2), days=14, permutations=99, seed=7)
    assert found.shuffled.p == pytest.approx(1 / 100)


def comparison(p):
    return Comparison(0.2, 0.1, 0.05, 0.15, p)


@pytest.mark.parametrize(
    ("shuffled", "matched", "direction", "said"),
    [
        (0.01, 0.01, 0.01, "influence"),
        (0.01, 0.01, 0.3, "similar taste only"),
        (0.3, 0.01, 0.01, "similar taste only"),
        (0.01, 0.3, 0.01, "no influence seen"),
        (0.01, 0.01, None, "influence or shared occasions"),
    ],
)
def test_influence_needs_every_comparison(shuffled, matched, direction, said):
    found = Evidence(
        ties=50,
        exposures=100,
        followed=20,
        shuffled=comparison(shuffled),
        matched=comparison(matched),
        direction=None if direction is None else comparison(direction),
        pairs=40,
    )
    assert verdict(found) == said


def as_events(events_of, bought, tied):
    """Return the simulated shop as events: each taker was brought by their giver."""
    rows = []
    pair = np.repeat(np.arange(len(bought.start)), np.diff([*bought.start, len(bought.slot)]))
    for p, slot in zip(pair.tolist(), bought.slot.tolist(), strict=True):
        customer, item = divmod(int(bought.pair_key[p]), bought.items)
        rows.append((f"c{customer:03}", START + timedelta(days=int(bought.slot_day[slot])), {"item": f"i{item:03}"}))
    named = [(f"c{t:03}", START, "page", {"referrer": f"c{g:03}"}) for g, t in zip(tied.giver, tied.taker, strict=True)]
    return events_of(*named, *rows)


def test_the_question_says_what_the_simulation_was(events_of, run):
    bought, tied = simulate(influenced=0.2)
    answer = influence(Sources(as_events(events_of, bought, tied), run), InfluenceParams(permutations=199))
    assert answer.headline["verdict"]["value"] == "influence"
    assert answer.headline["ties"]["value"] == 80
    rows = answer.rows.to_pylist()
    assert [row["baseline"] for row in rows] == [
        "Days of purchase shuffled", "Other customers like them", "Who bought first",
    ]  # fmt: skip
    direct = evidence(bought, tied, days=14, permutations=199, seed=7)
    assert rows[0]["observed"] == direct.shuffled.observed
    assert rows[0]["n"] == direct.exposures
    assert all(row["p"] <= 0.05 for row in rows)


def test_too_few_ties_say_nothing(events_of, run):
    events = events_of(("b", "2024-01-01", "page", {"referrer": "a"}), ("a", "2024-01-02", {"item": "x"}))
    answer = influence(Sources(events, run), InfluenceParams())
    assert answer.headline["verdict"]["value"] == "not enough ties"
    assert answer.headline["ties"]["value"] == 1
    assert answer.rows["observed"].to_pylist() == [None, None, None]


def test_no_pseudonym_is_in_the_answer(events_of, run):
    answer = influence(Sources(as_events(events_of, *simulate(influenced=0.2)), run), InfluenceParams(permutations=99))
    assert "c001" not in str(answer.to_json())
