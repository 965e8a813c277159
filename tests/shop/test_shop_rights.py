"""What people can ask for: seen, taken along, corrected, objected to, erased; and it holds everywhere at once."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from regulars.core.errors import NotFoundError, UsageError
from regulars.core.records import CustomerProfile
from regulars.core.rights import Consent, Receipt
from regulars.core.settings import PrivacySettings, Settings
from regulars.shop import Shop, removing
from regulars.store.compaction import Compactor
from regulars.store.progress import LogProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

PERSON = "c003"
PHONE, EMAIL = "13987654321", "maria.bosch@example.org"


@pytest.fixture
def own(shop_directory: Path, tmp_path: Path) -> Path:
    """Return a copy of the small shop that a test may change."""
    copied = tmp_path / "shop"
    shutil.copytree(shop_directory, copied)
    return copied


@pytest.fixture
def opened(own: Path) -> Iterator[Shop]:
    with Shop.open(own) as shop:
        yield shop


def texts_in(directory: Path) -> bytes:
    """Return every byte of every file, and every text of the compressed tables unpacked."""
    found = [path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()]
    for path in sorted(directory.rglob("*.parquet")):
        table = pq.read_table(path)
        columns = [c for c in table.column_names if str(table.schema.field(c).type) == "string"]
        found += ["\n".join(filter(None, table.column(c).to_pylist())).encode() for c in columns]
    return b"\n".join(found)


def test_ids_and_personal_fields_are_not_in_the_files_but_at_the_door(own: Path) -> None:
    with Shop.open(own) as shop:
        shop.rights.correct(PERSON, {"email": EMAIL, "phone": PHONE, "plan": "gold"})
        assert shop.customer(PERSON).attributes == {"email": EMAIL, "phone": PHONE, "plan": "gold"}
        assert shop.customers(search="c00").customers[0].subject.startswith("c00")
    everything = texts_in(own)
    assert EMAIL.encode() not in everything
    assert PHONE.encode() not in everything
    assert b'"c003"' not in everything


def _own(shop: Shop, who: str) -> CustomerProfile:
    """Return a customer's profile without what is compared with everyone else: fifths and chances."""
    return msgspec.structs.replace(shop.customer(who), chances=[], rfm="")


def test_erasing_leaves_no_byte_of_a_person_and_nobody_else_loses_anything(own: Path) -> None:
    with Shop.open(own) as shop:
        shop.rights.correct(PERSON, {"email": EMAIL, "phone": PHONE})
        shop.rights.set_consents(PERSON, {"marketing": True})
        pseudonym = shop.names.subject(PERSON)
        others = [c.subject for c in shop.customers(limit=200).customers if c.subject != PERSON]
        before = {who: (_own(shop, who), shop.recommend(user=who).items) for who in others[:20]}
        events, rows = shop.status().events, shop.customer(PERSON).history_total
    (own / "rejects").mkdir(exist_ok=True)
    line = {"file": "x.csv", "line": 3, "column": "item", "reason": "is empty", "excerpt": f"{PERSON},{EMAIL}"}
    (own / "rejects" / "import_1.jsonl").write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"excerpt": "z"}) + "\n"
    )
    assert pseudonym.encode() in texts_in(own)
    with Shop.open(own) as shop:
        request = shop.rights.erase(PERSON)
        assert request.status == "done"
        receipt = request.receipt
        assert receipt is not None
        assert shop.rights.verifies(receipt)
        changed = msgspec.structs.replace(receipt, removals=receipt.removals[1:])
        assert not shop.rights.verifies(changed)
        counts = {(one.where, one.what): one.count for one in receipt.removals}
        assert counts["tables/events", "events"] == rows
        assert counts["tables/customers", "profiles"] == 1
        assert counts["models", "customers in learned versions"] == 1
        assert counts["rejects", "rows that were set aside"] == 1
    everything = texts_in(own)
    for trace in (pseudonym, EMAIL, PHONE, '"c003"', "c003,"):
        assert trace.encode() not in everything, trace
    with Shop.open(own) as shop:
        with pytest.raises(NotFoundError):
            shop.customer(PERSON)
        assert shop.recommend(user=PERSON).fallback
        assert shop.status().events == events - rows
        assert shop.rights.consents(PERSON) == []
        for who, (profile, slate) in before.items():
            assert _own(shop, who) == profile
            # One of 120 customers counts no longer: scores move a little, and so may the end of a slate.
            now = {line.item for line in shop.recommend(user=who).items}
            assert len(now & {line.item for line in slate}) >= len(slate) - 3
        assert all(check.ok for check in shop.store.check())


def test_a_merged_customer_is_one_person_whichever_id_is_asked_with(own: Path, tmp_path: Path) -> None:
    """An alias made two accounts one: erasing either takes both, and the devices of both."""
    with Shop.open(own) as shop:
        first, second = shop.names.subject("c010"), shop.names.subject("c011")
        device = shop.names.device("phone")
        links = {first: (second, True), device: (first, True)}
        shop.store.manifest.note_progress(LogProgress(links=links))
        assert shop.names.subject("c010") == second
        assert sorted(shop.names.all_of(second)) == sorted([first, second, device])
        shop.rights.set_consents("c010", {"personalisation": False})
        time.sleep(0.6)
        assert not any(shop.permissions.allows(name, "personalisation") for name in (first, second, device))
        lines = shop.customer("c011").history_total
        receipt = shop.rights.erase("c010").receipt
        assert receipt is not None
        assert receipt.removals[0].count > lines
        everything = texts_in(own)
        assert not any(name.encode() in everything for name in (first, second, device))


def test_an_erasure_that_meets_a_running_round_leaves_no_key_and_no_answer(own: Path) -> None:
    """Whatever was made between the request and its end is gone with the receipt."""
    with Shop.open(own) as shop:
        subject = shop.names.subject(PERSON)
        carried = removing.empty_log

        def meanwhile(log: Path, compactor: Compactor) -> None:
            shop.vault.keys.ensure({subject: PERSON})
            shop.vault.consents.record([consent(subject)])
            carried(log, compactor)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(removing, "empty_log", meanwhile)
            assert shop.rights.erase(PERSON).status == "done"
        assert shop.vault.keys.name(subject) is None
        assert shop.vault.consents.current(subject) == {}
        assert list((own / "requests").glob("*")) == []


def test_a_request_whose_task_is_only_being_written_waits(opened: Shop) -> None:
    """Another process may look between the two; one that never comes is told after a while."""
    compactor = Compactor(opened.store, opened.vault, opened.settings, opened.directory)
    request = opened.vault.requests.open("erase", "hash", datetime.now(UTC))
    assert removing.carry_out(opened, compactor, request) is None
    assert opened.rights.request(request.id).status == "open"
    old = opened.vault.requests.open("erase", "hash", datetime.now(UTC) - timedelta(minutes=2))
    assert removing.carry_out(opened, compactor, old) is None
    assert opened.rights.request(old.id).status == "failed"


def consent(subject: str) -> Consent:
    return Consent(subject=subject, purpose="service", given=True, time=datetime.now(UTC), source="page")


def test_rows_set_aside_of_other_people_stay(own: Path) -> None:
    """A short id is looked for as a word of an excerpt, not in line numbers or names of files."""
    (own / "rejects").mkdir(exist_ok=True)
    line = {"file": "c003.csv", "line": 7, "column": "item", "reason": "c003", "excerpt": "xc003y,77"}
    (own / "rejects" / "a.jsonl").write_text(
        json.dumps(line) + "\n" + json.dumps(line | {"excerpt": "a,c003,b"}) + "\n"
    )
    with Shop.open(own) as shop:
        shop.rights.erase(PERSON)
    (left,) = (own / "rejects" / "a.jsonl").read_text().splitlines()
    assert json.loads(left) == line


def test_what_a_crash_left_behind_is_cleared_with_an_erasure(own: Path) -> None:
    with Shop.open(own) as shop:
        subject = shop.names.subject(PERSON)
        path = next(p for p in (own / "tables" / "events").rglob("*.parquet") if subject in texts_of(p))
        orphan = path.with_name("part_orphan.parquet")
        shutil.copyfile(path, orphan)
        other = path.parent / "part_other.parquet"
        pq.write_table(pq.read_table(path).filter(pc.not_equal(pq.read_table(path)["subject"], subject)), other)
        dead = own / "tables" / "tmp" / "write_dead"
        dead.mkdir(parents=True)
        shutil.copyfile(path, dead / "x.parquet")
        shop.rights.erase(PERSON)
    assert not orphan.exists()
    assert not dead.exists()
    assert other.exists()


def texts_of(path: Path) -> set[str]:
    return set(pq.read_table(path)["subject"].to_pylist())


def test_an_erased_customer_does_not_come_back_with_the_next_import_unless_they_agree(own: Path) -> None:
    again = own.parent / "again.csv"
    again.write_text(
        "user,item,time,kind\nc003,i01,2024-03-01T10:00:00,purchase\nc004,i01,2024-03-01T10:00:00,purchase\n"
    )
    with Shop.open(own) as shop:
        shop.rights.erase(PERSON)
        assert shop.import_files([again]).added == 1
        shop.rights.set_consents(PERSON, {"analytics": True})
        again.write_text("user,item,time,kind\nc003,i02,2024-03-02T10:00:00,purchase\n")
        assert shop.import_files([again]).added == 1
        assert shop.customer(PERSON).history_total == 1


def test_the_archive_holds_everything_in_words_a_person_can_read(opened: Shop) -> None:
    opened.rights.correct(PERSON, {"email": EMAIL})
    opened.rights.set_consents(PERSON, {"service": True}, notice="2026-1")
    archive = zipfile.ZipFile(io.BytesIO(opened.rights.export(PERSON)))
    assert sorted(archive.namelist()) == ["README.txt", "consents.json", "events.csv", "profile.json"]
    assert json.loads(archive.read("profile.json")) == {"id": PERSON, "email": EMAIL}
    rows = list(csv.DictReader(io.StringIO(archive.read("events.csv").decode())))
    assert len(rows) == opened.customer(PERSON).history_total
    assert {row["customer"] for row in rows} == {PERSON}
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    consents = json.loads(archive.read("consents.json"))
    assert [(one["purpose"], one["given"], one["notice"]) for one in consents] == [("service", True, "2026-1")]
    with pytest.raises(NotFoundError):
        opened.rights.export("nobody")


def test_correcting_replaces_adds_and_deletes_single_fields(opened: Shop) -> None:
    opened.rights.correct(PERSON, {"email": "old@example.org", "city": "Köln", "plan": "basic"})
    assert opened.rights.correct(PERSON, {"email": EMAIL, "plan": None}) == {"email": EMAIL, "city": "Köln"}
    with pytest.raises(UsageError):
        opened.rights.correct(PERSON, {})


def test_a_birthday_that_makes_a_customer_a_child_refuses_for_them(opened: Shop) -> None:
    opened.rights.correct(PERSON, {"birthday": f"{datetime.now(UTC).year - 8}-01-02"})
    answers = {one.purpose: (one.given, one.source) for one in opened.rights.consents(PERSON)}
    assert answers == {"personalisation": (False, "under-14"), "marketing": (False, "under-14")}


def test_withdrawing_consent_stops_that_use_within_a_second_in_every_process(own: Path) -> None:
    with Shop.open(own) as shop:
        assert shop.recommend(user=PERSON).personalised
        customers = shop.status().customers
        command = [sys.executable, "-m", "regulars", "privacy", "consents", str(own), PERSON, "--json"]
        done = subprocess.run([*command, "--withdraw", "personalisation"], check=True, capture_output=True)
        assert json.loads(done.stdout)["consents"][0]["given"] is False
        time.sleep(1.0)
        slate = shop.recommend(user=PERSON)
        assert not slate.personalised
        assert [i.item for i in slate.items] == [i.item for i in shop.recommend(user="a stranger").items]
        assert shop.recommend(user="c004").personalised
        assert shop.status().customers == customers
        shop.rights.set_consents(PERSON, {"analytics": False})
        time.sleep(1.0)
        assert shop.status().customers == customers - 1
        with pytest.raises(NotFoundError):
            shop.customer(PERSON)
        assert [one.kind for one in shop.rights.requests()] == ["object", "object"]
        with pytest.raises(UsageError, match="no purpose"):
            shop.rights.set_consents(PERSON, {"world domination": True})


def test_models_do_not_learn_from_those_who_refuse(own: Path) -> None:
    with Shop.open(own) as shop:
        before = shop.models()[0]
        shop.rights.set_consents(PERSON, {"personalisation": False})
        time.sleep(0.6)
        after = shop.learn()[0]
        assert after.version != before.version
        assert after.customers == before.customers - 1


def test_where_agreement_is_asked_for_only_those_who_agreed_count(tmp_path: Path, purchases) -> None:
    purchases(tmp_path / "p.csv", customers=12, days=60)
    settings = Settings(privacy=PrivacySettings(analytics="if-agreed", personalisation="if-agreed"))
    with Shop.create(tmp_path / "shop", settings) as shop:
        shop.import_files([tmp_path / "p.csv"])
        assert shop.status().customers == 0
        shop.rights.set_consents("c001", {"analytics": True})
        time.sleep(0.6)
        assert [c.subject for c in shop.customers().customers] == ["c001"]


def test_an_analysts_export_has_no_group_under_k(opened: Shop, tmp_path: Path) -> None:
    report = opened.sharing.share(tmp_path / "out.csv", ["day", "item"], k=5)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))
    assert rows
    assert min(int(row["customers"]) for row in rows) >= 5
    assert sum(int(row["events"]) for row in rows) == report["events"]
    assert "subject" not in rows[0]
    with pytest.raises(UsageError, match="cannot group by 'subject'"):
        opened.sharing.share(tmp_path / "out.csv", ["subject"])


def test_a_public_count_is_noisy_and_its_budget_ends(opened: Shop) -> None:
    answer = opened.sharing.count(epsilon=5.0)
    assert abs(answer["count"] - opened.status().customers) <= 20
    assert answer["budget_left"] == pytest.approx(5.0)
    opened.sharing.count(epsilon=5.0)
    with pytest.raises(UsageError):
        opened.sharing.count(epsilon=0.5)


def test_the_commands_answer_in_json_and_a_receipt_can_be_checked(own: Path, tmp_path: Path) -> None:
    def run(*words: str) -> dict:
        done = subprocess.run(
            [sys.executable, "-m", "regulars", "privacy", *words, "--json"], capture_output=True, check=False
        )
        assert b"Traceback" not in done.stderr
        return json.loads(done.stdout)

    assert run("export", str(own), PERSON, "--out", str(tmp_path / "me.zip"))["bytes"] > 500
    assert run("correct", str(own), PERSON, "--set", f"email={EMAIL}")["profile"]["email"] == EMAIL
    request = run("erase", str(own), PERSON)
    assert msgspec.convert(request["receipt"], Receipt).kind == "erase"
    (tmp_path / "receipt.json").write_text(json.dumps(request))
    assert run("verify", str(own), str(tmp_path / "receipt.json")) == {"valid": True}
    request["receipt"]["removals"][0]["count"] += 1
    (tmp_path / "receipt.json").write_text(json.dumps(request))
    assert run("verify", str(own), str(tmp_path / "receipt.json")) == {"valid": False}
    assert [one["kind"] for one in run("requests", str(own))["requests"]] == ["erase", "correct", "export"]
