"""What a person can ask a shop about their data: see it, take it along, correct it, object, have it erased."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import msgspec
import pyarrow as pa

from regulars.core.errors import BusyError, NotFoundError, UsageError
from regulars.core.export import cell
from regulars.core.ids import new_id
from regulars.core.rights import PURPOSES, Consent, Receipt, Removal, RightsKind, RightsRequest
from regulars.core.schema import CUSTOMERS, EVENTS
from regulars.privacy.personal import split
from regulars.privacy.receipts import public_key, sign, verify
from regulars.shop.leases import lease
from regulars.shop.minors import refuse_for_minors
from regulars.shop.removing import Task, carry_out, forget_for_good, leave_task
from regulars.store.compaction import Compactor
from regulars.store.compaction.protection import Protection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regulars.shop.facade import Shop

SECONDS = 60.0
README = """This archive holds everything the shop keeps about you.
profile.json   what the shop knows about you
events.csv     what you did, oldest first
consents.json  what you agreed to and refused, and when

本压缩包包含商店保存的关于您的全部数据。
profile.json   商店了解的您的资料
events.csv     您的行为记录，从旧到新
consents.json  您同意与拒绝的事项及时间
"""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """How much a shop holds about one person."""

    events: int
    profile: dict[str, Any]
    answers: int
    """Answers about consent, the earlier ones too."""
    erased: bool
    """They were erased and have not agreed to anything since."""


class Rights:
    """Requests about one shop's people, who are named by the shop's own ids.

    Parameters
    ----------
    shop
        The shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._vault = shop.vault

    def consents(self, user: str) -> list[Consent]:
        """Return the answers in force of a customer, one for each purpose they answered."""
        subject = self._subject(user)
        return [msgspec.structs.replace(one, subject=user) for one in self._vault.consents.current(subject).values()]

    def consent_history(self, user: str) -> list[Consent]:
        """Return every answer of a customer, oldest first."""
        return [msgspec.structs.replace(one, subject=user) for one in self._vault.consents.history(self._subject(user))]

    def set_consents(
        self, user: str, answers: Mapping[str, bool], *, source: str = "api", notice: str = ""
    ) -> list[Consent]:
        """Record answers; from now on, and within a second in every process, they hold.

        Raises
        ------
        UsageError
            A purpose does not exist.
        """
        unknown = sorted(set(answers) - set(PURPOSES))
        if unknown:
            raise UsageError(
                f"there is no purpose '{unknown[0][:40]}'", where="purpose", fix=f"One of {', '.join(PURPOSES)}."
            )
        if not answers:
            raise UsageError("give at least one purpose", where="purpose", fix=f"One of {', '.join(PURPOSES)}.")
        subject, now = self._subject(user), datetime.now(UTC)
        notice = notice or self._shop.settings.privacy.notice
        self._vault.keys.ensure({subject: user} if subject != user else {})
        current = self._vault.consents.current(subject)
        self._vault.consents.record(
            Consent(
                subject=subject,
                purpose=purpose,
                given=given,
                # The answer given now holds, whatever clock an earlier one was given by.
                time=max(now, current[purpose].time + timedelta(microseconds=1)) if purpose in current else now,
                source=source,
                notice=notice,
            )
            for purpose, given in answers.items()
        )
        if any(answers.values()):
            # Somebody who was erased and now agrees to something is a customer again.
            self._vault.consents.unsuppress(self._vault.pseudonyms.suppressed(subject))
        refused = [p for p in ("marketing", "personalisation", "analytics") if answers.get(p) is False]
        if refused:
            self._note("object", subject, [Removal(where="consents", what=p, count=1) for p in refused])
        return self.consents(user)

    def export(self, user: str) -> bytes:
        """Return everything the shop holds about a customer, as a ZIP archive that people can read.

        Raises
        ------
        NotFoundError
            The shop holds nothing about them.
        """
        subject = self._subject(user)
        everyone = self._shop.names.all_of(subject)
        events = self._rows("events", everyone)
        profile = self._profile(subject)
        history = self.consent_history(user)
        if not (events.num_rows or profile or history):
            raise NotFoundError(f"the shop holds nothing about '{user[:80]}'")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README)
            archive.writestr("profile.json", msgspec.json.format(msgspec.json.encode({"id": user, **profile})))
            archive.writestr("events.csv", self._events_csv(events, everyone, user))
            archive.writestr("consents.json", msgspec.json.format(msgspec.json.encode(history)))
        handed = Removal(where="tables/events", what="events handed over", count=events.num_rows)
        self._note("export", subject, [handed])
        return buffer.getvalue()

    def holding(self, user: str) -> Holding:
        """Return how much the shop holds about a customer: nothing of it is handed out, and nothing noted."""
        subject = self._subject(user)
        rows = self._shop.store.table("events")
        everyone = [ibis.literal(name) for name in self._shop.names.all_of(subject)]
        count = self._shop.store.run(rows.filter(rows.subject.isin(everyone)).count())
        return Holding(
            events=int(count.as_py()),
            profile=self._profile(subject),
            answers=len(self._vault.consents.history(subject)),
            erased=self._vault.pseudonyms.suppressed(subject) in self._vault.consents.suppressed(),
        )

    def correct(self, user: str, traits: Mapping[str, Any]) -> dict[str, Any]:
        """Put these traits in the place of what the shop knew; None deletes one. Return the profile.

        Raises
        ------
        UsageError
            There is nothing to correct.
        """
        if not traits:
            raise UsageError("give at least one field", where="traits")
        subject, vault = self._subject(user), self._vault
        vault.keys.ensure({subject: user} if subject != user else {})
        refuse_for_minors(vault, self._shop.settings, [(subject, traits)])
        sealed = Protection(vault).traits(subject, {k: v for k, v in traits.items() if v is not None})
        store = self._shop.store
        with store.writing(SECONDS):
            pass  # an import under way ends first, so that the row read next is the newest
        rows = self._rows("customers", [subject]).to_pylist()
        before = msgspec.json.decode(rows[0]["attributes"] or "{}") if rows else {}
        merged = {k: v for k, v in (before | sealed).items() if k not in traits or traits[k] is not None}
        created = rows[0]["created"] if rows else datetime.now(UTC)
        row = {"subject": subject, "created": created, "attributes": msgspec.json.encode(merged).decode()}
        _ = store.upsert("customers", pa.Table.from_pylist([row], schema=CUSTOMERS))
        self._note("correct", subject, [Removal(where="tables/customers", what=name, count=1) for name in traits])
        return self._profile(subject)

    def erase(self, user: str, wait: float = SECONDS) -> RightsRequest:
        """Erase a customer: unreadable at once, physically gone soon; the request returned says whether it is done.

        Their events that are still under way are dropped when they arrive, until they agree to something again.

        Parameters
        ----------
        user
            The shop's own id.
        wait
            Seconds to wait for the physical removal, which the server's own process carries out while it runs.
        """
        shop, vault = self._shop, self._vault
        subject = self._subject(user)
        everyone = shop.names.all_of(subject)
        texts = [user, *_texts(self._sealed_fields(subject))]
        request = vault.requests.open("erase", vault.pseudonyms.suppressed(subject), datetime.now(UTC))
        leave_task(shop, request, Task(everyone, texts))
        forget_for_good(shop, everyone)
        return self._finished(request, wait)

    def _finished(self, request: RightsRequest, wait: float) -> RightsRequest:
        """Carry a request out, or wait until whoever looks after the shop has."""
        shop, until = self._shop, time.monotonic() + wait
        while True:
            with lease(shop.directory) as mine:
                if mine:
                    # An import that is writing, or somebody who reads the databases, goes first.
                    with suppress(UsageError, BusyError):
                        compactor = Compactor(shop.store, shop.vault, shop.settings, shop.directory)
                        _ = carry_out(shop, compactor, request)
            request = self._vault.requests.get(request.id)
            if request.status != "open" or time.monotonic() > until:
                return request
            time.sleep(0.1)

    def requests(self, limit: int = 100) -> list[RightsRequest]:
        """Return the newest requests."""
        return self._vault.requests.list(limit)

    def request(self, request: str) -> RightsRequest:
        """Return one request, with its receipt when it is done."""
        return self._vault.requests.get(request)

    def verifies(self, receipt: Receipt) -> bool:
        """Tell whether a receipt is this shop's and unchanged."""
        return verify(receipt, self.public_key)

    @property
    def public_key(self) -> bytes:
        """What anyone can check the shop's receipts with: 32 bytes (Ed25519)."""
        return public_key(self._vault.master.derive(b"receipts"))

    def _subject(self, user: str) -> str:
        people = self._shop.known_subjects()
        return self._shop.names.person(user, people)

    def _note(self, kind: RightsKind, subject: str, changes: list[Removal]) -> None:
        """Keep a signed record of what was done at once."""
        now, subject_hash = datetime.now(UTC), self._vault.pseudonyms.suppressed(subject)
        request = self._vault.requests.open(kind, subject_hash, now)
        receipt = Receipt(
            id=new_id("rcp"), kind=kind, subject_hash=subject_hash, requested=now, finished=now, removals=changes
        )
        _ = self._vault.requests.finish(request.id, sign(receipt, self._vault.master.derive(b"receipts")))

    def _sealed_fields(self, subject: str) -> dict[str, Any]:
        """Return the personal fields of a profile: what may name its owner where it stands elsewhere."""
        _, personal = split(self._profile(subject))
        return personal

    def _rows(self, table: str, subjects: list[str]) -> pa.Table:
        rows = self._shop.store.table(table)
        return self._shop.store.run(rows.filter(rows.subject.isin([ibis.literal(subject) for subject in subjects])))

    def _profile(self, subject: str) -> dict[str, Any]:
        rows = self._rows("customers", [subject]).to_pylist()
        before = msgspec.json.decode(rows[0]["attributes"] or "{}") if rows else {}
        pending = self._shop.store.manifest.traits().get(subject)
        said = msgspec.json.decode(pending[1]) if pending else {}
        return self._shop.names.opened(subject, before | said)

    def _events_csv(self, events: pa.Table, everyone: list[str], user: str) -> str:
        names = [name for name in EVENTS.names if name not in {"day", "subject"}]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["customer", *names])
        for row in events.sort_by("time").to_pylist():
            row["time"] = row["time"].isoformat()
            row["properties"] = self._readable(row["properties"], everyone)
            row["referrer"] = None
            writer.writerow([cell(value) for value in (user, *(row[name] for name in names))])
        return text.getvalue()

    def _readable(self, properties: str | None, everyone: list[str]) -> str:
        if not properties:
            return ""
        opened = self._shop.names.opened(everyone[0], msgspec.json.decode(properties))
        return msgspec.json.encode(opened).decode()


def _texts(value: object) -> list[str]:
    """Return every text and number in a profile that could name a person: four characters or more."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    if isinstance(value, bool) or value is None:
        return []
    text = str(value)
    return [text] if len(text) >= 4 else []
