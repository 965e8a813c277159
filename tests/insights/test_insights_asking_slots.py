"""What a question says beside which question it is, as the parameters of each question are called."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.asking.fitting import fitted
from regulars.insights.asking.slots import read_slots

TODAY = date(2017, 12, 31)
VALUES = {"channel": ("store", "email", "search"), "category": ("Frozen Grocery", "Grocery"), "city": ("上海",)}
ITEMS = {"milk": "7", "牛奶": "7"}
KNOWN = [
    ("stickiness", "dau by channel", {"breakdown": "first_channel"}),
    ("stickiness", "按首次来源渠道看日活", {"breakdown": "first_channel"}),
    ("stickiness", "dau split by segment", {"breakdown": "segment"}),
    ("retention", "weekly retention, follow for 26 weeks", {"period": "week", "periods": "26"}),
    ("retention", "月留存，跟踪6个月", {"period": "month", "periods": "6"}),
    ("retention", "unbounded retention by country since june",
     {"variant": "unbounded", "breakdown": "first_country", "from": "2017-06-01"}),
    ("retention", "retention of email customers", {"where": "channel=email"}),
    ("days-active", "how regular over the last 60 days", {"window": "60"}),
    ("rfm", "segments of the last 180 days", {"show": "segments", "days": "180"}),
    ("time-to-return", "days until the second purchase", {"kinds": "purchase"}),
    ("time-to-return", "how long until they return, by segment", {}),
    ("orders", "revenue per week in grocery", {"period": "week", "where": "category=Grocery"}),
    ("orders", "revenue in frozen grocery", {"where": "category=Frozen Grocery"}),
    ("orders", "上海的订单数", {"where": "city=上海"}),
    ("orders", "orders on mobile from germany", {"where": "device=mobile,country=DE"}),
    ("orders", "orders of lost customers", {"where": "segment=lost"}),
    ("places", "revenue by city, top 10", {"level": "city", "top": "10"}),
    ("places", "how far from the store do they live", {"level": "distance"}),
    ("affinity", "what is bought together with milk", {"item": "7"}),
    ("affinity", "和牛奶一起买的商品", {"item": "7"}),
    ("affinity", "pairs of brands by support, top 50", {"by": "brand", "sort": "support", "limit": "50"}),
    ("products", "top 5 categories by revenue", {"by": "category", "limit": "5", "sort": "revenue"}),
    ("products", "销售额前5的品类", {"by": "category", "limit": "5", "sort": "revenue"}),
    ("price-response", "price elasticity by brand", {"by": "brand"}),
    ("influence", "does one household member make others buy within 7 days", {"ties": "households", "days": "7"}),
    ("sessions", "how long are visits", {"view": "duration"}),
    ("sessions", "session depth after a 60 minute pause", {"view": "depth", "timeout": "60"}),
    ("channels", "first touch by campaign, lookback 14 days", {"touch": "first", "by": "campaign", "lookback": "14"}),
    ("channels", "orders by channel and device", {"by": "channel", "across": "device"}),
    ("search", "top 30 searches without results", {"sort": "no_result", "limit": "30"}),
    ("search", "searches per month", {"period": "month", "by": "period"}),
    ("funnel", "from search to purchase within 1 day", {"steps": "search,purchase", "window": "1d"}),
    ("funnel", "加购之后两小时内结账、付款", {"steps": "cart,checkout,purchase", "window": "2h"}),
    ("funnel", "how many view, then buy, by device", {"steps": "view,purchase", "breakdown": "device"}),
    ("funnel", "how many buy", {}),
    ("paths", "what do they do after adding to the cart", {"start": "cart"}),
    ("paths", "most common paths before a purchase", {"view": "paths", "end": "purchase"}),
    ("paths", "加入购物车之后做什么", {"start": "cart"}),
    ("paths", "which category do they look at next", {"by": "category"}),
    ("trends", "views per day compared with last year", {"series": "view", "period": "day", "compare": "year"}),
    ("trends", "每天的浏览量同比", {"series": "view", "period": "day", "compare": "year"}),
    ("trends", "conversion rate from views to purchases", {"series": "view,purchase", "formula": "B / A"}),
    ("trends", "purchases per customer", {"series": "purchase", "measure": "events_per_customer"}),
    ("trends", "revenue, 4 week moving average", {"series": "purchase", "measure": "value", "smooth": "4"}),
    ("trends", "cumulative revenue by category",
     {"series": "purchase", "measure": "value", "cumulative": "true", "breakdown": "category"}),
    ("trends", "cumulative number of customers", {"cumulative": "true"}),
    ("trends", "purchases over 50 dollars", {"series": "purchase", "where": "value>50"}),
    ("trends", "50元以上的订单", {"series": "purchase", "where": "value>=50"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "params"), KNOWN)
def test_what_is_said_becomes_parameters(name: str, text: str, params: dict[str, str]):
    found, reading = fitted(name, read_slots(text, TODAY, VALUES, lambda words: ITEMS.get(words.strip())))
    assert found == params
    assert {value for _, value in reading} == {f"{param}={value}" for param, value in params.items()}
    assert all(words for words, _ in reading)


def test_what_the_question_has_no_parameter_for_is_left_out():
    slots = read_slots("revenue by brand in march, top 5", TODAY, {}, lambda _: None)
    assert fitted("lifecycle", slots)[0] == {"from": "2017-03-01", "to": "2017-03-31"}


def test_a_word_of_other_meaning_is_no_channel_unless_it_says_so():
    def where(text: str) -> str | None:
        return fitted("orders", read_slots(text, TODAY, VALUES, lambda _: None))[0].get("where")

    assert where("orders after a search near the store") is None
    assert where("orders that came via search") == "channel=search"


def test_a_product_that_nobody_sells_is_left_out():
    assert fitted("affinity", read_slots("what goes with unicorns", TODAY, VALUES, lambda _: None))[0] == {}
