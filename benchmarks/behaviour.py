"""Claim: one trunk answers what, when and whether; what each head gives, and what it costs the others."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.progress import SILENT
from regulars.core.schema import CATEGORY_SEPARATOR
from regulars.core.settings import Settings
from regulars.events import find_complete_journey, load_mapping, read_files
from regulars.interests import from_events
from regulars.interests.interactions import DAY
from regulars.interests.neural.ablation import ablate
from regulars.interests.neural.behaviour import BehaviourConfig
from regulars.interests.splits import by_time

if TYPE_CHECKING:
    from regulars.interests.interactions import Interactions

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
HOUSEHOLDS, DAYS = 800, 150
CUTOFF = datetime(2017, 11, 13, 5, tzinfo=UTC)
"""A Monday's midnight in New York."""
JD_CUTOFF = datetime(2018, 3, 2, 4, tzinfo=UTC)
"""Noon of the second of three days in Shanghai."""


def grocer() -> Interactions:
    """Return the purchases of 800 households in the 150 days before the cutoff and the 28 after it."""
    folder = find_complete_journey()
    lines = pq.read_table(folder / "transactions.parquet").to_pandas()
    chosen = np.random.default_rng(7).permutation(np.unique(lines["household_id"]))[:HOUSEHOLDS]
    at = lines["transaction_timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64)
    cutoff = int(CUTOFF.timestamp())
    lines = lines[lines["household_id"].isin(chosen) & (at >= cutoff - DAYS * DAY) & (at < cutoff + 28 * DAY)]
    events = pa.table({
        "subject": pa.array(lines["household_id"].astype(str)), "item": pa.array(lines["product_id"].astype(str)),
        "time": pa.array(lines["transaction_timestamp"]).cast(pa.timestamp("s")).cast(pa.timestamp("s", tz="UTC")),
        "kind": pa.array(["purchase"] * len(lines)),
    })  # fmt: skip
    products = pq.read_table(folder / "products.parquet").to_pandas()
    products = products[products["product_id"].isin(lines["product_id"])]
    paths = [
        CATEGORY_SEPARATOR.join(str(step) for step in path if step)
        for path in zip(products["department"], products["product_category"], strict=True)
    ]
    items = pa.table({"item": pa.array(products["product_id"].astype(str)), "category": pa.array(paths)})
    return from_events(events, items=items)


def web_shop() -> Interactions | None:
    """Return three days of a web shop's views and purchases."""
    folder = DATA / "jd_mkmsr_demo"
    paths = [folder / "train.csv.gz", folder / "test_new_item.csv"]
    if not all(path.exists() for path in paths):
        print(f"absent: {folder}")
        return None
    mapping = load_mapping(Path(__file__).parents[1] / "docs" / "mappings" / "jd-mkmsr.toml")
    batches = read_files(
        paths, table="events", format=None, mapping=mapping, settings=Settings(), now=datetime.now(UTC),
        progress=SILENT, stand_ins=True,
    )  # fmt: skip
    rows = [batch.rows.select(["subject", "item", "time", "kind"]) for batch in batches if batch.rows.num_rows]
    return from_events(pa.concat_tables(rows))


def run() -> dict[str, Any]:
    found: dict[str, Any] = {}
    data, now = grocer(), int(CUTOFF.timestamp())
    config = BehaviourConfig(
        embedding_size=64, epochs=6, history_length=100, predicts=("time", "category"), utc_offset_minutes=-300
    )
    found["grocer"] = _shown("grocer", ablate(data, by_time(data, now, 28 * DAY), config=config))
    data, now = web_shop(), int(JD_CUTOFF.timestamp())
    if data is not None:
        config = BehaviourConfig(embedding_size=64, epochs=12, predicts=("purchase",), utc_offset_minutes=480)
        found["web shop"] = _shown("web shop", ablate(data, by_time(data, now, 3 * DAY), config=config, horizons=(1,)))
    return {"protocol": "global time split; known customers asked at the cutoff, repeats allowed", "sets": found}


def _shown(name: str, report: dict[str, Any]) -> dict[str, Any]:
    for part in ("items", "purchase", "category"):
        for model, row in report[part].items():
            print(name, part, model, _short(row), flush=True)
    for days, rows in report["returns"].items():
        for model, row in rows.items():
            print(name, "returns within", days, model, _short(row), flush=True)
    print(name, "CPU-seconds", _short(report["cost_cpu_seconds"]), report["dropped"], flush=True)
    return report


def _short(row: dict[str, Any]) -> str:
    return " ".join(f"{key} {np.round(value, 4)}" for key, value in row.items())
