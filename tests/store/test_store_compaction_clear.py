"""Nothing personal that a client sends reaches the tables in clear, wherever in a message it stands: known answers."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest
from tests.collect.logs import write_messages

from regulars.core.ids import content_id
from regulars.privacy.masks import mask_code, mask_structured
from regulars.privacy.masks.codes import CODE_HINT
from regulars.privacy.sealing import is_sealed
from regulars.shop import Shop
from regulars.shop.tending import compact
from regulars.store.compaction.masked import SUSPECT, suspicious
from regulars.store.compaction.rows import _ID_HINT, _changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
ID_CARD = "110101199003078515"
"""Its check digit is right; nobody's."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop") as made:
        yield made


def kept(shop: Shop, **message: Any) -> dict[str, Any]:
    """Return the row that one message becomes, its properties read."""
    whole = {"type": "track", "event": "Quote Requested", "userId": "anna-7", "messageId": "m"} | message
    write_messages(shop.directory, [whole | {"timestamp": NOW.isoformat()}], first=int(NOW.timestamp() * 1e6))
    assert compact(shop) is not None
    (row,) = shop.store.run(shop.store.table("events")).to_pylist()
    row["properties"] = msgspec.json.decode(row["properties"] or "{}")
    return row


def properties(shop: Shop, **said: Any) -> dict[str, Any]:
    return kept(shop, properties=said)["properties"]


def attributes(shop: Shop, **traits: Any) -> dict[str, Any]:
    kept(shop, type="identify", traits=traits)
    (row,) = shop.store.run(shop.store.table("customers")).to_pylist()
    return msgspec.json.decode(row["attributes"])


def on_disk(shop: Shop, text: str) -> list[str]:
    """Return the files of the store's own databases in which a text stands; Parquet is read by `kept`."""
    return [path.name for path in shop.directory.rglob("*.db*") if text.encode() in path.read_bytes()]


# --- Texts and numbers


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("https://s.example/x?email=m%40x.org&q=1", "https://s.example/x?email=m***%40x.org&q=1"),
        ("https://s.example/x?to=m%2540x.org", "https://s.example/x?to=m***%2540x.org"),
        ("https://s.example/x?tel=%2B8613900000002", "https://s.example/x?tel=139****0002"),
        ("https://s.example/100%25?a=%E8%8C%B6&n=12345", "https://s.example/100%25?a=%E8%8C%B6&n=12345"),
    ],
)
def test_an_address_of_mail_or_telephone_in_a_pages_address_is_masked(shop: Shop, address: str, masked: str) -> None:
    found = properties(shop, page_url=address, page_referrer=address)
    assert found == {"page_url": masked, "page_referrer": masked}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("01 23 45 67 89", "01*****789"),
        ("139\u20130000\u20130002", "139****0002"),
        ("139 -0000 -0002", "139****0002"),
        ("from 8.8.4.4", "from 8.8.4.0/24"),
        ("version 2.11.1 of 12.5", "version 2.11.1 of 12.5"),
    ],
)
def test_texts_are_masked_however_the_digits_are_parted(shop: Shop, text: str, masked: str) -> None:
    assert properties(shop, note=text) == {"note": masked}


def test_numbers_that_are_telephones_and_cards_are_masked_and_others_stay(shop: Shop) -> None:
    said = {
        "callback": 13900000002,
        "deep": {"list": [13900000003, {"paid": 4111111111111111}]},
        "as_float": 13900000004.0,
        "at": 1732440000000,
        "views": 13900000,
        "price": 12.5,
        "gift": True,
    }
    assert properties(shop, **said) == said | {
        "callback": "139****0002",
        "deep": {"list": ["139****0003", {"paid": "4111********1111"}]},
        "as_float": "139****0004",
    }


def test_codes_stay_except_for_what_is_surely_personal(shop: Shop) -> None:
    codes = {
        "order_id": "202411240001234567",
        "order_number": "13900000044",
        "key": 13900000004,
        "tracking_no": "6222021234567890128",
    }
    personal = {
        "member_code": "m4@example.org",
        "coupon": "for m4%40example.org",
        "voucher_code": "+86 13900000005",
        "orderId": ID_CARD,
        "invoice_number": int(ID_CARD),
    }
    assert properties(shop, **codes, **personal) == codes | {
        "member_code": "m***@example.org",
        "coupon": "for m***%40example.org",
        "voucher_code": "139****0005",
        "orderId": "110***********8515",
        "invoice_number": "110***********8515",
    }


def test_product_lines_are_looked_through(shop: Shop) -> None:
    lines = [
        {"product_id": "13900000001", "engraving": "call 13900000003 m3@example.org", "buyer": {"email": "e@x.org"}}
    ]
    (line,) = properties(shop, products=lines)["products"]
    assert line["product_id"] == "13900000001"
    assert line["engraving"] == "call 139****0003 m***@example.org"
    assert is_sealed(line["buyer"]["email"])


def test_names_of_fields_are_masked(shop: Shop) -> None:
    found = properties(shop, **{"m7@x.org": "yes", "13900000007": 1, "plan": {"call_13900000008": 2}})
    assert found == {"m***@x.org": "yes", "139****0007": 1, "plan": {"call_139****0008": 2}}


def test_a_personal_field_whose_name_is_masked_still_opens(shop: Shop) -> None:
    row = kept(shop, properties={"m7@x.org phone": "+4930123456"})
    assert list(row["properties"]) == ["m***@x.org phone"]
    assert shop.names.opened(row["subject"], row["properties"]) == {"m***@x.org phone": "+4930123456"}


# --- The sender's own ids


def test_a_property_that_repeats_who_it_is_holds_the_pseudonym(shop: Shop) -> None:
    message = {"user_id": "anna-7", "who": {"ids": ["anna-7", "other"]}, "device": 'dev"ice', "plan": "anna-7 plus"}
    row = kept(shop, anonymousId='dev"ice', properties=message)
    me = row["subject"]
    assert me == shop.names.subject("anna-7")
    assert row["properties"] == {"user_id": me, "who": {"ids": [me, "other"]}, "device": me, "plan": "anna-7 plus"}


def test_a_short_number_is_an_id_only_where_the_name_says_so(shop: Shop) -> None:
    row = kept(shop, userId=5, properties={"customer_id": 5, "userId": "5", "rating": 5, "size": "5"})
    me = shop.names.subject("5")
    assert row["properties"] == {"customer_id": me, "userId": me, "rating": 5, "size": "5"}


def test_traits_that_repeat_who_it_is_are_left_out(shop: Shop) -> None:
    found = attributes(shop, id="anna-7", distinct_id="anna-7", nested={"id": "anna-7", "n": 13900000011}, plan="gold")
    assert found == {"nested": {"n": "139****0011"}, "plan": "gold"}


def test_an_address_that_is_the_id_is_sealed_not_lost(shop: Shop) -> None:
    kept(
        shop, type="identify", userId="ada@shop.example", traits={"email": "ada@shop.example", "id": "ada@shop.example"}
    )
    (row,) = shop.store.run(shop.store.table("customers")).to_pylist()
    assert "ada@" not in row["attributes"]
    opened = shop.names.opened(row["subject"], msgspec.json.decode(row["attributes"]))
    assert opened == {"email": "ada@shop.example"}


def test_codes_among_traits_are_looked_at_and_mixed_objects_sealed_whole(shop: Shop) -> None:
    found = attributes(shop, customer_code="m10@example.org", firm={"plan": "gold", "email": "e@x.org"})
    assert found["customer_code"] == "m***@example.org"
    opened = shop.names.opened(shop.names.subject("anna-7"), found)
    assert opened["firm"] == {"plan": "gold", "email": "e@x.org"}


# --- Columns


def test_labels_are_masked_and_places_are_coarse(shop: Shop) -> None:
    campaign = {"name": "m6@example.org", "source": "tel 13900000006", "medium": "mail"}
    location = {
        "city": "m16@example.org", "region": "NRW", "country": "DE", "latitude": 51.123456, "longitude": -7.657,
    }  # fmt: skip
    row = kept(shop, context={"campaign": campaign, "location": location})
    names = ("campaign", "source", "channel", "city", "region", "country", "latitude", "longitude")
    assert {name: row[name] for name in names} == {
        "campaign": "m***@example.org",
        "source": "tel 139****0006",
        "channel": "mail",
        "city": "m***@example.org",
        "region": "NRW",
        "country": "DE",
        "latitude": 51.12,
        "longitude": -7.66,
    }


def test_ids_of_events_and_visits_that_are_personal_are_hashed_with_a_key(shop: Shop) -> None:
    row = kept(shop, messageId="m9@example.org", event="Called 13900000009", context={"sessionId": "m66@example.org"})
    blind = shop.vault.pseudonyms.blind
    assert row["id"] == blind("identifier", "m9@example.org") != content_id("m9@example.org")
    assert row["session"] == blind("identifier", "m66@example.org")
    assert row["kind"] == "called_139****0009"
    assert on_disk(shop, "m66@") == []


def test_a_device_that_names_its_visits_after_itself_is_not_kept(shop: Shop) -> None:
    row = kept(shop, userId=None, anonymousId="device-1", context={"sessionId": "device-1"})
    assert row["session"] == shop.vault.pseudonyms.blind("identifier", "device-1")


def test_the_same_event_sent_again_is_a_duplicate_whatever_its_id(shop: Shop) -> None:
    for _ in range(2):
        assert len(kept(shop, messageId="13900000009")["id"]) == 32


@pytest.mark.parametrize("item", ["13900000008", "6222021234567890128", "4006381333931"])
def test_products_whose_numbers_look_like_telephones_stay_apart(shop: Shop, item: str) -> None:
    assert kept(shop, event="Product Viewed", properties={"product_id": item})["item"] == item


def test_a_product_that_is_an_address_is_masked(shop: Shop) -> None:
    assert kept(shop, event="Product Viewed", properties={"product_id": "m@x.org"})["item"] == "m***@x.org"


@pytest.mark.parametrize(
    "plain",
    [
        "5f0c9a3e-2b1d-4c7e-9f3a-000000000012", "ajs-next-1732440000000-aa11", "order-13900000044", "m1",
        "2024-11-24T10:00:00Z-77", "p:ajs-next-00000012",
    ],
)  # fmt: skip
def test_ordinary_ids_stay(shop: Shop, plain: str) -> None:
    assert kept(shop, messageId=plain)["id"] == plain


@pytest.mark.parametrize(
    ("hint", "change"), [(_ID_HINT, mask_structured), (SUSPECT, mask_structured), (CODE_HINT, mask_code)]
)
def test_the_quick_look_misses_nothing_that_the_masks_change(hint: str, change: Callable[[str], str]) -> None:
    source = random.Random(5)
    parts = [
        "13900000002", "139-0000-0002", "139\u20130000\u20130002", "+86 13900000002", "m@x.org", "m%40x.org",
        "01 23 45 67 89", "4111111111111111", ID_CARD, "203.0.113.9", "8.8.4.4", "2001:db8::1",
        "DE89370400440532013000", "DE89 3704 0044", "(555) 234-5678", "0301234567", "１３９００００００２",
        "a", "Z9", "-", "_", "/", ".", ":", " ", "tel", "id-", "p:", "order", "#", "*", "7", "\u3000",
    ]  # fmt: skip
    texts = ["".join(source.choices(parts, k=source.randint(1, 4))) for _ in range(20_000)]
    changed = [text for text in texts if change(text) != text]
    assert len(changed) > 1_000
    looked_at: set[str] = set()
    _changed(pa.array(changed), hint, lambda text: looked_at.add(text) or text)
    assert [text for text in changed if text not in looked_at] == []
    if hint == SUSPECT:
        assert all(map(suspicious, changed))
