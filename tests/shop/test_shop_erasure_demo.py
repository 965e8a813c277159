"""One customer of a real shop, erased: a search of every byte of it finds nothing, and nobody else loses anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pyarrow.parquet as pq
import pytest

from regulars.shop import Shop, compact
from regulars.shop.door import Door

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.core.records import CustomerSummary

PHONE, EMAIL = "13912345678", "very.special.person@example.org"
WHO = "1609"


def everything(directory: Path) -> bytes:
    """Return every byte of every file, and the texts of the compressed tables unpacked."""
    found = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    for path in directory.rglob("*.parquet"):
        table = pq.read_table(path)
        names = {"subject", "referrer", "properties", "attributes", "id", "session"} & set(table.column_names)
        found += ["\n".join(filter(None, table[name].unique().to_pylist())).encode() for name in names]
    return b"\n".join(found)


def collect(directory: Path, key: str, messages: list[dict[str, object]]) -> None:
    """Take messages in through the shop's own door."""
    done: list[object] = []
    door = Door(directory, lambda tokens, error: done.extend(error or token for token in tokens))
    door.open()
    info = door.check(key)
    assert info is not None
    body = json.dumps({"batch": messages}).encode()
    assert door.accept("batch", body, info, signal=False, address="203.0.113.7", token=1)
    door.close()
    assert done == [1]


@pytest.mark.demo
@pytest.mark.slow
def test_a_customer_of_a_grocer_is_gone_to_the_last_byte(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    with Shop.demo(directory) as shop:
        key = shop.vault.api_keys.create("write").secret
        said = {"email": EMAIL, "phone": PHONE, "plan": "gold"}
        messages: list[dict[str, object]] = [
            {"type": "identify", "userId": WHO, "anonymousId": "device-of-1609", "messageId": "a", "traits": said},
            {"type": "track", "event": "Products Searched", "userId": WHO, "messageId": "b",
             "properties": {"query": f"call me on {PHONE}", "email": EMAIL}},
            {"type": "track", "event": "Product Viewed", "userId": "1023", "messageId": "c",
             "properties": {"product_id": "826249", "referrer_id": WHO}},
        ]  # fmt: skip
        collect(directory, key, messages)
        _ = compact(shop)
        assert shop.customer(WHO).attributes["email"] == EMAIL
        traces = [shop.names.subject(WHO), shop.names.device("device-of-1609"), EMAIL, PHONE, f'"{WHO}"']
        found = everything(directory)
        assert [trace in found.decode("latin-1") for trace in traces] == [True, True, False, False, False]
        others = [c.subject for c in shop.customers(limit=60).customers if c.subject != WHO]
        before = {who: (shop.customer(who, events=50), shop.recommend(user=who).items) for who in others}
        customers = shop.status().customers
        request = shop.rights.erase(WHO)
        assert request.status == "done"
        assert request.receipt is not None
        assert shop.rights.verifies(request.receipt)
        counts = {(one.where, one.what): one.count for one in request.receipt.removals}
        assert counts["tables/events", "events"] > 3_000
        assert counts["tables/events", "mentions as the one who referred"] == 1
        assert counts["models", "events in learned versions"] > 3_000
    found = everything(directory)
    assert [trace for trace in traces if trace.encode() in found] == []
    with Shop.open(directory) as shop:
        assert shop.status().customers == customers - 1
        for who, (profile, slate) in before.items():
            now = shop.customer(who, events=50)
            assert (_rounded(now.summary), now.history, now.attributes) == (
                _rounded(profile.summary),
                profile.history,
                profile.attributes,
            )
            # Sums of money come in another order from other files: equal to the last digits.
            assert dict(now.top_categories) == pytest.approx(dict(profile.top_categories), abs=1e-9)
            # One of 2,469 customers counts no longer: scores move a little, and so may the end of a slate.
            shown = {line.item for line in shop.recommend(user=who).items}
            assert len(shown & {line.item for line in slate}) >= len(slate) - 3


def _rounded(summary: CustomerSummary) -> CustomerSummary:
    return msgspec.structs.replace(summary, spend=round(summary.spend, 6))
