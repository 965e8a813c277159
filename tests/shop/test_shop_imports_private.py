"""Files that are imported, and files that are handed out: nothing personal in clear, nothing that runs."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest

from regulars.core.export import cell
from regulars.core.settings import PrivacySettings, Settings
from regulars.privacy.personal import is_personal
from regulars.privacy.sealing import is_sealed
from regulars.shop import Shop
from regulars.shop.json_names import rows_naming
from regulars.shop.minors import refuse_for_minors

if TYPE_CHECKING:
    from collections.abc import Iterator

PERSONAL: dict[str, Any] = {
    "password": "hunter-two", "religion": "Quaker", "dob": "1/2/80", "nationality": "Norse", "qq": "qq-zed",
    "avatar": "port.jpg", "gps": "N5E7", "postcode": "SW1A", "密码": "hunter", "护照": "GX", "race": "r",
}  # fmt: skip
YOUNG = f"{datetime.now(UTC).year - 10}-01-02"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Shop.create(tmp_path / "shop", Settings(privacy=PrivacySettings(k=2))) as made:
        yield made


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / f"rows{len(list(folder.iterdir()))}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def event(**more: Any) -> dict[str, Any]:
    return {"user": "ann", "item": "tea", "time": "2024-03-01T09:12:00", "kind": "purchase"} | more


@pytest.mark.parametrize("name", list(PERSONAL))
def test_every_field_with_a_personal_name_is_sealed(shop: Shop, tmp_path: Path, name: str) -> None:
    inner = {"plan": "gold", name: PERSONAL[name], "deep": {"more": [{name: PERSONAL[name]}]}}
    shop.import_files([written(tmp_path, event(properties=inner), event(item="milk", properties={"plan": "b"}))])
    rows = shop.store.run(shop.store.table("events").order_by("item")).to_pylist()
    assert rows[0]["properties"] == '{"plan":"b"}'
    found = msgspec.json.decode(rows[1]["properties"])
    assert found["plan"] == "gold"
    assert is_sealed(found[name])
    assert is_sealed(found["deep"]["more"][0][name])
    assert shop.names.opened(rows[1]["subject"], found)[name] == PERSONAL[name]


@pytest.mark.parametrize("name", list(PERSONAL))
def test_attributes_with_a_personal_name_are_sealed(shop: Shop, tmp_path: Path, name: str) -> None:
    shop.import_files(
        [written(tmp_path, {"user": "ann", "attributes": {"plan": "gold", name: PERSONAL[name]}})], table="customers"
    )
    (row,) = shop.store.run(shop.store.table("customers")).to_pylist()
    found = msgspec.json.decode(row["attributes"])
    assert found["plan"] == "gold"
    assert is_sealed(found[name])


def test_texts_and_numbers_under_other_names_are_masked(shop: Shop, tmp_path: Path) -> None:
    said = {"note": "m%40x.org", "callback": 13900000002, "order_id": "202411240001234567", "m@x.org": 1}
    shop.import_files([written(tmp_path, event(properties=said))])
    (row,) = shop.store.run(shop.store.table("events")).to_pylist()
    assert msgspec.json.decode(row["properties"]) == {
        "note": "m***%40x.org", "callback": "139****0002", "order_id": "202411240001234567", "m***@x.org": 1,
    }  # fmt: skip


def test_names_are_told_from_texts_that_look_like_names() -> None:
    texts = [
        '{"plan":"\\"password\\":1"}', '{"p\\u0061ssword":1}', None, '{"a":["password"]}', '{"a":[[{"dob":1}]]}', "{}",
        '{"plan":"b"}',
    ]  # fmt: skip
    column = pa.chunked_array([pa.array(texts[:3], pa.string()), pa.array(texts[3:], pa.string())])
    assert rows_naming(column, is_personal).tolist() == [False, True, False, False, True, False, False]


def test_rows_that_are_set_aside_are_masked(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    long = "x " * 30 + "maria.bosch@example.org"
    path.write_text(f"user,item,time\na,tea,never maria.bosch@example.org 13912345678\nb,tea,{long}\n")
    found = shop.import_files([path])
    assert found.rejected == 2
    assert found.rejects_file is not None
    first, second = map(msgspec.json.decode, Path(found.rejects_file).read_bytes().splitlines())
    assert first["excerpt"] == "never m***@example.org 139****5678"
    assert "maria" not in second["excerpt"]


# --- Children


@pytest.mark.parametrize(
    ("mode", "purposes"),
    [
        ("no-personalisation", {"personalisation", "marketing"}),
        ("refuse", {"personalisation", "marketing", "analytics"}),
    ],
)
def test_children_in_a_file_of_customers_are_not_profiled(tmp_path: Path, mode: Any, purposes: set[str]) -> None:
    rows = [
        {"user": "kid", "attributes": {"birthday": YOUNG}},
        {"user": "teen", "attributes": {"age": 14}},
        {"user": "tot", "attributes": {"plan": "a", "Age": 3}},
        {"user": "ann"},
    ]
    with Shop.create(tmp_path / "shop", Settings(privacy=PrivacySettings(under_14=mode))) as shop:
        for _ in range(2):
            shop.import_files([written(tmp_path, *rows)], table="customers", format="jsonl")
        for child in ("kid", "tot"):
            history = shop.rights.consent_history(child)
            assert [(one.purpose, one.given, one.source) for one in history] == [
                (purpose, False, "under-14") for purpose in sorted(purposes)
            ]
            assert not shop.permissions.allows(shop.names.subject(child), "personalisation")
        assert shop.rights.consents("teen") == shop.rights.consents("ann") == []


def test_a_child_who_was_erased_is_not_written_down_again(shop: Shop) -> None:
    subject = shop.names.subject("kid")
    shop.vault.consents.suppress([shop.vault.pseudonyms.suppressed(subject)])
    refuse_for_minors(shop.vault, shop.settings, [(subject, {"birthday": YOUNG})])
    assert shop.vault.consents.history(subject) == []


# --- What spreadsheets open


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "＝1"])
def test_a_text_that_begins_like_a_formula_is_quoted(shop: Shop, tmp_path: Path, text: str) -> None:
    assert cell(text) == "'" + text
    assert [cell(value) for value in ("a=1", "", -1.5, None)] == ["a=1", "", -1.5, None]
    # Control characters are set aside on the way in.
    text = text if text.isprintable() else "=2"
    rows = [event(user=user, campaign=text, value=2.5) for user in ("a", "b", "c")]
    assert shop.import_files([written(tmp_path, *rows)]).added == 3
    shop.sharing.share(tmp_path / "out.csv", ["campaign"])
    shared = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    assert [row["campaign"] for row in shared] == ["'" + text]
    archive = zipfile.ZipFile(io.BytesIO(shop.rights.export("a")))
    (row,) = csv.DictReader(io.StringIO(archive.read("events.csv").decode()))
    assert row["campaign"] == "'" + text
    assert row["value"] == "2.5"
    assert row["customer"] == "a"
