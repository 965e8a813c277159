"""The compactor: reads the log, writes the tables, and says how far it came in the same transaction.

Whatever moment it is killed at, the next one starts from the last committed position and comes to the same rows: what
it does depends on the log, in order, and on what it had committed, not on time or on where a round ended.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from regulars.core.errors import BusyError, UsageError
from regulars.core.records import Reject
from regulars.events import wire
from regulars.privacy.masks import mask_excerpt
from regulars.privacy.personal import under_14
from regulars.store.compaction.agreements import Agreements
from regulars.store.compaction.identities import Identities
from regulars.store.compaction.maintenance import Maintenance
from regulars.store.compaction.outbox import Outbox
from regulars.store.compaction.protection import Protection
from regulars.store.compaction.recent_ids import RecentIds
from regulars.store.compaction.rows import Rows
from regulars.store.compaction.sessions import FORGET, Sessions
from regulars.store.compaction.tails import open_tail
from regulars.store.compaction.traits import Traits
from regulars.store.log.kafka import place_of
from regulars.store.parquet_files import FRESH, sort_by_subject
from regulars.store.progress import LogProgress
from regulars.store.rejects import RejectsWriter

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from pathlib import Path

    from regulars.core.settings import Settings
    from regulars.events.wire import WireEvent
    from regulars.store.compaction.tail import Chunk
    from regulars.store.log import Arrival
    from regulars.store.parquet_files import FileWriter
    from regulars.store.store import Store
    from regulars.store.vault import Vault

SECOND = 1_000_000
FROM_PAGE = "p:"
"""Before the id of an event that a page sent."""


class Cycle(NamedTuple):
    """What one round did."""

    messages: int = 0
    added: int = 0
    duplicates: int = 0
    refused: int = 0
    """Events of people who do not allow counting, or who were erased: not kept."""
    rejected: int = 0
    more: bool = False
    """There was more in the log than one round takes."""


class Kept(NamedTuple):
    """An event that may be kept."""

    event: WireEvent
    subject: str
    session: str
    referrer: str | None
    received: int


class Compactor:
    """Moves one shop's log into its tables; only the holder of the lease may make one.

    Parameters
    ----------
    store, vault, settings
        The shop's.
    directory
        The shop.
    """

    def __init__(self, store: Store, vault: Vault, settings: Settings, directory: Path) -> None:
        self._store = store
        self._vault = vault
        self._settings = settings
        self._directory = directory
        self._manifest = store.manifest
        self._tail = open_tail(directory / "log", self._manifest, place_of(directory, settings.collect))
        self._ids = RecentIds(self._manifest, store.root)
        self._sessions = Sessions(self._manifest.sessions(), int(settings.collect.session_minutes * 60 * SECOND))
        self._outbox = Outbox(directory / "log", vault)
        self._outbox.recover(self._manifest)
        self._agreements = Agreements(vault, settings.privacy)
        followers = (self._sessions.follow, self._agreements.follow)
        self._identities = Identities(vault.pseudonyms, self._manifest.links(), followers, self._agreements.gone)
        self._protection = Protection(vault)
        self._traits = Traits(self._manifest.traits())
        self.maintenance = Maintenance(store, settings)

    def cycle(self) -> Cycle:
        """Take one chunk of the log into the tables.

        Raises
        ------
        UsageError
            An import is writing to the tables: try again later.
        BusyError
            Another process holds one of the databases: try again with a new compactor.
        """
        with self._store.writing() as writer, _collector_paused():
            self._agreements.refresh()
            self._tail.clear_finished()
            chunk = self._tail.next_chunk()
            if not chunk.reads:
                return Cycle()
            try:
                return self._take(chunk, writer)
            except UsageError as error:
                # Half of this round is in memory: unlike one who found the writer busy, nobody may go on with that.
                raise BusyError(error.message, where=error.where, fix=error.fix) from error

    def drain(self) -> Cycle:
        """Take everything that is in the log now, and tidy the tables."""
        done = Cycle()
        while True:
            one = self.cycle()
            done = Cycle(*(a + b for a, b in zip(done[:-1], one[:-1], strict=True)), more=one.more)
            if not one.more:
                break
        with self._store.writing():
            self._tail.clear_finished()
        self._tidied(self.maintenance.run(force=True))
        return done

    def forget(self, subjects: Collection[str]) -> None:
        """Drop what is remembered of people who were taken out of the tables."""
        gone = set(subjects)
        self._traits.forget(gone)
        links = self._identities.links
        for anonymous in [a for a, (known, _) in links.items() if a in gone or known in gone]:
            del links[anonymous]
        self._sessions.forget(gone)

    def tidy(self) -> bool:
        """Merge what has gathered, if it is time; tell whether anything was done."""
        return self._tidied(self.maintenance.run())

    def _tidied(self, done: bool) -> bool:
        if done:
            self._ids.wrote(self.maintenance.entries)
            self._traits = Traits(self._manifest.traits())
            self._identities.links.clear()
            self._identities.links.update(self._manifest.links())
        return done

    def _take(self, chunk: Chunk, writer: FileWriter) -> Cycle:
        kept: list[Kept] = []
        messages = refused = 0
        newest = 0
        with RejectsWriter(self._directory, f"collect-{chunk.name}") as rejects:
            for arrival, body in chunk.reads:
                decoded = wire.decode(arrival.route, body, arrival.received, self._settings)
                messages += decoded.messages
                newest = max(newest, arrival.received)
                rejects.write(_reject(chunk.name, arrival, one) for one in decoded.rejects)
                for event in decoded.events:
                    one = self._one(event, arrival)
                    if one is None:
                        refused += 1
                    else:
                        kept.append(one)
        rows = self._protected(kept)
        done = Cycle(messages, refused=refused, rejected=rejects.count, more=chunk.more)
        return self._write(chunk, rows, done, newest, writer)

    def _one(self, event: WireEvent, arrival: Arrival) -> Kept | None:
        """Find out whose event it is and whether it may be kept; None: it may not."""
        subject = self._identities.subject(event, page=arrival.page)
        agreements = self._agreements
        if agreements.gone(subject):
            return None
        agreements.hear(event, subject, page=arrival.page, received=arrival.received)
        if event.traits and event.kind != "group":
            self._hear_age(event, subject)
        if not agreements.may_count(subject, signal=arrival.signal):
            return None
        visit = event.session and self._protection.session(event.session, event.user, event.anonymous)
        session = self._sessions.of(subject, event.time, visit, arrival.received)
        referrer = self._identities.referrer(event.referrer) if event.referrer else None
        if arrival.page:
            # Whoever reads a page's key could otherwise take the id of an order before the shop's server sends it.
            event.id = f"{FROM_PAGE}{event.id}"
        return Kept(event, subject, session, referrer, arrival.received)

    def _protected(self, kept: list[Kept]) -> Rows:
        """Seal and mask what is kept; the keys of everyone new are made in one transaction before."""
        names, self._identities.names = self._identities.names, {}
        new = {subject: name for subject, name in names.items() if not self._agreements.gone(subject)}
        for event, subject, *_ in kept:
            if subject not in new and (event.traits or self._protection.has_personal(event.properties)):
                new[subject] = ""
        self._vault.keys.ensure(new)
        rows = Rows(self._settings.shop.time_zone, self._protection.identifier)
        for event, subject, session, referrer, received in kept:
            if event.traits and event.kind != "group":
                said = self._protection.traits(subject, event.traits, event.user, event.anonymous)
                self._traits.hear(subject, said, event.time, received)
            properties = self._protection.properties(subject, event.properties, event.user, event.anonymous)
            rows.add(event, subject, session, referrer, properties)
        return rows

    def _hear_age(self, event: WireEvent, subject: str) -> None:
        if not under_14(event.traits or {}, datetime.fromtimestamp(event.time / 1e6, UTC).date()):
            return
        purposes = ["marketing", "personalisation"]
        purposes += ["analytics"] if self._settings.privacy.under_14 == "refuse" else []
        for purpose in purposes:
            self._agreements.note(subject, purpose, False, event.time, "under-14")

    def _write(
        self,
        chunk: Chunk,
        rows: Rows,
        cycle: Cycle,
        newest: int,
        writer: FileWriter,
    ) -> Cycle:
        links = self._identities.taken()
        self._outbox.write(chunk.positions, *self._agreements.taken())
        table = rows.table()
        with self._store.cursor() as cursor:
            duplicate = self._ids.duplicates(table, cursor)
        table = table.filter(pa.array(~duplicate)) if duplicate.any() else table
        progress = LogProgress(
            positions=chunk.positions,
            sessions=self._sessions.taken(),
            links=links,
            traits=self._traits.taken(),
            sessions_before=newest - FORGET,
        )
        if table.num_rows:
            writer.write("events", FRESH, sort_by_subject(table))
            writer.publish()
            self._manifest.commit(writer.entries, (), f"{table.num_rows} collected", progress)
            self._ids.wrote(writer.entries)
        else:
            self._manifest.note_progress(progress)
        self._tail.taken(chunk)
        self._sessions.forget_before(newest - FORGET)
        self._outbox.deliver()
        return cycle._replace(added=table.num_rows, duplicates=len(rows) - table.num_rows)


@contextmanager
def _collector_paused() -> Generator[None]:
    """Keep Python's garbage collector from walking over a hundred thousand living rows again and again.

    A third of a round's time; what a round leaves behind is freed by reference counts.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _reject(file: str, arrival: Arrival, one: wire.WireReject) -> Reject:
    return Reject(
        file=f"collected {arrival.route}, key {arrival.key}",
        line=one.index,
        column=one.column,
        reason=one.reason,
        excerpt=mask_excerpt(one.excerpt),
    )
