"""Search: what was looked for, what had no result, what nothing followed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from regulars.insights.intervals import wilson
from regulars.insights.queries import Query, distance, merged, near, normalised, suggestions, written
from regulars.insights.search import SearchParams, search
from regulars.insights.sources import Sources

DAY = date(2024, 1, 1)


def at(subject, clock, kind="search", query=None, day=DAY, **properties):
    hours, minutes = map(int, clock.split(":"))
    time = datetime(day.year, day.month, day.day, hours, minutes, tzinfo=UTC)
    held = ({"query": query} if query is not None else {}) | properties
    more = {"time": time, "properties": json.dumps(held, ensure_ascii=False, separators=(",", ":")) if held else None}
    return (subject, day, kind, more | ({"item": "i"} if kind != "search" else {}))


def ask_search(events, run, **params):
    return search(Sources(events, run), SearchParams(**params))


def rows_of(events, run, **params):
    return {row["query"]: row for row in ask_search(events, run, **params).rows.to_pylist()}


def test_what_follows_belongs_to_the_search_before_it(events_of, run):
    """A finds tea; b's first words find nothing and the next do; c comes back too late; d's click was before."""
    events = events_of(
        at("a", "10:00", query="tea"),
        at("a", "10:05", "click"),
        at("b", "10:00", query="te"),
        at("b", "10:01", query="tea"),
        at("b", "10:02", "purchase"),
        at("c", "10:00", query="tea"),
        at("c", "10:31", "view"),
        at("d", "09:59", "click"),
        at("d", "10:00", query="tea"),
        at("e", "10:00", query="tea"),
        at("e", "10:30", "cart"),
        at("f", "10:00", "click"),
        at("f", "10:01", "message"),
    )
    answer = ask_search(events, run)
    rows = {row["query"]: row for row in answer.rows.to_pylist()}
    assert (rows["tea"]["searches"], rows["tea"]["left"]) == (5, 2)
    assert (rows["te"]["searches"], rows["te"]["left_share"]) == (1, 1.0)
    assert (rows["tea"]["left_share_low"], rows["tea"]["left_share_high"]) == wilson(2, 5)
    assert answer.headline["left"] | {"label": ""} == {
        "value": 0.5,
        "low": wilson(3, 6)[0],
        "high": wilson(3, 6)[1],
        "n": 6,
        "unit": "searches",
        "label": "",
        "format": "share",
    }
    assert rows_of(events, run, minutes=31)["tea"]["left"] == 1
    assert rows_of(events, run, actions=("purchase",))["tea"]["left"] == 4


def test_the_same_text_again_is_the_same_search_unless_another_came_between(events_of, run):
    events = events_of(
        at("a", "10:00", query="tea"),
        at("a", "10:01", query="tea"),
        at("a", "10:02", "click"),
        at("a", "10:03", query="tea"),
        at("a", "10:40", query="tea"),
        at("b", "10:00", query="tea"),
        at("b", "10:01", query="cake"),
        at("b", "10:02", query="tea"),
    )
    rows = rows_of(events, run)
    assert (rows["tea"]["searches"], rows["tea"]["left"]) == (4, 3)
    assert rows["cake"]["searches"] == 1


def test_results_are_counted_by_a_number_or_by_the_list(events_of, run):
    """Nothing known of d and e; a reload of f knows what the first event did not."""
    events = events_of(
        at("a", "10:00", query="tea", results=0),
        at("b", "10:00", query="tea", results_count="12"),
        at("c", "10:00", query="tea", products=[]),
        at("d", "10:00", query="tea"),
        at("e", "10:00", query="tea", results="many"),
        at("f", "10:00", query="tea"),
        at("f", "10:00", query="tea", products=["i1", "i2"]),
    )
    row = rows_of(events, run)["tea"]
    assert (row["searches"], row["known"], row["no_result"], row["no_result_share"]) == (6, 4, 2, 0.5)


def test_other_names_of_the_property_and_none(events_of, run):
    events = events_of(at("a", "10:00", search_term="tea"), at("b", "10:00", query="", q="tea"), at("c", "10:00"))
    answer = ask_search(events, run)
    assert answer.rows["query"].to_pylist() == ["tea"]
    assert answer.rows["searches"].to_pylist() == [2]
    assert answer.headline["searches"]["value"] == 3
    answer = ask_search(events_of(at("a", "10:00", term=501), at("b", "10:00", query=None, other="tea")), run)
    assert answer.rows["query"].to_pylist() == ["501"]


def test_case_width_spaces_and_escapes_do_not_matter_but_masks_stay(events_of, run):
    events = events_of(
        at("a", "10:00", query="Ｇｒｅｅｎ　tea"),
        at("b", "10:00", query=" green  TEA"),
        at("c", "10:00", query='5" pan'),
        at("d", "10:00", query="Call 138****5678"),
        at("e", "10:00", query="绿茶"),
        at("f", "10:00", query="sealed:1:AbC"),
    )
    rows = rows_of(events, run)
    assert set(rows) == {"green tea", '5" pan', "Call 138****5678", "绿茶", "sealed:1:AbC"}
    assert rows["green tea"]["searches"] == 2


def test_by_period_with_those_without_a_search(events_of, run):
    """Weeks from 1, 8 and 15 January; the second has none."""
    events = events_of(
        at("a", "10:00", query="tea", results=0),
        at("b", "10:00", query="cake"),
        at("b", "10:05", "click"),
        at("a", "10:00", query="tea", day=date(2024, 1, 16)),
        at("a", "10:00", "page", day=date(2024, 1, 21)),
    )
    answer = ask_search(events, run, by="period", period="week")
    rows = answer.rows.to_pylist()
    assert [row["period"] for row in rows] == [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15)]
    assert [row["searches"] for row in rows] == [2, 0, 1]
    assert [row["left_share"] for row in rows] == [0.5, None, 1.0]
    assert [row["no_result_share"] for row in rows] == [1.0, None, None]
    assert [row["complete"] for row in rows] == [True, True, True]
    assert answer.headline["searches"]["value"] == 3
    assert answer.plot() is not None


def test_what_comes_first_and_what_is_left_out(events_of, run):
    events = events_of(
        *[at(f"t{n}", "10:00", query="tea", results=3) for n in range(3)],
        *[at(f"t{n}", "10:01", "click") for n in range(3)],
        *[at(f"c{n}", "10:00", query="cake", results=0) for n in range(2)],
        at("s", "10:00", query="salt", results=3),
    )

    def order(**params):
        return ask_search(events, run, **params).rows["query"].to_pylist()

    assert order() == ["tea", "cake", "salt"]
    assert order(sort="no_result") == ["cake", "tea", "salt"]
    assert order(sort="left") == ["cake", "salt", "tea"]
    assert order(min_searches=2) == ["tea", "cake"]
    assert order(limit=1) == ["tea"]


def test_a_misspelt_search_is_told_what_is_found(events_of, run):
    found = [at(f"t{n}", "10:00", query="teapot") for n in range(8)]
    found += [at(f"t{n}", "10:01", "click") for n in range(8)]
    lost = [at(f"w{n}", "10:00", query="taepot") for n in range(8)]
    lost += [at(f"k{n}", "10:00", query="kettle") for n in range(8)]
    rows = rows_of(events_of(*found, *lost), run)
    assert {query: row["suggestion"] for query, row in rows.items()} == {
        "teapot": None,
        "taepot": "teapot",
        "kettle": None,
    }


def test_only_what_surely_is_found_more_often_is_suggested():
    lost, found = Query("tee", 20, 0, 0, 20), Query("tea", 100, 0, 0, 10)
    assert suggestions([lost], [found, lost]) == {"tee": "tea"}
    assert suggestions([found], [found, lost]) == {}
    assert suggestions([lost], [Query("tea", 100, 0, 0, 80), lost]) == {}
    assert suggestions([lost], [Query("tea", 4, 0, 0, 0), lost]) == {}
    assert suggestions([Query("138**** te", 20, 0, 0, 20)], [Query("138**** tea", 100, 0, 0, 1)]) == {}


@pytest.mark.parametrize(
    ("one", "two", "is_near"),
    [
        ("t shirt", "t-shirt", True),
        ("shrit", "shirt", True),
        ("shirts", "shirt", True),
        ("绿茶杯", "绿查杯", True),
        ("绿茶", "红茶", False),
        ("phone 12", "phone 13", False),
        ("phone 12", "phone12", True),
        ("cat", "cart", True),
        ("cat", "carts", False),
        ("chocolate", "choclatte", True),
        ("tea", "milk", False),
    ],
)
def test_when_two_texts_are_near(one, two, is_near):
    assert near(one, two) is near(two, one) is is_near


def test_distances_by_hand():
    assert distance("kitten", "sitting") == 3
    assert distance("ca", "ac") == 1
    assert distance("", "abc") == 3


def test_texts_as_stored_become_texts_as_written():
    assert written(r'"5\" pan"') == '5" pan'
    assert written(r'"\u7eff\u8336"') == "绿茶"
    assert written(r'"broken\x"') == r"broken\x"
    assert written("501") == "501"
    assert normalised("STRASSE ﬁt") == normalised("straße fit") == "strasse fit"
    assert merged([{"text": "A", "searches": 1, "known": 1, "no_result": 0, "left": 1}] * 2)[0].searches == 2


def test_no_activity_is_an_empty_answer(events_of, run):
    for by in ("query", "period"):
        answer = ask_search(events_of(), run, by=by)
        assert answer.rows.num_rows == 0
        assert answer.headline["searches"]["value"] == 0
        assert answer.plot() is not None
    answer = ask_search(events_of(at("a", "10:00", "view")), run)
    assert answer.rows.num_rows == 0
