"""The Complete Journey's catalogue: readable titles, category paths, typical prices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.core.schema import CATEGORY_SEPARATOR, ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable

PRICE_WEEKS = 8

_WORDS = {
    "BEERALEMALT": "BEER/ALE/MALT",
    "BKD": "BAKED",
    "BN": "BEANS",
    "BRKFST": "BREAKFAST",
    "BTL": "BOTTLE",
    "CHOCOCLATE": "CHOCOLATE",
    "CLEANG": "CLEANING",
    "CNTRL": "CENTRAL",
    "DNRS": "DINNERS",
    "DRNK": "DRINK",
    "DRSNG": "DRESSING",
    "FD": "FOOD",
    "FLVRD": "FLAVORED",
    "FRZ": "FROZEN",
    "FRZN": "FROZEN",
    "GDS": "GOODS",
    "GM": "GENERAL MERCHANDISE",
    "PCKGD": "PACKAGED",
    "PREM": "PREMIUM",
    "REFRGRATD": "REFRIGERATED",
    "SALD": "SALAD",
    "SFT": "SOFT",
    "SHERBTS": "SHERBETS",
    "SNDWCH": "SANDWICH",
    "SPLY": "SUPPLY",
    "SPRD": "SPREAD",
    "VEG": "VEGETABLE",
    "WHLSM": "WHOLESOME",
}
_WORD = re.compile(r"[A-Z]+")


def items_of(products: pa.Table, lines: pa.Table) -> pa.Table:
    """Return the catalogue, in the schema of `items`.

    Parameters
    ----------
    products
        The data set's product table.
    lines
        Its purchase lines: `product_id`, `week`, `quantity`, `sales_value`.
    """
    item = products.column("product_id").cast(pa.string())
    kind = pc.coalesce(products.column("product_type"), products.column("product_category"))
    title = pc.coalesce(_worded(kind, _sentence), pc.binary_join_element_wise("Product", item, " "))
    # Null elements are skipped: a product without a size keeps its title, one without a type its shorter path.
    title = pc.binary_join_element_wise(title, products.column("package_size"), ", ", null_handling="skip")
    levels = [_worded(products.column(c), str.title) for c in ("department", "product_category", "product_type")]
    maker = products.column("manufacturer_id").cast(pa.string())
    columns = {
        "item": item,
        "title": title,
        "category": pc.binary_join_element_wise(*levels, CATEGORY_SEPARATOR, null_handling="skip"),
        "brand": pc.binary_join_element_wise(products.column("brand"), " (maker ", maker, ")", ""),
        "price": typical_prices(products.column("product_id"), lines),
        "currency": pa.array(["USD"]).take(pa.array(np.zeros(products.num_rows, dtype=np.int64))),
    }
    return pa.table({f.name: columns.get(f.name, pa.nulls(products.num_rows, f.type)) for f in ITEMS}, schema=ITEMS)


def typical_prices(products: pa.ChunkedArray, lines: pa.Table) -> pa.Array:
    """Return the median unit price of each product over the last eight weeks up to its last sale.

    With an even number of lines it is the mean of the two in the middle. Lines without quantity or value (bottle
    returns, free goods) say nothing about the price; a product without others has none.
    """
    bought = lines.column("quantity").to_numpy() > 0
    bought &= lines.column("sales_value").to_numpy() > 0
    lines = lines.filter(pa.array(bought))
    place = pc.index_in(lines.column("product_id"), value_set=products.combine_chunks())
    product = pc.fill_null(place, -1).to_numpy()
    week = lines.column("week").to_numpy()
    price = lines.column("sales_value").to_numpy() / lines.column("quantity").to_numpy()
    last = np.full(len(products), np.iinfo(np.int64).min)
    known = product >= 0
    np.maximum.at(last, product[known], week[known])
    recent = known & (week > last[product] - PRICE_WEEKS)
    product, price = product[recent], price[recent]
    order = np.lexsort((price, product))
    product, price = product[order], price[order]
    found, start, count = np.unique(product, return_index=True, return_counts=True)
    prices = np.full(len(products), np.nan)
    prices[found] = (price[start + (count - 1) // 2] + price[start + count // 2]) / 2
    # Fuel is counted by the thousandth of a gallon: what that costs is not a price a person knows.
    prices = np.where(prices < 0.01, np.nan, np.round(prices, 2))
    return pa.array(prices, mask=np.isnan(prices))


def _worded(values: pa.ChunkedArray, write: Callable[[str], str]) -> pa.Array:
    """Spell abbreviations out and change the case, once for each distinct text."""
    encoded = values.combine_chunks().dictionary_encode()
    words = [write(_spelled(text)) for text in encoded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(encoded.indices)


def _spelled(text: str) -> str:
    text = _WORD.sub(lambda match: _WORDS.get(match[0], match[0]), text)
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].lower()
