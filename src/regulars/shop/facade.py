"""`Shop`: everything a person, a page or a program asks goes through here."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
from ibis import _

from regulars.core.errors import DamagedError, NotFoundError, NotLearnedError, RegularsError, UsageError
from regulars.core.files import sync_directory
from regulars.core.progress import SILENT, Progress
from regulars.core.records import (
    Check,
    CustomerPage,
    CustomerProfile,
    ImportSummary,
    Item,
    ModelCard,
    Slate,
    Status,
    Understood,
)
from regulars.core.schema import TABLES
from regulars.core.settings import FILE_NAME, Settings, ShopSettings, load_settings, save_settings
from regulars.core.versions import MODELS, current_version, touched, version_directory
from regulars.events import find_complete_journey, load_mapping, read_complete_journey
from regulars.events.vocabulary import BY_SHOP, KINDS
from regulars.insights import GROUPS, PROVINCES_ONLY, Sources, ask, describe, dimension_names, load_divisions
from regulars.shop.accountability import Accountability
from regulars.shop.alerts import Alerts
from regulars.shop.analyst import Analyst
from regulars.shop.answers import Answers
from regulars.shop.cohorts import Cohorts
from regulars.shop.doctor import examine
from regulars.shop.formats import format_name
from regulars.shop.imports import Importer, fingerprint
from regulars.shop.keyring import Keyring
from regulars.shop.learning import learn_shop
from regulars.shop.live import Live
from regulars.shop.names import Names
from regulars.shop.people import People
from regulars.shop.permissions import Permissions
from regulars.shop.removing import ERASED, FORGOTTEN, erasers
from regulars.shop.rights import Rights
from regulars.shop.sharing import Sharing
from regulars.store import Store
from regulars.store.cohorts import SavedCohorts
from regulars.store.engine import microseconds
from regulars.store.master_key import load_or_create
from regulars.store.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import ibis.expr.types as ir

    from regulars.core.table import Table
    from regulars.recommend import Learned, Recommendations

LOOK_SECONDS = 1.0
LARGE = 50_000
"""Events from which a page would wait for its answers."""
DEMO = Settings(shop=ShopSettings(name="Complete Journey", time_zone="America/New_York", currency="USD"))


class Shop:
    """One shop: a directory with settings, tables and models.

    Made by `Shop.create` or `Shop.open`. Threads may share it. Answers are kept until the shop's state changes.
    """

    def __init__(self, directory: Path, settings: Settings, store: Store) -> None:
        self.directory = directory
        self.settings = settings
        self.store = store
        self.vault = Vault(directory, store.tenant)
        self.names = Names(store, self.vault)
        self.permissions = Permissions(self.vault, self.names, settings.privacy)
        self.saved_cohorts = SavedCohorts(self.vault.state)
        self.erasers = [*erasers(directory), lambda subjects, _: self.saved_cohorts.erase(subjects)]
        self._answers = Answers()
        self._fresh: tuple[float, Recommendations] | None = None
        self._warm = False

    @classmethod
    def create(cls, directory: Path | str, settings: Settings | None = None) -> Shop:
        """Make a shop in `directory`, which must be empty or absent.

        Raises
        ------
        UsageError
            There is something already.
        """
        directory = Path(directory)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise UsageError("exists and is not empty", where=str(directory), fix="Choose a new directory.")
        directory.mkdir(parents=True, exist_ok=True)
        settings = settings or Settings()
        Store.create(directory, settings.data.buckets).close()
        _ = load_or_create(directory)
        # The settings come last: a directory with them is a whole shop.
        save_settings(directory, settings)
        sync_directory(directory.absolute().parent)
        return cls.open(directory)

    @classmethod
    def open(cls, directory: Path | str) -> Shop:
        """Open the shop in `directory`.

        Raises
        ------
        NotFoundError
            There is none.
        SettingsError
            Its `regulars.toml` cannot be used.
        """
        directory = Path(directory)
        settings = load_settings(directory)
        return cls(directory, settings, Store.open(directory))

    def close(self) -> None:
        """Let go of files and memory."""
        self.vault.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def import_files(
        self,
        paths: Sequence[Path | str],
        *,
        table: str | None = None,
        format: str | None = None,  # noqa: A002 - the word users know
        mapping: Path | str | None = None,
        progress: Progress = SILENT,
    ) -> ImportSummary:
        """Take files in: good rows are added, bad ones set aside with their reason, known ones are duplicates.

        Parameters
        ----------
        paths
            Files, or folders of files.
        table
            `events` (default), `items` or `customers`; a mapping file may say.
        format
            csv, jsonl, parquet, sequences or ratings; guessed when None.
        mapping
            A TOML file that says which column is which.
        progress
            Where to report.
        """
        found = [Path(path) for path in paths]
        if not found:
            raise UsageError("there is no file to import", where="paths")
        for path in found:
            if not path.exists():
                raise NotFoundError("there is no such file", where=str(path))
        columns = load_mapping(Path(mapping)) if mapping else None
        table = table or (columns.table if columns else None) or "events"
        if table not in TABLES:
            raise UsageError(f"there is no table '{table}'", where="table", fix=f"One of {', '.join(TABLES)}.")
        self._fresh = None
        self._answers.wrote()
        return Importer(self.directory, self.store, self.vault, self.settings).take(
            found,
            table=table,
            format=format_name(format),
            mapping=columns,
            now=datetime.now(UTC),
            progress=progress,
        )

    @classmethod
    def demo(cls, directory: Path | str, progress: Progress = SILENT) -> Shop:
        """Open the demo shop in `directory`, made from a real grocer's year if it is not there yet; learn from it."""
        directory = Path(directory)
        data = find_complete_journey()
        shop = cls.open(directory) if (directory / FILE_NAME).exists() else cls.create(directory, DEMO)
        importer = Importer(directory, shop.store, shop.vault, shop.settings)
        mark = fingerprint([data / "transactions.parquet", data / "products.parquet"], b"complete-journey-1")
        if importer.recall(mark) is None:
            _ = importer.take_batches(read_complete_journey(shop.settings, progress), [str(data)], "events", mark)
        _ = shop.learn(progress=progress)
        return shop

    def learn(
        self,
        *,
        models: Sequence[str] | None = None,
        minutes: float | None = None,
        warm: bool = False,
        progress: Progress = SILENT,
    ) -> list[ModelCard]:
        """Learn from the events; nothing is computed when neither they nor the settings changed.

        Parameters
        ----------
        models
            Which, instead of `learn.models`.
        minutes
            Instead of `learn.minutes`.
        warm
            Go on from the version in use: seconds, where learning from the start takes minutes.
        progress
            Where to report.

        Returns
        -------
        cards
            One for each model and baseline, with its figures on held-out days.
        """
        learn_shop(self, models=models, minutes=minutes, warm=warm, progress=progress)
        self._fresh = None
        return self.models()

    def recommend(
        self,
        *,
        user: str | None = None,
        item: str | None = None,
        basket: Sequence[str] | None = None,
        visitor: str | None = None,
        n: int | None = None,
        follow: bool = True,
    ) -> Slate:
        """Return what to show to a customer, to a visitor, beside an item, or with a basket: exactly one of them.

        Somebody who does not allow personalisation gets what is popular with everyone, and the slate says so.

        Parameters
        ----------
        user
            The shop's own id of a customer.
        item
            An item.
        basket
            Items.
        visitor
            The id that a page gave a device, as sent with its events.
        n
            Items wanted.
        follow
            Whether a visitor who became known is that customer. A page can say of its visitor whatever it likes: what
            answers a page must not follow it to a customer's history.

        Raises
        ------
        UsageError
            Not exactly one of user, item and basket, or n out of 1…200.
        NotFoundError
            There is no such item.
        NotLearnedError
            Nothing has been learned.
        """
        if sum(given is not None for given in (user, item, basket, visitor)) != 1:
            raise UsageError("give exactly one of user, item, basket and visitor")
        n = self.settings.recommend.size if n is None else n
        if not 1 <= n <= 200:
            raise UsageError(f"{n} is not between 1 and 200", where="n")
        engine = self._engine()
        if user is not None or visitor is not None:
            if visitor is None:
                subject = self.names.subject(user or "", engine.interactions.user_index)
            else:
                subject = self.names.visitor(visitor) if follow else self.names.device(visitor)
            allowed = self.permissions.allows(subject, "personalisation")
            if visitor is not None and not follow:
                allowed = allowed and self.permissions.allows(self.names.visitor(visitor), "personalisation")
            slate = engine.for_customer(subject if allowed else "", n)
            return msgspec.structs.replace(slate, subject=user or visitor, personalised=allowed)
        return engine.for_item(item, n) if item is not None else engine.for_basket(list(basket or ()), n)

    def questions(self) -> dict[str, Any]:
        """Return every question with its title, description and parameters."""
        return describe()

    def question_groups(self) -> dict[str, str]:
        """Return group → its heading, in the order people read them."""
        return {str(group): title for group, title in GROUPS.items()}

    def dimensions(self) -> list[str]:
        """Return by what answers can be split."""
        return [*dimension_names(), *(f"cohort:{name}" for name in sorted(self.sources().cohorts))]

    def kinds(self) -> list[str]:
        """Return the kinds of event that customers cause."""
        return sorted(KINDS.keys() - BY_SHOP)

    def understand(self, text: str) -> Understood:
        """Return which question some plain words mean, English or Chinese, and with which parameters."""
        from regulars.shop.asking import surroundings, understand_for

        state = f"{self._allowed()} {self.store.version('items')}"
        around = self._answers.keep(
            "surroundings", state, lambda: surroundings(self), version=self._version_of_events()
        )
        return understand_for(self.settings.language, text, around)

    def insights(self, name: str, **params: Any) -> Table:
        """Answer a question.

        Raises
        ------
        NotFoundError
            There is no such question.
        UsageError
            A parameter cannot be used.
        """
        key = f"insights {name} {sorted((k, str(v)) for k, v in params.items())}"

        def answer() -> Table:
            snapshot = self.store.snapshot
            return ask(name, self.sources(), params, snapshot)

        return self._answers.keep(key, self._beside(), answer, version=self._version_of_events())

    def sources(self) -> Sources:
        """Return what questions are asked of: the events of those who allow analytics, items, customers."""

        def make() -> Sources:
            store = self.store
            customers = self.permissions.keep(store.table("customers"), "analytics")
            places = self.settings.places
            cohorts = self.cohorts.tables()
            sources = Sources(
                self.countable_events(),
                store.run,
                store.table("items"),
                customers,
                cohorts=cohorts,
                micros=microseconds,
                days=store.days(),
                stores=places.stores,
                divisions=load_divisions(self.directory / places.divisions) if places.divisions else PROVINCES_ONLY,
            )
            cohorts.look_at(sources)
            return sources

        return self._answers.keep("sources", f"{self._countable()} {self._tables_beside()}", make)

    def customers(
        self, search: str = "", segment: str = "", sort: str = "spend", limit: int = 50, offset: int = 0
    ) -> CustomerPage:
        """Return a page of customers; `sort` is a column, with a leading '-' the other way round."""
        people = self._people()
        return people.page(search, segment, sort, limit, offset) if people else CustomerPage(total=0, customers=[])

    def segments(self) -> dict[str, int]:
        """Return segment → number of customers."""
        people = self._people()
        return people.segments() if people else {}

    def customer(
        self, subject: str, events: int = 100, *, kinds: Sequence[str] = (), offset: int = 0
    ) -> CustomerProfile:
        """Return all that is known about one customer, with their newest events, `offset` of them left out.

        Raises
        ------
        NotFoundError
            There is no such customer.
        """
        people = self._people()
        if people is None:
            raise NotFoundError(f"there is no customer '{subject[:80]}'", fix="Import events first.")
        return people.profile(subject, events, kinds, offset)

    def items(self, search: str = "", limit: int = 20) -> list[Item]:
        """Return items whose id or title holds every word of `search`, best known first."""
        words = search.lower().split()
        found: list[Item] = []
        for text, item in self._searchable():
            if all(word in text for word in words):
                found.append(item)
                if len(found) == limit:
                    break
        return found

    def item(self, item: str) -> Item:
        """Return an item of the catalogue.

        Raises
        ------
        NotFoundError
            There is no such item.
        """
        found = self._items().get(item)
        if found is None:
            raise NotFoundError(f"there is no item '{item[:80]}'")
        return found

    def models(self) -> list[ModelCard]:
        """Return the cards of the models in use, the blend first; empty when nothing has been learned."""
        return list(self._learned().cards) if self._version() else []

    def learned(self) -> Learned | None:
        """Return the models in use and what they learned from; None when nothing has been learned."""
        return self._learned() if self._version() else None

    def status(self) -> Status:
        """Return what the shop holds now."""
        people = self._people()
        days = people.days() if people else None
        return Status(
            name=self.settings.shop.name, path=str(self.directory), snapshot=self.store.snapshot,
            events=self.store.rows("events"), customers=people.rows.num_rows if people else 0,
            items=self.store.rows("items"), first_day=days[0] if days else None, last_day=days[1] if days else None,
            models=self.models(),
        )  # fmt: skip

    def doctor(self) -> list[Check]:
        """Look at settings, tables, models and disk; change nothing."""
        return examine(self)

    def refresh(self) -> bool:
        """See what other processes imported or learned, and get the answers that pages ask for first ready.

        Returns
        -------
        changed
            True when something is new.
        """
        before = {key: self._answers.state_of(key) for key in ("learned", "people")}
        if self._version():
            self._fresh = (time.monotonic(), self._current_engine())
        _ = self._people()
        return any(self._answers.state_of(key) != made for key, made in before.items())

    def renew(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Get the answers ready that somebody looks at, and once those that a large shop's pages open with.

        `stop` is asked between two answers.
        """
        if not self._warm and self.store.rows("events") > LARGE:
            self._warm = True
            for name, about in self.questions().items():
                if about["costly"]:
                    continue
                if stop():
                    return
                with suppress(RegularsError):
                    _ = self.insights(name)
        _ = self._answers.renew(self._version_of_events(), stop, self._allowed)

    def _version(self) -> str:
        return current_version(self.directory / MODELS)

    def _learned(self) -> Learned:
        version = self._version()
        if not version:
            raise NotLearnedError("nothing has been learned yet", fix="Run `regulars learn DIR`.")
        # Loaded where they are used: the collector and its compactor start without the models' libraries.
        from regulars.recommend import load

        state = f"{version} {self._erased()}"
        try:
            return self._answers.keep("learned", state, partial(load, version_directory(self.directory, version)))
        except DamagedError:
            # An erasure may have put another version in its place while it was read.
            if self._version() == version:
                raise
            return self._learned()

    def _erased(self) -> int:
        """Return a number that changes when somebody is taken out of the models."""
        return touched(self.directory / MODELS / ERASED)

    def _engine(self) -> Recommendations:
        """Return what answers slates; what another process learned or imported is seen within `LOOK_SECONDS`."""
        now = time.monotonic()
        if self._fresh is None or now - self._fresh[0] > LOOK_SECONDS:
            self._fresh = (now, self._current_engine())
        return self._fresh[1]

    def _current_engine(self) -> Recommendations:
        learned, items = self._learned(), self._items()
        version = self._version()
        state = f"{version} {self._erased()} {self.store.version('items')}"
        from regulars.recommend import Recommendations

        return self._answers.keep(
            "engine", state, lambda: Recommendations(learned.blend, learned.interactions, items, version)
        )

    @property
    def rights(self) -> Rights:
        """What people can ask about their data."""
        return Rights(self)

    @property
    def sharing(self) -> Sharing:
        """What may leave the shop without naming anyone."""
        return Sharing(self)

    @property
    def analyst(self) -> Analyst:
        """Read-only SQL over what may be counted."""
        return Analyst(self)

    @property
    def accountability(self) -> Accountability:
        """What the shop can show about how it treats personal data."""
        return Accountability(self)

    @cached_property
    def cohorts(self) -> Cohorts:
        """Groups of customers that are saved under a name."""
        return Cohorts(self)

    @cached_property
    def alerts(self) -> Alerts:
        """What is unusual."""
        return Alerts(self)

    @cached_property
    def live(self) -> Live:
        """What is going on now."""
        return Live(self)

    @property
    def keyring(self) -> Keyring:
        """Who may send events and who may ask."""
        return Keyring(self.vault, self.settings.collect)

    def known_subjects(self) -> frozenset[str]:
        """Return the pseudonyms of everyone with an event that may be counted."""
        people = self._people()
        return people.subjects if people else frozenset()

    def _countable(self) -> str:
        """Return a name for the events that may be counted now."""
        return f"{self._version_of_events()} {self._allowed()}"

    def _version_of_events(self) -> str:
        return self.store.version("events")

    def _beside(self) -> str:
        """Return a name for all that answers depend on beside the events: it never lags."""
        return f"{self._allowed()} {self._tables_beside()}"

    def _allowed(self) -> str:
        """Return a name for whose events may be looked at: who allows it, and who was erased."""
        return f"{self.permissions.state('analytics')} {touched(self.directory / FORGOTTEN)}"

    def _tables_beside(self) -> str:
        return f"{self.store.version('items')} {self.store.version('customers')} {self.saved_cohorts.version()}"

    def countable_events(self) -> ir.Table:
        """Return the events of everyone who allows analytics."""
        return self.permissions.keep(self.store.table("events"), "analytics")

    def _items(self) -> dict[str, Item]:
        def read() -> dict[str, Item]:
            rows = self.store.run(self.store.table("items")).to_pylist()
            filled = [{k: v for k, v in row.items() if v is not None} for row in rows]
            return {item.item: item for item in msgspec.convert(filled, list[Item])}

        return self._answers.keep("items", self.store.version("items"), read)

    def _searchable(self) -> list[tuple[str, Item]]:
        def rank() -> list[tuple[str, Item]]:
            events = self.countable_events()
            counts = self.store.run(events.filter(_.item.notnull()).group_by("item").aggregate(n=_.count()))
            sold = dict(zip(counts.column("item").to_pylist(), counts.column("n").to_pylist(), strict=True))
            items = {name: Item(item=name, title=name) for name in sold} | self._items()
            order = sorted(items.values(), key=lambda item: (-sold.get(item.item, 0), item.item))
            return [(f"{item.item} {item.title} {item.brand} {item.category}".lower(), item) for item in order]

        return self._answers.keep("searchable", self.store.snapshot, rank)

    def _people(self) -> People | None:
        if self.store.days() is None:
            return None

        def look() -> People:
            _, last = self.store.days() or (None, date.min)
            return People(self.store, self.sources(), last, self.names)

        return self._answers.keep("people", self._beside(), look, version=self._version_of_events())
