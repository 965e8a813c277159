"""A shop's settings: one typed record, written as a commented `regulars.toml`, read back the same.

Every field carries its own explanation; the file, the Settings page and the documentation print it from here.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from regulars.core.alerts import SERIES, Series
from regulars.core.errors import NotFoundError, SettingsError
from regulars.core.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "regulars.toml"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every section: a field that does not exist is an error, not a silence."""


class ShopSettings(_Section, frozen=True, kw_only=True):
    """Who the shop is."""

    name: Annotated[str, Meta(description="Shown at the top of the dashboard.")] = "My shop"
    time_zone: Annotated[
        str,
        Meta(
            description="IANA time zone: where one day ends and the next begins, and how times without a zone are read."
        ),
    ] = "UTC"
    currency: Annotated[
        str, Meta(description="ISO 4217 code of values that come without one.", pattern="^[A-Z]{3}$")
    ] = "USD"


class DataSettings(_Section, frozen=True, kw_only=True):
    """What is taken in, and how it is kept."""

    earliest: Annotated[
        str,
        Meta(
            description="Events before this day (YYYY-MM-DD) are set aside as mistakes.",
            pattern=r"^\d{4}-\d\d-\d\d$",
        ),
    ] = "1990-01-01"
    max_future_hours: Annotated[
        float, Meta(description="Events later than now by more than this are set aside as mistakes.", ge=0)
    ] = 24.0
    max_field_bytes: Annotated[
        int, Meta(description="A field longer than this sets its row aside.", ge=64, le=16_777_216)
    ] = 32_768
    buckets: Annotated[
        int,
        Meta(
            description="Customers are spread over this many files, so that one customer can be erased by "
            "rewriting one of them. Fixed once the first event is stored.",
            ge=1,
            le=256,
        ),
    ] = 16


class LearnSettings(_Section, frozen=True, kw_only=True):
    """What is learned from the events."""

    models: Annotated[
        tuple[str, ...],
        Meta(description="Models to learn; 'blend' weighs the others. 'transformer', 'gru' and 'ease' may be added."),
    ] = ("popularity", "covisitation", "knn", "neighbours", "als", "repeat", "blend")
    kinds: Annotated[tuple[str, ...], Meta(description="Kinds of event that show an interest in an item.")] = (
        "purchase", "cart", "wish", "view", "click", "rate", "review",
    )  # fmt: skip
    holdout_days: Annotated[
        int, Meta(description="The blend learns its weights by predicting this many last days.", ge=1, le=365)
    ] = 28
    minutes: Annotated[
        float, Meta(description="Budget of each training of 'transformer' or 'gru'; 0: passes count.", ge=0)
    ] = 0.0
    seed: Annotated[
        int, Meta(description="Every random choice starts here: same events, same seed, same model.", ge=0)
    ] = 7


class RecommendSettings(_Section, frozen=True, kw_only=True):
    """What is shown."""

    repeat: Annotated[
        Literal["auto", "allow", "exclude"],
        Meta(
            description="What a customer already bought: 'allow' it again (groceries), 'exclude' it (books), "
            "or 'auto': allow when at least a tenth of the purchases of the last quarter were of an item the "
            "same customer had bought before.",
        ),
    ] = "auto"
    size: Annotated[int, Meta(description="Items in a slate when the caller does not say.", ge=1, le=200)] = 10


Basis = Literal["unless-refused", "if-agreed"]


class CollectSettings(_Section, frozen=True, kw_only=True):
    """How events are collected over the network."""

    origins: Annotated[
        tuple[str, ...],
        Meta(
            description="Web origins whose pages may send events and ask for recommendations with a public key, "
            "such as https://shop.example; '*' is every origin."
        ),
    ] = ("*",)
    rate: Annotated[
        float, Meta(description="Events a second that one key may send for long; a key can have its own.", gt=0)
    ] = 100_000.0
    burst: Annotated[int, Meta(description="Events that one key may send at once.", ge=1)] = 200_000
    pending_mb: Annotated[
        int,
        Meta(description="Most megabytes waiting for the disk; beyond that senders are told to wait.", ge=1, le=4096),
    ] = 32
    segment_mb: Annotated[int, Meta(description="A log file longer than this is closed.", ge=1, le=4096)] = 64
    segment_seconds: Annotated[float, Meta(description="A log file older than this is closed.", gt=0)] = 60.0
    compact_seconds: Annotated[
        float, Meta(description="Collected events are in the tables after about this time.", gt=0, le=3600)
    ] = 0.5
    session_minutes: Annotated[
        float, Meta(description="A pause longer than this begins a new session, unless the sender says.", gt=0)
    ] = 30.0
    stitch_days: Annotated[
        int,
        Meta(description="When an anonymous visitor is recognised, this many days of theirs are joined on.", ge=0),
    ] = 30
    sink: Annotated[
        Literal["log", "kafka"],
        Meta(description="Where events wait for the tables: this machine's disk ('log'), or 'kafka' (docs/kafka.md)."),
    ] = "log"
    kafka_servers: Annotated[tuple[str, ...], Meta(description="Kafka's brokers, such as 'kafka1:9092'.")] = ()
    kafka_topic: Annotated[
        str, Meta(description="This shop's topic in Kafka; it must exist.", pattern=r"^[A-Za-z0-9._-]{0,249}$")
    ] = ""
    kafka_properties: Annotated[
        str, Meta(description="File with more of Kafka's client's properties: passwords, certificates.")
    ] = ""
    kafka_seconds: Annotated[
        float, Meta(description="What Kafka has not acknowledged after this time is refused.", ge=0.5, le=300)
    ] = 10.0


class PrivacySettings(_Section, frozen=True, kw_only=True):
    """What personal data may be used for, and how long it is kept."""

    analytics: Annotated[
        Basis, Meta(description="Counting and understanding behaviour: 'unless-refused' or 'if-agreed'.")
    ] = "unless-refused"
    personalisation: Annotated[Basis, Meta(description="Recommending by a customer's own behaviour.")] = (
        "unless-refused"
    )
    marketing: Annotated[Basis, Meta(description="Writing to customers unasked.")] = "if-agreed"
    service: Annotated[Basis, Meta(description="Using a customer's data to answer them.")] = "unless-refused"
    honour_signals: Annotated[
        bool,
        Meta(
            description="Take a browser's Global Privacy Control or Do Not Track as a refusal, unless the customer "
            "answered explicitly."
        ),
    ] = True
    under_14: Annotated[
        Literal["refuse", "no-personalisation"],
        Meta(description="Customers known to be under 14: keep no events of theirs, or do not personalise."),
    ] = "no-personalisation"
    keep_days: Annotated[
        int,
        Meta(
            description="Events older than this are deleted; 0: none are. Laws ask for the shortest time that the "
            "purpose needs: set it once the history you import is in.",
            ge=0,
            le=36_500,
        ),
    ] = 0
    keep_days_by_kind: Annotated[
        dict[str, int], Meta(description="Days for single kinds of event, such as { page = 90, search = 180 }.")
    ] = {}
    notice: Annotated[str, Meta(description="Version of the privacy notice in force, noted with each consent.")] = "1"
    controller: Annotated[str, Meta(description="Who answers for the data: the company's name.")] = ""
    contact: Annotated[str, Meta(description="How to reach them about personal data.")] = ""
    k: Annotated[
        int, Meta(description="A group of fewer customers than this is not shown in an analyst's export.", ge=2)
    ] = 10
    epsilon_budget: Annotated[
        float, Meta(description="Differential privacy spent on public counts, at most, in a calendar month.", gt=0)
    ] = 10.0


class AlertSettings(_Section, frozen=True, kw_only=True):
    """What is watched hour by hour, and who is told (docs/live.md)."""

    enabled: Annotated[bool, Meta(description="Watch the shop's series while a server runs.")] = True
    series: Annotated[tuple[Series, ...], Meta(description="What is watched; all of them by default.")] = SERIES
    per_month: Annotated[
        float, Meta(description="False alarms of one series that may be raised in a month.", ge=0.05, le=30)
    ] = 1.0
    webhook_url: Annotated[
        str, Meta(description="Address that is told when an alert opens and closes; https, or this machine.")
    ] = ""
    webhook_secret: Annotated[
        str, Meta(description="Where the secret is that signs these messages: 'env:NAME' or 'file:PATH'.")
    ] = ""
    webhook_insecure: Annotated[bool, Meta(description="Allow http:// to other machines.")] = False
    webhook_tries: Annotated[
        int, Meta(description="Tries over about a day after which a message is given up.", ge=1, le=30)
    ] = 14


class StoreSettings(_Section, frozen=True, kw_only=True):
    """A store that people walk into."""

    name: Annotated[str, Meta(description="What it is called.")] = ""
    latitude: Annotated[float, Meta(description="Degrees north.", ge=-90, le=90)]
    longitude: Annotated[float, Meta(description="Degrees east.", ge=-180, le=180)]


class PlacesSettings(_Section, frozen=True, kw_only=True):
    """Where the shop is, and how places are named."""

    stores: Annotated[
        tuple[StoreSettings, ...],
        Meta(
            description="Stores that customers can walk into, to see how far away customers live, such as "
            '[{ name = "Centre", latitude = 52.52, longitude = 13.405 }].'
        ),
    ] = ()
    divisions: Annotated[
        str,
        Meta(
            description="Folder, seen from the shop's directory, with China's cities and counties: cities.csv (code, "
            "name, provinceCode, optionally pinyin) and areas.csv (code, name, cityCode, provinceCode), codes as in "
            "GB/T 2260. Without it only provinces and municipalities are known by all their names."
        ),
    ] = ""


class LanguageSettings(_Section, frozen=True, kw_only=True):
    """A language model, for those who have one; everything works without."""

    endpoint: Annotated[
        str,
        Meta(
            description="Where an OpenAI-compatible API begins, such as http://127.0.0.1:8080/v1; '' uses none. "
            "Personal data are masked in what it is sent."
        ),
    ] = ""
    model: Annotated[str, Meta(description="The model's name there.")] = ""
    key_variable: Annotated[
        str, Meta(description="Environment variable that holds the key; '' sends none.", pattern="^[A-Z0-9_]*$")
    ] = ""
    seconds: Annotated[
        float, Meta(description="How long to wait for an answer before doing without.", gt=0, le=300)
    ] = 10.0


class ServeSettings(_Section, frozen=True, kw_only=True):
    """How the server listens."""

    host: Annotated[
        str,
        Meta(description="Address to listen on. Only this machine by default; for others set serve.access to 'keys'."),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=1, le=65535)] = 8000
    workers: Annotated[int, Meta(description="Server processes.", ge=1, le=64)] = 1
    access: Annotated[
        Literal["local", "proxy", "keys"],
        Meta(
            description="Who may use back office and API without a key: people on this machine ('local'), whoever a "
            "proxy lets through ('proxy'), nobody ('keys'). Several shops on one server always need keys."
        ),
    ] = "local"
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Host names a browser may reach the server under; anything else is refused."),
    ] = ("127.0.0.1", "localhost", "[::1]")


class Settings(_Section, frozen=True, kw_only=True):
    """All of `regulars.toml`."""

    shop: ShopSettings = ShopSettings()
    data: DataSettings = DataSettings()
    learn: LearnSettings = LearnSettings()
    recommend: RecommendSettings = RecommendSettings()
    collect: CollectSettings = CollectSettings()
    privacy: PrivacySettings = PrivacySettings()
    places: PlacesSettings = PlacesSettings()
    alerts: AlertSettings = AlertSettings()
    language: LanguageSettings = LanguageSettings()
    serve: ServeSettings = ServeSettings()


def load_settings(directory: Path) -> Settings:
    """Read the settings of the shop in `directory`.

    Raises
    ------
    NotFoundError
        The directory holds no `regulars.toml`.
    SettingsError
        The file is not TOML, or a setting does not exist or has a value it cannot have.
    """
    path = directory / FILE_NAME
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no shop in {directory}", where=str(path), fix="Make one with `regulars init DIR`."
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"is not UTF-8 text ({error.reason} at byte {error.start})", where=str(path)) from None
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"is not valid TOML: {error}", where=str(path)) from None
    except msgspec.ValidationError as error:
        raise SettingsError(
            str(error), where=str(path), fix="Every setting is explained in docs/settings.md."
        ) from None
    _check_zone(settings.shop.time_zone, path)
    return settings


def validated(settings: Settings) -> Settings:
    """Return the settings, checked as if they had been read from a file.

    Raises
    ------
    SettingsError
        A value cannot be used.
    """
    try:
        checked = msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error)) from None
    _check_zone(checked.shop.time_zone, None)
    return checked


def save_settings(directory: Path, settings: Settings) -> None:
    """Write `regulars.toml` with every setting and its explanation."""
    write_bytes(directory / FILE_NAME, render(settings).encode())


def render(settings: Settings) -> str:
    """Return the settings as commented TOML; `load_settings` reads it back equal."""
    lines = ["# Settings of this shop, each with the value in force; delete a line to get the default."]
    for section in msgspec.structs.fields(Settings):
        value = getattr(settings, section.name)
        lines += ["", f"# {(type(value).__doc__ or '').splitlines()[0]}", f"[{section.name}]"]
        for name, description in descriptions(type(value)).items():
            lines += [f"# {description}", f"{name} = {_toml(getattr(value, name))}"]
    return "\n".join(lines) + "\n"


def descriptions(section: type[msgspec.Struct]) -> dict[str, str]:
    """Return field name → explanation of one section."""
    hints = get_type_hints(section, include_extras=True)
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(section):
        hint = hints[field.name]
        metas = [m for m in get_args(hint) if isinstance(m, Meta)] if get_origin(hint) is Annotated else []
        found[field.name] = next((m.description for m in metas if m.description), "")
    return found


def _toml(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    # JSON strings and numbers are valid TOML.
    return msgspec.json.encode(value).decode()


def _check_zone(name: str, path: Path | None) -> None:
    try:
        _ = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"'{name}' is not a time zone",
            where=f"{path}: shop.time_zone" if path else "shop.time_zone",
            fix="Use a name such as 'Europe/Berlin'.",
        ) from None
