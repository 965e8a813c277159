"""Every figure of a table of models: worked by hand, and the same from plain Python."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from regulars.interests import Catalogue, Histories, Interactions
from regulars.interests.beyond import beyond_accuracy, diversity, exposure_gini, miscalibration
from regulars.interests.categories import label_matrix
from regulars.interests.metrics import average_precision, figures, find_hits, per_customer, precision, reciprocal_rank
from regulars.interests.slices import sliced
from regulars.interests.splits import Split, by_time


def named(rows: list[list[int]], items: int, categories: list[str] | None = None) -> Interactions:
    catalogue = Catalogue([""] * items, categories) if categories else None
    users, names = [f"u{i}" for i in range(len(rows))], [f"i{i}" for i in range(items)]
    return Interactions(users, names, Histories.of(rows), catalogue=catalogue)


def lists_of(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.int32)


def test_precision_mrr_and_map_by_hand() -> None:
    """Hits at places 2 and 4 of three targets; then a list of one item that misses."""
    hits = find_hits(lists_of([0, 1, 2, 3], [4, -1, -1, -1]), Histories.of([[1, 3, 9], [5]]), 10)
    assert precision(hits, 4).tolist() == [0.5, 0.0]
    assert reciprocal_rank(hits, 4).tolist() == [0.5, 0.0]
    assert average_precision(hits, 4).tolist() == [pytest.approx((1 / 2 + 2 / 4) / 3), 0.0]
    # Among the first two places two targets could have been found: the best possible is min(3, 2).
    assert average_precision(hits, 2)[0] == pytest.approx((1 / 2) / 2)


def test_gini_diversity_and_calibration_by_hand() -> None:
    """One item alone is shown of four; half the pairs differ; half the list is of a category nobody asked for."""
    assert exposure_gini(lists_of([0], [0]), 4) == pytest.approx(0.75)
    assert exposure_gini(lists_of([0, 1], [2, 3]), 4) == 0.0
    categories = label_matrix(["a", "a", "b", ""])
    assert diversity(lists_of([0, 1, 2, 3]), categories) == pytest.approx(2 / 3)
    assert diversity(lists_of([0, 3]), categories) == 0.0
    own = Histories.of([[0, 1]])
    assert miscalibration(lists_of([0, 1]), own, categories) == pytest.approx(0.0)
    assert miscalibration(lists_of([0, 2]), own, categories) == pytest.approx(math.log(1 / (0.99 * 0.5 + 0.01)))
    assert miscalibration(lists_of([2, 3]), own, categories) == pytest.approx(math.log(100))


def test_items_of_several_labels_count_in_parts() -> None:
    """A war drama is half a drama: it differs from a drama by 1 - 1/√2, and is half of what a friend of dramas has."""
    labels = label_matrix(["drama|war", "drama", "comedy"])
    assert diversity(lists_of([0, 1]), labels) == pytest.approx(1 - 1 / math.sqrt(2))
    drama = Histories.of([[1]])
    assert miscalibration(lists_of([0]), drama, labels) == pytest.approx(math.log(1 / (0.99 * 0.5 + 0.01)))


def test_novelty_and_popularity_by_hand() -> None:
    """Item 0 was chosen by all four customers, item 1 by one, item 2 by none."""
    train = named([[0], [0, 0], [0, 1], [0]], 3)
    found = beyond_accuracy(lists_of([0, 1], [2, -1]), Histories.of([[0], []]), train)
    assert found["novelty@10"] == pytest.approx((0 + 2 + 2) / 3)
    assert found["popularity@10"] == pytest.approx(((1 + 0.25) / 2 + 0) / 2)
    assert found["popularity_lift@10"] == pytest.approx(0.3125 / 1 - 1)
    assert "diversity@10" not in found
    assert "miscalibration@10" not in found


def plain(ranked: list[int], wanted: set[int], k: int) -> dict[str, float]:
    """Return the measures of one list, straight from their definitions."""
    places = [place for place, item in enumerate(ranked[:k], start=1) if item in wanted]
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(wanted), k) + 1))
    return {
        f"hr@{k}": float(bool(places)),
        f"ndcg@{k}": sum(1 / math.log2(place + 1) for place in places) / ideal,
        f"recall@{k}": len(places) / len(wanted),
        f"precision@{k}": len(places) / k,
        f"mrr@{k}": 1 / places[0] if places else 0.0,
        f"map@{k}": sum(found / place for found, place in enumerate(places, start=1)) / min(len(wanted), k),
    }


def random_case() -> tuple[np.ndarray, list[list[int]], list[list[int]]]:
    random = np.random.default_rng(3)
    lists = np.stack([random.permutation(40)[:20] for _ in range(60)]).astype(np.int32)
    lists[5, 12:] = -1
    targets = [sorted(random.choice(40, random.integers(1, 26), replace=False).tolist()) for _ in range(60)]
    known = [random.integers(0, 40, random.integers(0, 9)).tolist() for _ in range(60)]
    return lists, targets, known


def test_accuracy_equals_plain_python() -> None:
    """Sixty random lists, one of them cut short, with up to 25 targets each."""
    lists, targets, _ = random_case()
    found = figures(lists, Histories.of(targets), 40)
    for k in (10, 20):
        rows = [
            plain([i for i in row if i >= 0], set(want), k) for row, want in zip(lists.tolist(), targets, strict=True)
        ]
        for name in rows[0]:
            assert found[name] == pytest.approx(sum(row[name] for row in rows) / 60), name


def test_what_lists_are_like_equals_plain_python() -> None:
    """Novelty, popularity, Gini, diversity and calibration of the same lists, category by category."""
    lists, _, known = random_case()
    categories = ["" if item % 7 == 0 else f"c{item % 3}" for item in range(40)]
    train = named(known, 40, categories)
    found = beyond_accuracy(lists, train.histories, train)
    shown = [[item for item in row if item >= 0] for row in lists[:, :10].tolist()]
    active = sum(bool(row) for row in known)
    share = [sum(item in row for row in known) / active for item in range(40)]
    surprise = [-math.log2(max(share[item], 1 / 60)) for row in shown for item in row]
    assert found["novelty@10"] == pytest.approx(sum(surprise) / len(surprise))
    popularity = sum(sum(share[item] for item in row) / len(row) for row in shown) / 60
    own = [sum(share[item] for item in row) / len(row) for row in known if row]
    assert found["popularity_lift@10"] == pytest.approx(popularity / (sum(own) / len(own)) - 1)
    counts = [sum(item in row for row in shown) for item in range(40)]
    assert found["exposure_gini@10"] == pytest.approx(
        sum(abs(a - b) for a in counts for b in counts) / (2 * 40 * sum(counts))
    )
    different: list[float] = []
    divergence: list[float] = []
    for row, events in zip(shown, known, strict=True):
        cats = [categories[item] for item in row if categories[item]]
        pairs = list(combinations(cats, 2))
        different.append(sum(a != b for a, b in pairs) / len(pairs))
        mine = [categories[item] for item in events if categories[item]]
        if mine:
            p = {c: mine.count(c) / len(mine) for c in set(mine)}
            q = {c: 0.99 * cats.count(c) / len(cats) + 0.01 * p[c] for c in p}
            divergence.append(sum(p[c] * math.log(p[c] / q[c]) for c in p))
    assert found["diversity@10"] == pytest.approx(sum(different) / 60)
    assert found["miscalibration@10"] == pytest.approx(sum(divergence) / len(divergence))


def test_slices_add_up_to_the_whole() -> None:
    """Customers by history, and targets by how many customers chose the item before: each falls into one bucket."""
    early = [[0, 1], [0] * 6, [0, 2], []]
    train = named(early, 5)
    targets = Histories.of([[1], [3, 0], [2], [4]])
    split = Split(train, train.histories, targets, np.arange(4), 10)
    lists = np.tile(np.concatenate([[0, 1], np.full(18, -1)]).astype(np.int32), (4, 1))
    rows = {(row["by"], row["bucket"]): row for row in sliced(lists, split)}
    assert {key: row["customers"] for key, row in rows.items()} == {
        ("history", "0"): 1, ("history", "1-4"): 2, ("history", "5-9"): 1,
        ("item", "0"): 2, ("item", "1-9"): 3, ("customer", "known"): 3, ("customer", "unknown"): 1,
    }  # fmt: skip
    assert rows["item", "0"]["recall@20"] == 0.0
    # Customers 0 and 1 find their items 1 and 0, customer 2 does not find 2.
    assert rows["item", "1-9"]["recall@20"] == pytest.approx(2 / 3)
    assert rows["history", "5-9"]["recall@20"] == pytest.approx(1 / 2)


def test_a_time_split_asks_only_those_who_came_back() -> None:
    """The slices of a time split know its customers as they were at the cutoff."""
    rows, times = [[0, 1], [0, 2, 1], [3]], [[0, 10], [0, 5, 12], [0]]
    events = Interactions(["a", "b", "c"], list("wxyz"), Histories.of(rows, times))
    split = by_time(events, 8, 100)
    lists = np.tile(np.array([[1, *[-1] * 19]], np.int32), (2, 1))
    found = {(row["by"], row["bucket"]): row["hr@10"] for row in sliced(lists, split)}
    assert found == {("history", "1-4"): 1.0, ("item", "0"): 1.0, ("customer", "known"): 1.0}
    assert per_customer(lists, split.targets, 4)["mrr@10"].tolist() == [1.0, 1.0]
