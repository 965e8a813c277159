"""Claim: on items that nobody chose yet, what is said of them beats popularity in their category."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from regulars.core.compute import pc
from regulars.core.errors import NotFoundError
from regulars.events import find_complete_journey
from regulars.events.complete_journey_items import items_of
from regulars.events.item_files import read_items
from regulars.interests import from_events
from regulars.interests.cold_split import ColdPlan
from regulars.interests.evaluate_cold import evaluate_cold

if TYPE_CHECKING:
    from regulars.interests import Interactions

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
MODELS = ("random", "newest", "popularity", "covisitation", "popularity-in-category", "text")
SECONDS = pa.timestamp("s", tz="UTC")


def run() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, read in READERS.items():
        try:
            interactions = read()
        except (OSError, NotFoundError) as error:
            print(f"absent: {error}")
            continue
        rows = evaluate_cold(interactions, MODELS, ColdPlan(customers=4000))
        found[name] = {"items": len(interactions.items), "customers": len(interactions.users), "models": rows}
        for row in rows:
            cold, mixed = row["cold"], row["mixed"]
            low, high = cold["ndcg@10_gain_interval"]
            print(
                f"{name:16s} {row['model']:22s} cold nDCG@10 {cold['ndcg@10']:.4f} gain {cold['ndcg@10_gain']:+.4f}"
                f" [{low:+.4f}, {high:+.4f}] HR@10 {cold['hr@10']:.4f} recall@20 {cold['recall@20']:.4f}"
                f" | mixed nDCG@10 {mixed['ndcg@10']:.4f} | fit {row['fit_seconds']:.1f} s",
                flush=True,
            )
    return {"protocol": "a random fifth of the items hidden with all their events", "sets": found}


def _movielens() -> Interactions:
    rows = _separated(DATA / "movielens_100k" / "ml-100k.inter.gz")
    events = _events(rows["user_id:token"], rows["item_id:token"], rows["timestamp:float"].cast(pa.int64()))
    return from_events(events, items=read_items(DATA / "movielens_100k" / "ml-100k.item"))


def _grocery() -> Interactions:
    folder = DATA / "amazon_grocery_timestamps"
    rows = _separated(folder / "train.csv.gz")
    return from_events(
        _events(rows["user_id"], rows["item_id"], rows["time"]), items=read_items(folder / "item_meta.csv.gz")
    )


def _online_retail() -> Interactions:
    rows = pq.read_table(DATA / "online_retail_2009_2010" / "online_retail.parquet")
    sold = pc.and_(pc.is_valid(rows["Customer ID"]), pc.greater(rows["Quantity"], 0))
    # Codes of other shapes are postage, samples and corrections.
    rows = rows.filter(pc.and_(sold, pc.match_substring_regex(rows["StockCode"], r"^\d{5}")))
    moments = pc.strptime(rows["InvoiceDate"], "%Y-%m-%d %H:%M:%S", "s").cast(pa.int64())
    events = _events(rows["Customer ID"].cast(pa.int64()), rows["StockCode"], moments)
    titled = rows.select(["StockCode", "Description"]).filter(pc.is_valid(rows["Description"]))
    latest = dict(zip(titled["StockCode"].to_pylist(), titled["Description"].to_pylist(), strict=True))
    return from_events(events, items=pa.table({"item": list(latest), "title": [t.strip() for t in latest.values()]}))


def _complete_journey() -> Interactions:
    folder = find_complete_journey()
    lines = pq.read_table(folder / "transactions.parquet")
    items = items_of(pq.read_table(folder / "products.parquet"), lines)
    moments = lines["transaction_timestamp"].cast(pa.timestamp("s")).cast(pa.int64())
    events = _events(lines["household_id"], lines["product_id"], moments)
    bought = pa.array(events["item"].unique())
    return from_events(events, items=items.filter(pc.is_in(items["item"], value_set=bought)))


def _separated(path: Path) -> pa.Table:
    return csv.read_csv(path, parse_options=csv.ParseOptions(delimiter="\t", quote_char=False))


def _events(subjects: pa.ChunkedArray, items: pa.ChunkedArray, seconds: pa.ChunkedArray) -> pa.Table:
    return pa.table(
        {"subject": subjects.cast(pa.string()), "item": items.cast(pa.string()), "time": seconds.cast(SECONDS)}
    )


READERS = {
    "movielens-100k": _movielens,
    "online-retail": _online_retail,
    "amazon-grocery": _grocery,
    "complete-journey": _complete_journey,
}
