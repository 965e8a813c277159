"""Paths: what follows what within a session, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.core.errors import UsageError
from regulars.insights.paths import PathsParams, paths
from regulars.insights.sources import Sources

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
KINDS = {"v": "view", "c": "cart", "p": "purchase", "s": "search"}


@pytest.fixture
def ask(events_of, items_of, run):
    def answer(stories, items=(), **params):
        rows = [
            (subject, "2024-01-01", KINDS[word[0]], {"time": START + timedelta(minutes=int(word[1:])), "item": word[0]})
            for subject, text in stories.items()
            for word in text.split()
        ]
        return paths(Sources(events_of(*rows), run, items_of(*items)), PathsParams(**params))

    return answer


def flows(answer):
    return {(r["source"], r["target"]): r["sessions"] for r in answer.rows.to_pylist()}


# a: search, view (twice), cart; after an hour a second session: view. b: view, cart, purchase. c: view.
THREE = {"a": "s0 v1 v2 c3 v90", "b": "v0 c1 p2", "c": "v0"}


def test_the_flow_tells_steps_apart_and_shows_where_paths_end(ask):
    answer = ask(THREE, depth=3)
    assert flows(answer) == {
        ("1:search", "2:view"): 1,
        ("1:view", "2:cart"): 1,
        ("1:view", "2:(end)"): 2,
        ("2:view", "3:cart"): 1,
        ("2:cart", "3:purchase"): 1,
    }
    shares = {(r["this"], r["next"]): r["share"] for r in answer.rows.to_pylist() if r["step"] == 1}
    assert shares["view", "(end)"] == pytest.approx(2 / 3)
    assert answer.headline["sessions"]["value"] == 4
    assert answer.headline["over"]["value"] == 0.5


def test_what_is_done_again_can_be_a_step_of_its_own(ask):
    assert flows(ask({"a": "v0 v1 c2"}, collapse=False)) == {
        ("1:view", "2:view"): 1, ("2:view", "3:cart"): 1, ("3:cart", "4:(end)"): 1,
    }  # fmt: skip
    assert flows(ask({"a": "v0 v1 c2"})) == {("1:view", "2:cart"): 1, ("2:cart", "3:(end)"): 1}


def test_a_path_can_be_followed_from_an_event_on(ask):
    answer = ask(THREE, start="cart", depth=2)
    assert flows(answer) == {("1:cart", "2:(end)"): 1, ("1:cart", "2:purchase"): 1}
    assert answer.headline["sessions"]["value"] == 2


def test_a_path_can_be_followed_back_from_an_event(ask):
    assert flows(ask(THREE, end="cart", depth=4)) == {
        ("-1:view", "0:cart"): 2,
        ("-2:search", "-1:view"): 1,
        ("-2:(begin)", "-1:view"): 1,
        ("-3:(begin)", "-2:search"): 1,
    }


def test_the_commonest_paths_come_first_and_equal_ones_by_name(ask):
    rows = ask(THREE, view="paths", depth=3).rows.to_pylist()
    assert [(r["path"], r["sessions"]) for r in rows] == [
        ("view → (end)", 2), ("search → view → cart", 1), ("view → cart → purchase", 1),
    ]  # fmt: skip
    assert rows[0]["share"] == 0.5
    assert rows[0]["low"] < 0.5 < rows[0]["high"]
    back = ask(THREE, view="paths", depth=3, end="cart").rows["path"].to_pylist()
    assert back == ["(begin) → view → cart", "search → view → cart"]


def test_only_the_first_paths_are_listed_but_shares_are_of_all(ask):
    [row] = ask(THREE, view="paths", depth=2, top=1).rows.to_pylist()
    assert (row["path"], row["sessions"], row["share"]) == ("view → (end)", 2, 0.5)


def test_the_matrix_counts_every_step(ask):
    found = {(r["this"], r["next"]): (r["sessions"], r["share"]) for r in ask(THREE, view="matrix").rows.to_pylist()}
    assert found == {
        ("search", "view"): (1, 1.0),
        ("view", "cart"): (2, 0.5),
        ("view", "(end)"): (2, 0.5),
        ("cart", "(end)"): (1, 0.5),
        ("cart", "purchase"): (1, 0.5),
        ("purchase", "(end)"): (1, 1.0),
    }


def test_rare_values_are_one(ask):
    """Views are the most frequent; carts, searches and purchases come together."""
    assert flows(ask(THREE, depth=2, top=1)) == {
        ("1:view", "2:(end)"): 2, ("1:view", "2:…"): 1, ("1:…", "2:view"): 1,
    }  # fmt: skip


def test_steps_can_be_categories(ask):
    items = (("v", "V", "Food > Tea"), ("c", "C", "Food > Tea"), ("p", "P", "Home"))
    answer = ask({"a": "v0 c1 p2 s3"}, items=items, by="category", view="paths")
    assert answer.rows["path"].to_pylist() == ["Food → Home →  → (end)"]


def test_a_longer_timeout_joins_sessions(ask):
    answer = ask({"a": "v0 v1 c90"}, timeout=89, view="paths")
    assert answer.rows["path"].to_pylist() == ["view → cart → (end)"]


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(UsageError, match="same at every event"):
        PathsParams(by="segment")
    with pytest.raises(UsageError, match="no dimension"):
        PathsParams(by="moon")
    with pytest.raises(UsageError, match="not both"):
        PathsParams(start="view", end="cart")


@pytest.mark.parametrize("view", ["flow", "paths", "matrix"])
def test_every_view_draws_and_bears_an_empty_shop(ask, view):
    assert len(ask(THREE, view=view).plot().data) == 1
    assert ask({}, view=view).rows.num_rows == 0
    assert ask(THREE, view=view, start="nothing").headline["sessions"]["value"] == 0
