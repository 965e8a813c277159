"""The demonstration shop: a real grocer's year."""

from __future__ import annotations

import importlib.util

import pyarrow as pa
import pytest

from regulars.core.compute import pc
from regulars.core.errors import NotFoundError
from regulars.core.schema import CUSTOMERS, EVENTS, ITEMS
from regulars.core.settings import Settings, ShopSettings
from regulars.events import find_complete_journey, read_complete_journey
from regulars.events.complete_journey_items import items_of, typical_prices


def test_typical_price_is_the_median_of_the_last_eight_weeks_it_sold():
    lines = pa.table({
        # Product 1 last sold in week 20: weeks 13 to 20 count, so 9.00 does not; 2 has a free and a returned line.
        "product_id": [1, 1, 1, 1, 2, 2, 2, 3],
        "week": [12, 13, 19, 20, 5, 5, 5, 1],
        "quantity": [1, 2, 1, 1, 1, 0, 1000, 1],
        "sales_value": [9.0, 2.0, 3.0, 2.0, 0.0, 4.0, 3.0, 0.0],
    })  # fmt: skip
    # 1: 2.00/2, 3.00, 2.00 → 2.00; 2: 3.00/1000, kept to four places; 3 and 4: never for money.
    assert typical_prices(pa.chunked_array([[1, 2, 3, 4]]), lines).to_pylist() == [2.0, None, None, None]


def test_titles_and_categories_are_readable():
    products = pa.table({
        "product_id": [1, 2], "manufacturer_id": [7, 8], "department": ["GROCERY", "MISC"],
        "brand": ["National", "Private"], "product_category": ["FRZN ICE", None],
        "product_type": ["ICE - CRUSHED/CUBED", None], "package_size": ["22 LB", None],
    })  # fmt: skip
    lines = pa.table({"product_id": [1], "week": [1], "quantity": [1], "sales_value": [2.5]})
    first, second = items_of(products, lines).to_pylist()
    assert first["title"] == "Ice - crushed/cubed, 22 LB"
    assert first["category"] == "Grocery > Frozen Ice > Ice - Crushed/Cubed"
    assert (first["brand"], first["price"]) == ("National (maker 7)", 2.5)
    assert (second["title"], second["category"]) == ("Product 2", "Misc")


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NotFoundError, match=r"regulars\[demo\]"):
        find_complete_journey()


@pytest.mark.demo
def test_the_whole_year():
    try:
        find_complete_journey()
    except NotFoundError as error:
        pytest.skip(str(error))
    settings = Settings(shop=ShopSettings(time_zone="America/New_York"))
    tables: dict[str, list[pa.Table]] = {"items": [], "customers": [], "events": []}
    for name, batch in read_complete_journey(settings):
        assert not batch.rejects
        tables[name].append(batch.rows)
    events, items, customers = (pa.concat_tables(tables[n]) for n in ("events", "items", "customers"))
    assert (events.schema, items.schema, customers.schema) == (EVENTS, ITEMS, CUSTOMERS)
    kinds = {row["values"]: row["counts"] for row in events["kind"].value_counts().to_pylist()}
    assert kinds == {"purchase": 1_469_307, "message": 6_589, "coupon": 2_102}
    assert pc.count_distinct(events["id"]).as_py() == events.num_rows
    assert (items.num_rows, customers.num_rows) == (92_331, 801)
    bought = events.filter(pc.equal(events["kind"], "purchase"))
    # 04:01 UTC on 1 January 2018 is still 2017 in New York.
    assert str(pc.min_max(bought["day"]).as_py()["max"]) == "2017-12-31"
    assert pc.all(pc.is_valid(items["title"])).as_py()
