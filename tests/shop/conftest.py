"""Real public shops, imported once through the mapping files of the documentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from regulars.core.settings import Settings, ShopSettings
from regulars.shop import Shop

MAPPINGS = Path(__file__).resolve().parents[2] / "docs" / "mappings"
SETS = {
    "retail": (
        ("Europe/London", "GBP", "online_retail_2009_2010"),
        {"online-retail": ["online_retail.parquet"], "online-retail-items": ["online_retail.parquet"]},
    ),
    "olist": (
        ("America/Sao_Paulo", "BRL", "olist_8k"),
        {
            "olist-order-items": ["olist_order_items_dataset.csv.gz"],
            "olist-reviews": ["olist_order_reviews_dataset.csv.gz"],
            "olist-products": ["olist_products_dataset.csv"],
        },
    ),
    "taobao": (
        ("Asia/Shanghai", "CNY", "taobao_userbehavior_2h"),
        {"taobao-userbehavior": ["UserBehavior.csv.gz"], "taobao-items": ["UserBehavior.csv.gz"]},
    ),
    "jd": (
        ("Asia/Shanghai", "CNY", "jd_mkmsr_demo"),
        {"jd-mkmsr": ["train.csv.gz", "test_new_item.csv"]},
    ),
    "diginetica": (
        ("UTC", "EUR", "diginetica_sample"),
        {
            "diginetica-views": ["sample_train-item-views.csv"],
            "diginetica-purchases": ["train-purchases.csv"],
            "diginetica-items": ["product-categories.csv.gz"],
        },
    ),
}
NO_ARTICLES = ["POST", "DOT", "M", "D", "C2", "B", "S", "PADS", "BANK CHARGES", "AMAZONFEE"]
NO_SALES = ["TEST001", "TEST002", "ADJUST", "ADJUST2"]


class Imported:
    """An open shop and what its imports said, by the mapping's name."""

    def __init__(self, name, folder, data):
        (zone, currency, directory), imports = SETS[name]
        settings = Settings(shop=ShopSettings(name=name, time_zone=zone, currency=currency))
        self.shop = Shop.create(folder / name, settings)
        self.files = data / directory
        self.summaries = {
            mapping: self.shop.import_files([self.files / f for f in files], mapping=MAPPINGS / f"{mapping}.toml")
            for mapping, files in imports.items()
        }

    def ask(self, question, **params):
        return self.shop.insights(question, **params).rows.to_pandas()

    def events(self, *columns):
        return self.shop.store.run(self.shop.countable_events().select(*columns)).to_pandas()

    def items(self):
        return self.shop.store.run(self.shop.store.table("items")).to_pandas()


@pytest.fixture(scope="package")
def public_shops(data_directory, tmp_path_factory):
    """Import each set once, when a test first needs it."""

    class Shops(dict):
        def __missing__(self, name):
            self[name] = Imported(name, tmp_path_factory.mktemp("public"), data_directory)
            return self[name]

    opened = Shops()
    yield opened
    for one in opened.values():
        one.shop.close()


@pytest.fixture(scope="package")
def retail(data_directory):
    """Read Online Retail's lines that have a customer and are sales, fees or cancellations, with day and amount."""
    raw = pd.read_parquet(data_directory / "online_retail_2009_2010" / "online_retail.parquet")
    frame = raw[raw["Customer ID"].notna() & ~raw.StockCode.isin(NO_SALES)].copy()
    frame["day"] = pd.to_datetime(frame.InvoiceDate).dt.normalize()
    frame["who"] = frame["Customer ID"].astype(int).astype(str)
    frame["kind"] = np.select(
        [frame.StockCode.isin(NO_ARTICLES), frame.Invoice.str.startswith("C")], ["fee", "refund"], "purchase"
    )
    frame["amount"] = (frame.Quantity * frame.Price).abs()
    return raw, frame
