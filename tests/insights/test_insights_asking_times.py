"""Days and periods in plain words; today is Sunday 31 December 2017, or Wednesday 14 February 2018."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.insights.asking.numbers import number
from regulars.insights.asking.times import find_days, find_period

TODAY = date(2017, 12, 31)
KNOWN = {
    "in the last 60 days": ("2017-11-02", "2017-12-31"),
    "over the past two weeks": ("2017-12-18", "2017-12-31"),
    "past week": ("2017-12-25", "2017-12-31"),
    "yesterday": ("2017-12-30", "2017-12-30"),
    "last week": ("2017-12-18", "2017-12-24"),
    "this week": ("2017-12-25", "2017-12-31"),
    "last month": ("2017-11-01", "2017-11-30"),
    "last quarter": ("2017-07-01", "2017-09-30"),
    "last year": ("2016-01-01", "2016-12-31"),
    "this year": ("2017-01-01", "2017-12-31"),
    "year to date": ("2017-01-01", "2017-12-31"),
    "in march": ("2017-03-01", "2017-03-31"),
    "since october": ("2017-10-01", None),
    "after 2017-05-01": ("2017-05-02", None),
    "before june": (None, "2017-05-31"),
    "until 15 june": (None, "2017-06-15"),
    "between 1 nov and 15 dec 2017": ("2017-11-01", "2017-12-15"),
    "from november to february": ("2016-11-01", "2017-02-28"),
    "from 2017-03-01 to 2017-04-02": ("2017-03-01", "2017-04-02"),
    "on march 3rd": ("2017-03-03", "2017-03-03"),
    "in q3": ("2017-07-01", "2017-09-30"),
    "q1 2016": ("2016-01-01", "2016-03-31"),
    "the second half of 2016": ("2016-07-01", "2016-12-31"),
    "in 2016": ("2016-01-01", "2016-12-31"),
    "on 29 february": ("2016-02-29", "2016-02-29"),
    "最近30天": ("2017-12-02", "2017-12-31"),
    "过去两周": ("2017-12-18", "2017-12-31"),
    "近三个月": ("2017-10-03", "2017-12-31"),
    "昨天": ("2017-12-30", "2017-12-30"),
    "前天": ("2017-12-29", "2017-12-29"),
    "上周": ("2017-12-18", "2017-12-24"),
    "上个月": ("2017-11-01", "2017-11-30"),
    "上上个月": ("2017-10-01", "2017-10-31"),
    "上季度": ("2017-07-01", "2017-09-30"),
    "去年": ("2016-01-01", "2016-12-31"),
    "去年12月": ("2016-12-01", "2016-12-31"),
    "2017年三季度": ("2017-07-01", "2017-09-30"),
    "上半年": ("2017-01-01", "2017-06-30"),
    "三月": ("2017-03-01", "2017-03-31"),
    "10月以来": ("2017-10-01", None),
    "从6月开始": ("2017-06-01", None),
    "9月之前": (None, "2017-08-31"),
    "截至11月15日": (None, "2017-11-15"),
    "11月1日到12月15日": ("2017-11-01", "2017-12-15"),
    "从3月到5月": ("2017-03-01", "2017-05-31"),
    "2017年1月5号": ("2017-01-05", "2017-01-05"),
}


FORMS = (
    "since {}",
    "in {}",
    "from {} to {}",
    "until {}",
    "{}",
    "从{}到{}",
    "{}以来",
    "截至{}",
    "last {} days",
    "最近{}个月",
)
SAID = (
    r"[0-9]{1,6}(-[0-9]{1,3}(-[0-9]{1,3})?)?|[0-9]{1,5}年[0-9]{1,3}月([0-9]{1,3}日)?"
    r"|q[0-9]|[0-9]{1,3} may"
)


@pytest.mark.parametrize(("text", "days"), KNOWN.items())
def test_words_name_days(text: str, days: tuple[str | None, str | None]):
    found = find_days(f"how many orders {text}" if text.isascii() else f"{text}多少单", TODAY)
    assert found is not None
    assert tuple(day.isoformat() if day else None for day in found[1:3]) == days


@pytest.mark.parametrize(
    "text",
    [
        "which may be of use", "march on", "31 june", "2017-02-31", "top 10 products", "前5的品类", "一个月来几天",
        "13月", "2017年13月",
        "month 3 retention", "2000 customers and more", "last 9999 years", "第一次购买",
    ],
)  # fmt: skip
def test_words_that_name_no_days_are_left_alone(text: str):
    assert find_days(text, TODAY) is None


def test_a_month_that_has_not_begun_is_last_years():
    found = find_days("in november", date(2018, 2, 14))
    assert found is not None
    assert (found.first, found.last) == (date(2017, 11, 1), date(2017, 11, 30))
    found = find_days("in february", date(2018, 2, 14))
    assert found is not None
    assert found.first == date(2018, 2, 1)


def test_rolling_days_are_counted():
    found = find_days("the last 6 weeks", TODAY)
    assert found is not None
    assert (found.words, found.rolling) == ("last 6 weeks", 42)
    found = find_days("last month", TODAY)
    assert found is not None
    assert found.rolling is None


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("revenue per day", "day"), ("weekly revenue", "week"), ("month by month", "month"), ("每天的订单", "day"),
        ("按周", "week"), ("每个月", "month"), ("周留存率", "week"), ("隔每", None), ("monday", None),
    ],
)  # fmt: skip
def test_words_name_a_period(text: str, period: str | None):
    found = find_period(text)
    assert (found[1] if found else None) == period


@pytest.mark.parametrize(
    ("text", "value"),
    [("30", 30), ("two", 2), ("三", 3), ("十", 10), ("十二", 12), ("三十", 30), ("九十五", 95), ("一百二十", 120)],
)
def test_numbers_are_read(text: str, value: int):
    assert number(text) == value


@given(st.sampled_from(FORMS), st.from_regex(SAID, fullmatch=True), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_wrong_days_never_crash(form: str, said: str, today: date):
    found = find_days(form.replace("{}", said), today)
    if found is not None and found.first and found.last:
        assert found.first <= found.last


@given(st.text(max_size=80), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_no_text_crashes_it(text: str, today: date):
    _ = find_days(text.casefold(), today)
