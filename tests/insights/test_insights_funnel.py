"""Funnels: what counts as getting to a step, checked by hand and against trying every chain of events."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product

import pytest

from regulars.core.errors import UsageError
from regulars.insights.funnel import FunnelParams, funnel
from regulars.insights.sources import Sources

DAY = "2024-01-01"
START = datetime(2024, 1, 1, 9, tzinfo=UTC)
KINDS = {"v": "view", "c": "cart", "p": "purchase", "s": "search", "w": "wish"}


def story(subject, text, **more):
    """Return events from 'v0 c5 p9': a kind's letter and the minute."""
    return [
        (subject, DAY, KINDS[word[0]], {"time": START + timedelta(minutes=int(word[1:])), **more})
        for word in text.split()
    ]


@pytest.fixture
def ask(events_of, items_of, run):
    def answer(*stories, items=(), **params):
        rows = [event for one in stories for event in one]
        return funnel(Sources(events_of(*rows), run, items_of(*items)), FunnelParams(**params))

    return answer


def reached(answer):
    return answer.rows["reached"].to_pylist()


def test_steps_come_in_order_with_anything_between(ask):
    answer = ask(
        story("a", "v0 s1 c2 s3 p4"),
        story("b", "v0 c9"),
        story("c", "p0 c1 v2"),  # backwards: only the view counts
        story("d", "c0 p1"),  # no view, so not in the funnel
        story("e", "v0"),
    )
    assert reached(answer) == [4, 2, 1]
    second, third = answer.rows.to_pylist()[1:]
    assert (second["share"], second["of_previous"], second["lost"]) == (0.5, 0.5, 2)
    assert (third["share"], third["of_previous"], third["lost"]) == (0.25, 0.5, 1)
    assert third["low"] < 0.25 < third["high"]
    assert (second["median_seconds"], second["mean_seconds"]) == (330, 330)  # 2 and 9 minutes
    assert second["p90_seconds"] == pytest.approx(120 + 0.9 * 420)
    assert third["median_seconds"] == 240


def test_any_first_step_can_begin_the_attempt_that_gets_furthest(ask):
    """The first view is too early for the purchase, the second is not; the cart after it lies between."""
    answer = ask(story("a", "v0 c1 v50 c55 p100"), window="1h")
    assert reached(answer) == [1, 1, 1]
    assert answer.rows["median_seconds"].to_pylist() == [None, 60, 50 * 60]
    assert reached(ask(story("a", "v0 c1 v50 p100"), window="1h")) == [1, 1, 0]


def test_exactly_the_window_counts_and_a_second_more_does_not(ask):
    assert reached(ask(story("a", "v0 c30"), steps=("view", "cart"), window="30m")) == [1, 1]
    assert reached(ask(story("a", "v0 c31"), steps=("view", "cart"), window="30m")) == [1, 0]


def test_times_are_those_of_the_first_completion_from_its_latest_start(ask):
    answer = ask(story("a", "v0 v4 c5 c90 v91 c92"), steps=("view", "cart"))
    assert answer.rows["median_seconds"].to_pylist() == [None, 60]


def test_events_of_one_instant_count_in_the_order_of_the_steps(ask):
    assert reached(ask(story("a", "p0 c0 v0"))) == [1, 1, 1]


def test_the_same_kind_again_must_be_later_in_time(ask):
    """Three lines of one order are one purchase, not three."""
    steps = ("purchase", "purchase")
    answer = ask(story("a", "p0 p0 p0"), story("b", "p0 p7"), steps=steps)
    assert reached(answer) == [2, 1]
    assert answer.rows["step"].to_pylist() == ["purchase", "purchase (2)"]
    assert reached(ask(story("a", "v0 c0 v0"), steps=("view", "cart", "view"))) == [1, 1, 0]


def test_an_excluded_event_between_two_steps_ends_the_attempt(ask):
    params = {"steps": ("view", "cart", "purchase"), "exclude": ("search",)}
    assert reached(ask(story("a", "v0 s1 c2"), **params)) == [1, 0, 0]
    assert reached(ask(story("a", "v0 c1 s2 p3"), **params)) == [1, 1, 0]
    assert reached(ask(story("a", "v0 c1 s2 c3 p4"), **params)) == [1, 1, 0]
    assert reached(ask(story("a", "v0 s1 v2 c3 p4"), **params)) == [1, 1, 1]
    # At the instant of the start it comes before it; at the instant of a later step too, which is in between.
    assert reached(ask(story("a", "s0 v0 c1"), **params)) == [1, 1, 0]
    assert reached(ask(story("a", "v0 s1 c1"), **params)) == [1, 0, 0]


def test_strict_steps_directly_follow_each_other(ask):
    answer = ask(
        story("a", "v0 c1 p2"), story("b", "v0 s1 c2 p3"), story("c", "v0 c1 c2 p3"), story("d", "c0 v1"),
        order="strict",
    )  # fmt: skip
    assert reached(answer) == [4, 2, 1]


def test_in_any_order_the_number_of_steps_counts(ask):
    answer = ask(story("a", "p0 v1 c2"), story("b", "c0 c1"), story("c", "v0 p90"), order="any", window="1h")
    assert reached(answer) == [3, 1, 1]
    assert answer.rows["step"].to_pylist() == ["1 / 3", "2 / 3", "3 / 3"]
    assert answer.rows["median_seconds"].to_pylist() == [None, 60, 120]


def test_a_step_can_have_conditions_and_several_kinds(ask):
    rows = (
        story("a", "v0", item="milk", device="phone"),
        story("a", "w1", item="milk"),
        story("b", "v0", item="milk", device="desk"),
        story("b", "c1", item="milk"),
        story("c", "v0", item="bread", device="phone"),
        story("c", "c1"),
    )
    items = (("milk", "Milk", "Food > Dairy"), ("bread", "Bread", "Food > Bakery"))
    steps = ("view[subcategory=Food > Dairy]", "cart|wish")
    assert reached(ask(*rows, items=items, steps=steps)) == [2, 2]
    steps = ("view[subcategory=Food > Dairy;device=phone]", "cart|wish")
    for order in ("ordered", "strict", "any"):
        expected = [3, 1] if order == "any" else [1, 1]
        assert reached(ask(*rows, items=items, steps=steps, order=order)) == expected


def test_a_session_can_take_the_steps_instead_of_the_customer(ask):
    rows = (
        story("a", "v0", session="x"),
        story("a", "c1", session="y"),
        story("b", "v0 c1", session="x"),
        story("c", "v0 c1"),
    )
    steps = ("view", "cart")
    assert reached(ask(*rows, steps=steps)) == [3, 3]
    assert reached(ask(*rows, steps=steps, unit="session")) == [2, 1]


def test_a_breakdown_goes_by_the_first_event_of_the_first_step(ask):
    rows = (
        story("a", "v0", device="phone"),
        story("a", "v1 c2", device="desk"),
        story("b", "s0", device="phone"),
        story("b", "v1 c2", device="desk"),
        story("c", "v0 c1"),
    )
    found = ask(*rows, steps=("view", "cart"), breakdown="device").rows.to_pylist()
    assert {(r["group"], r["step"]): r["reached"] for r in found} == {
        (group, step): 1 for group in ("phone", "desk", "") for step in ("view", "cart")
    }


def test_only_events_of_the_range_count(ask):
    rows = (("a", "2024-01-01", "view"), ("a", "2024-01-02", "cart"), ("a", "2024-01-03", "purchase"))
    assert reached(ask(rows, from_=date(2024, 1, 2))) == [0, 0, 0]
    assert reached(ask(rows, to=date(2024, 1, 2))) == [1, 1, 0]


def chains(events, order, seconds, exclude):
    """Return how far one customer gets, by trying every choice of one event a step."""
    best = 0
    steps = ["view", "cart", "purchase"]
    events = sorted(events, key=lambda e: (e[0], e[2]))
    for depth in (1, 2, 3):
        options = [[e for e in events if e[1] == step] for step in steps[:depth]]
        if order == "any":
            choices = [c for s in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]) if len(s) == depth
                       for c in product(*[[e for e in events if e[1] == steps[i]] for i in s])]  # fmt: skip
            choices = [tuple(sorted(c)) for c in choices]
        else:
            choices = [c for c in product(*options) if all(a[0] <= b[0] for a, b in pairwise(c))]
        for chain in choices:
            if chain[-1][0] - chain[0][0] > seconds:
                continue
            if any(e[1] in exclude and chain[0][0] < e[0] <= chain[-1][0] for e in events):
                continue
            if order == "strict":
                places = [events.index(e) for e in chain]
                if places != list(range(places[0], places[0] + depth)):
                    continue
            best = depth
            break
    return best


@pytest.mark.parametrize("exclude", [(), ("search",)])
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_counts_agree_with_trying_every_chain(ask, order, exclude):
    """Four hundred random customers with few minutes and many ties."""
    source = random.Random(5)
    people, rows = [], []
    for number in range(400):
        length = source.randrange(1, 8)
        events = [
            (source.randrange(9), source.choice(["view", "view", "cart", "purchase", "search"]), "")
            for _ in range(length)
        ]
        events = [(minute, kind, f"{number:03}-{at}") for at, (minute, kind, _) in enumerate(events)]
        people.append(events)
        rows += [
            (f"s{number}", DAY, kind, {"id": name, "time": START + timedelta(minutes=m)}) for m, kind, name in events
        ]
    found = reached(ask(rows, order=order, exclude=exclude, window="4m"))
    if order == "strict":
        exclude = ()
    furthest = [chains(events, order, 4, exclude) for events in people]
    assert found == [sum(1 for depth in furthest if depth >= level) for level in (1, 2, 3)]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"steps": ("view",)}, "2 to 8 steps"),
        ({"steps": ("view", "message")}, "done by the shop"),
        ({"steps": ("view", "cart[moon=1]")}, "no dimension"),
        ({"steps": ("view", "cart[")}, "not a kind"),
        ({"window": "soon"}, "length of time"),
        ({"window": "0"}, "length of time"),
        ({"exclude": ("view",)}, "its own attempt"),
        ({"breakdown": "moon"}, "no dimension"),
    ],
)
def test_what_cannot_be_answered_is_refused(params, says):
    with pytest.raises(UsageError, match=says):
        FunnelParams(**params)


def test_the_headline_says_who_converted(ask):
    headline = ask(story("a", "v0 c1 p2"), story("b", "v0")).headline
    assert headline["converted"]["value"] == 0.5
    assert headline["converted"]["n"] == 2
    assert headline["median_seconds"]["value"] == 120


def test_an_empty_shop_has_an_empty_funnel(ask):
    assert ask().rows.num_rows == 0
    assert ask().plot() is not None
