"""Reviews: what is counted, with answers worked by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from math import comb
from typing import Any

import ibis
import pytest
from ibis.config import Config

from regulars.core.errors import UsageError
from regulars.core.schema import EVENTS, ITEMS
from regulars.insights.intervals import wilson
from regulars.insights.reviews import ReviewsParams, review_rows, reviews
from regulars.insights.reviews_complaints import Count, adjusted, at_least_as_many
from regulars.insights.reviews_scored import read_review
from regulars.insights.sources import Sources

GOOD, BAD, ELSEWHERE = "质量非常好，很喜欢", "质量太差了，失望", "Die Qualität ist sehr gut"
Rows = list[dict[str, Any]]


def review(day: str | date, item: str, text: str, stars: Any = None, **more: Any) -> tuple[Any, ...]:
    fields = {"review_body": text} | ({} if stars is None else {"rating": stars})
    return ("a", str(day), "review", {"item": item, "properties": json.dumps(fields)} | more)


@pytest.fixture
def ask(events_of: Any, items_of: Any, run: Any) -> Callable[..., Any]:
    def answer(*rows: tuple[Any, ...], **params: Any) -> Any:
        items = items_of(("tea", "Green tea", "Food"), ("milk", "Milk", "Food"), ("cup", "Cup", "Home"))
        return reviews(Sources(events_of(*rows), run, items), ReviewsParams(**params))

    return answer


@pytest.mark.parametrize(
    ("properties", "text", "stars"),
    [
        ('{"review_body": " 好 ", "rating": 4}', "好", 4.0),
        ('{"text": "ok", "stars": "5"}', "ok", 5.0),
        ('{"review_body": 3, "comment": "fine", "rating": 11}', "fine", None),
        ('{"rating": true}', "", None),
        ("[1]", "", None),
        ("{", "", None),
        (None, "", None),
    ],
)
def test_text_and_stars_of_an_event(properties: str | None, text: str, stars: float | None):
    assert read_review(properties) == (text, stars)


def test_periods_count_reviews_stars_and_the_share_that_is_negative(ask: Callable[..., Any]):
    table = ask(
        review("2024-01-03", "tea", GOOD, 5),
        review("2024-01-04", "tea", BAD, 2),
        review("2024-01-05", "cup", ELSEWHERE, 4),
        review("2024-02-01", "cup", GOOD),
        ("a", "2024-01-06", "review"),
        ("a", "2024-01-06", "purchase"),
    )
    first, second = table.rows.to_pylist()
    assert (first["period"], first["reviews"], first["judged"], first["negative"]) == (date(2024, 1, 1), 3, 2, 1)
    assert first["stars"] == pytest.approx(11 / 3)
    assert (first["share"], first["low"], first["high"]) == (0.5, *wilson(1, 2))
    assert (first["quality"], first["delivery"]) == (1.0, 0.0)
    assert (second["reviews"], second["stars"], second["negative"]) == (1, None, 0)
    assert table.headline["negative"]["value"] == pytest.approx(1 / 3)
    assert (table.headline["reviews"]["value"], table.headline["negative"]["n"]) == (4, 3)


def test_products_come_by_the_number_of_their_reviews(ask: Callable[..., Any]):
    rows = [review("2024-01-03", item, GOOD) for item in ("cup", "tea", "tea", "milk")]
    found = ask(*rows, show="products", top=2).rows.to_pylist()
    assert [(row["item"], row["title"], row["reviews"]) for row in found] == [
        ("tea", "Green tea", 2),
        ("cup", "Cup", 1),
    ]


def test_one_product_and_one_aspect_can_be_chosen(ask: Callable[..., Any]):
    rows = [
        review("2024-01-03", "tea", "质量非常好，但是物流太慢了"),
        review("2024-01-03", "tea", "质量非常好"),
        review("2024-01-03", "cup", "物流太慢了"),
    ]
    found = ask(*rows, item="tea", aspect="delivery").rows.to_pylist()
    assert [(row["reviews"], row["negative"]) for row in found] == [(1, 1)]
    found = ask(*rows, item="tea", aspect="quality").rows.to_pylist()
    assert [(row["reviews"], row["negative"]) for row in found] == [(2, 0)]


def test_aspects_have_a_row_each(ask: Callable[..., Any]):
    rows = [review("2024-01-03", "tea", "质量非常好，但是物流太慢了"), review("2024-01-03", "tea", "质量非常好")]
    found = {row["aspect"]: row for row in ask(*rows, show="aspects").rows.to_pylist()}
    assert {name: (row["reviews"], row["negative"]) for name, row in found.items()} == {
        "delivery": (1, 1),
        "quality": (2, 0),
    }


def test_a_breakdown_has_a_row_for_each_value(ask: Callable[..., Any]):
    rows = [review("2024-01-03", "tea", GOOD), review("2024-01-03", "cup", BAD), review("2024-01-04", "milk", GOOD)]
    found = ask(*rows, breakdown="category").rows.to_pylist()
    assert [(row["group"], row["reviews"], row["negative"]) for row in found] == [("Food", 2, 0), ("Home", 1, 1)]


def test_a_product_that_suddenly_displeases_raises_an_alert_and_its_neighbours_do_not(ask: Callable[..., Any]):
    start = date(2024, 1, 1)
    rows: list[Any] = []
    for day in range(90):
        for item in ("tea", "milk"):
            sudden = item == "tea" and day >= 80
            rows.append(review(start + timedelta(days=day), item, BAD if sudden or day % 10 == 0 else GOOD))
    table = ask(*rows, show="complaints", recent_days=10)
    tea, milk = table.rows.to_pylist()
    assert (tea["item"], tea["alert"], tea["reviews"], tea["negative"]) == ("tea", True, 10, 10)
    assert (tea["own_reviews"], tea["own_share"], tea["category_reviews"]) == (80, 0.1, 90)
    assert (milk["alert"], milk["negative"]) == (False, 1)
    assert table.headline["alerts"]["value"] == 1
    (alone,) = ask(*rows, show="complaints", recent_days=10, item="tea").rows.to_pylist()
    assert alone == tea


def test_a_product_as_bad_as_ever_or_as_its_category_raises_none(ask: Callable[..., Any]):
    old = [review("2024-01-01", "tea", BAD) for _ in range(20)] + [
        review("2024-01-01", "milk", GOOD) for _ in range(20)
    ]
    new = [review("2024-03-01", "tea", BAD) for _ in range(10)]
    assert not ask(*old, *new, show="complaints").rows.to_pylist()[0]["alert"]


def test_a_product_without_past_and_like_has_no_test(ask: Callable[..., Any]):
    (row,) = ask(review("2024-01-03", "cup", BAD), show="complaints").rows.to_pylist()
    assert (row["p"], row["q"], row["alert"]) == (None, None, None)


def test_the_exact_test_against_the_hypergeometric_distribution_by_hand():
    # 3 of 4 recent, 1 of 6 before: 4 negative of 10; P(at least 3 among the 4 recent).
    expected = (comb(4, 3) * comb(6, 1) + comb(4, 4)) / comb(10, 4)
    assert at_least_as_many(Count(3, 4), Count(1, 6)) == pytest.approx(expected)
    assert at_least_as_many(Count(0, 4), Count(1, 6)) == pytest.approx(1.0)
    assert at_least_as_many(Count(3, 4), Count(0, 0)) is None


def test_benjamini_and_hochberg_by_hand():
    assert adjusted([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert adjusted([]) == []


def test_no_reviews_and_no_events_give_empty_answers(ask: Callable[..., Any]):
    assert ask(("a", "2024-01-03")).rows.num_rows == 0
    assert ask().rows.num_rows == 0
    assert ask(("a", "2024-01-03"), show="complaints").headline["alerts"]["value"] == 0


def test_complaints_have_no_breakdown():
    with pytest.raises(UsageError, match="of products"):
        _ = ReviewsParams(show="complaints", breakdown="category")


def test_only_new_reviews_are_scored(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch):
    import regulars.insights.reviews_scored as module

    seen: list[str] = []
    score = module.score_texts
    monkeypatch.setattr(module, "score_texts", lambda texts: seen.extend(texts) or score(texts))
    rows = [review("2024-01-03", "tea", "面料舒服，只看一次")]
    _ = ask(*rows), ask(*rows), ask(*rows, show="products")
    assert seen == ["面料舒服，只看一次"]


def test_neither_text_nor_id_of_a_person_is_in_the_answer(ask: Callable[..., Any]):
    table = ask(review("2024-01-03", "tea", BAD), show="products")
    assert BAD not in json.dumps(table.to_json(), default=str, ensure_ascii=False)


def test_what_is_asked_of_the_tables_compiles_for_spark(monkeypatch: pytest.MonkeyPatch):
    class Options(Config):
        treat_nan_as_null: bool = False

    monkeypatch.setattr(ibis.options, "pyspark", Options())
    events, items = (
        ibis.table(ibis.Schema.from_pyarrow(schema), name=name)
        for schema, name in ((EVENTS, "events"), (ITEMS, "items"))
    )
    sources = Sources(events, lambda _expression: None, items)
    for params in (ReviewsParams(), ReviewsParams(item="tea", breakdown="brand")):
        rows = review_rows(sources, params, date(2024, 1, 1), date(2024, 2, 1))
        assert "`events`" in ibis.to_sql(rows, dialect="pyspark")
